"""Loads the plugin from a checkout; an installed one is loaded by its entry point of the same name."""

pytest_plugins = ["opschecks"]
