"""The scikit-learn faces of the tasks."""
