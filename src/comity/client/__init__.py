"""The analyst's library. It imports nothing of the rest."""
