"""The laptop's workshop: dataset, labels, walk-forward evaluation, export and the figures of the models."""
