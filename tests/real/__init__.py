"""Answers as real AWS gives them, made by hand after its documentation, each with what must be concluded.

One module per area, each with a list ROWS; test_rows.py tries them all.
"""
