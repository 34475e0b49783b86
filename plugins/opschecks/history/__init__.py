"""What a stack has been through: run files, journal and lock in its storage, and comparisons of runs."""
