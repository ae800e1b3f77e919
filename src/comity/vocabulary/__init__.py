"""The common words and the descriptions of datasets."""
