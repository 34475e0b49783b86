"""An AWS account to practise on: moto, corrected where it is unrealistic, with a live backend beside it.

`environment.py` is where it is put together; `faults/` is how it is broken. Never imported by a live run.
"""
