"""The common words as YAML, one file a group. ``vocabulary.terms`` reads them."""
