"""Settings: remedies that read a state and change it with one request."""
