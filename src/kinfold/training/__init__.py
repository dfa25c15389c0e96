"""The training loop: modules, batches and losses in; trained weights and a history out. It knows nothing of words."""
