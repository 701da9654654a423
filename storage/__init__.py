"""The shelves: SQL and nothing else."""
