"""Records in, records out: reading, splitting, fetching, samples."""
