"""What the weekly page shows, as data for its templates."""
