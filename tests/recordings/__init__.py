"""Recorded mornings of moto, ministack and of answers written by hand, which every change of a check is tried on.

`made/` has the recordings, `verdicts.toml` what each check concludes of each. `python -m tests.recordings make [NAME…]`
records them again, `python -m tests.recordings pin` writes down what is concluded now.
"""
