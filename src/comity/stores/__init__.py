"""What must last: documents, log, quotas, keys."""
