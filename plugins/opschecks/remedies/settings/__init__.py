"""Remedies of one request: they read a state, want another, and request it."""
