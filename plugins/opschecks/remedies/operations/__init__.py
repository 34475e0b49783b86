"""Remedies of several steps: backup, restore, rotation, archive."""
