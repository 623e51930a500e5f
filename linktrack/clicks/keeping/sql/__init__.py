"""Single clicks in the database that has everything else."""
