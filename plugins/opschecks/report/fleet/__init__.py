"""Many stacks on one page: run files to rows, rows to facts, facts to the page."""
