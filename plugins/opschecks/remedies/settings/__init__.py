"""Remedies that read a setting, want another value, and write it."""
