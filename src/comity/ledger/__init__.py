"""Receipts, the RFC 6962 tree, signed notes, proofs."""
