"""How good, against what, and how sure."""
