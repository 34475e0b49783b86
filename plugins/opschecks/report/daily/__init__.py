"""What the daily page shows, as data for its templates."""
