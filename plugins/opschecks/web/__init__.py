"""Observations over HTTP and WebSocket, as a user meets the stack."""
