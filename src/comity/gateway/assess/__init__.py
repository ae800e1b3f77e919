"""What each mode of protection would do to an agreement's own questions, and leave to attackers: measured, nothing released."""
