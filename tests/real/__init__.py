"""Answers as real AWS gives them, made by hand after its documentation, each with what must be concluded.

One module per area, each with ROWS by situation; test_rows.py tries them all.
"""
