"""Receipts, the RFC 6962 tree, signed notes, proofs. Pure: nothing here reads a file, a socket or a clock."""
