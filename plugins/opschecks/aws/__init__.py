"""Observations and typed resources of AWS, one module a service."""
