def render(run, *, runbook, links):
    return "<h1>page</h1>"
