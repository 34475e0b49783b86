"""The HTTP client of all probes, kept within bounds of time, size and place."""
