"""Do two texts belong together? Boosted trees over what the two say, without a net."""
