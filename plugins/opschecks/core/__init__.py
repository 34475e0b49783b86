"""The words of the suite: what every other room is written with."""
