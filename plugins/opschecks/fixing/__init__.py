"""Fixing: what a remedy is, what may be changed, and the loop that changes it."""
