"""Properties of all observations and checks, tried on recorded mornings whose answers are changed.

`python -m tests.properties --examples N [--seed S]` tries many; tests/test_properties.py tries some, always the same.
"""
