"""Word vectors by skip-gram and CBOW with negative sampling."""
