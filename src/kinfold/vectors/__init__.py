"""A learned space after training: word vectors, neighbours, analogies, classes, ranking, maps, file formats."""
