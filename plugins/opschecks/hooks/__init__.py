"""pytest hooks: each module does one thing and says which."""
