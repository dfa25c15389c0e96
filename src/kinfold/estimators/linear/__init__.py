"""Linear classifiers of texts over n-grams."""
