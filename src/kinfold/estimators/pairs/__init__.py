"""Do two things belong together? A net with two towers, and what it finds."""
