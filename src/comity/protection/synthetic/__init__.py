"""Synthetic tables: rows of nobody, drawn from a model of noised two-way counts (extra ``comity[synthetic]``)."""
