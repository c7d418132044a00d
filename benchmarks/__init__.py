"""Figures with a peer beside each, measured in one run."""
