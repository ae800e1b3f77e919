"""The document: read, check, canonical bytes, narrowing, lifecycle, plain words, comparison, exports."""
