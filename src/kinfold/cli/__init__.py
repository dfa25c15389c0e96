"""The command line: one file a verb, each over one function that does the work."""
