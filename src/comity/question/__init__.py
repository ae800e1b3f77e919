"""What is asked: SQL read into frozen nodes of our own, and nothing else."""
