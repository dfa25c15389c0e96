"""Classifiers and regressors of texts that are nets."""
