"""Classifiers whose log-odds are weighted and added up."""
