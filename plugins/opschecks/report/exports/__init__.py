"""A run in other formats: Markdown, Slack, e-mail, CTRF, annotations."""
