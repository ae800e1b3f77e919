"""Treatments of values and disclosure control of cells."""
