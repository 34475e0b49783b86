"""The fault matrix: every observation, every call and request that it makes, every way in which each can go wrong.

`python -m tests.matrix` tries all of them, `--sample N --seed S` some, `--only ID` one.
"""
