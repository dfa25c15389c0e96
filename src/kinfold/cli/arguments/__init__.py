"""What each verb accepts: one dataclass a verb, which typer turns into its options."""
