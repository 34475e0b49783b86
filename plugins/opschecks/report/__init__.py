"""Run to page, terminal, JSON: one small module an output."""
