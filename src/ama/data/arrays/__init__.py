"""Arrays and the files that hold nothing else."""
