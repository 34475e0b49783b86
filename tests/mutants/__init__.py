"""Mutation testing of what judges: checks/, and the observations in aws/ and web/.

`python -m tests.mutants --sample 400 --seed 2` tries mutants drawn by the seed and records what became of them;
`python -m tests.mutants MODULE…` tries all of some files. No part of `.ci/run`: a sample takes a quarter of an hour.

Why not a library: mutmut (3.8) leaves decorated functions alone, and every check, observation and property of ours is
one. cosmic-ray (8.7) starts one command again for each mutant, so that thousands of tests run for a line that ten of
them reach; it has no mutant that drops a condition, an operand, a statement or a unit.
"""
