"""Noised statistics: totals of whole numbers, what one person can change of them, noise, and the numbers made of them."""
