"""Pages that a person looks at: one HTML file each, which holds all it needs and may load nothing."""
