"""The data plane: the one ``answer`` and its lanes."""
