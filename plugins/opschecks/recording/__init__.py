"""Recordings of runs: every answer of a run in one file, replayed, shown, compared and scrubbed."""
