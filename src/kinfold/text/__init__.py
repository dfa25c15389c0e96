"""From raw text to tokens, ids and counts."""
