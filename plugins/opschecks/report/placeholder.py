def render_unfinished(run, links):
    return "<h1>unfinished</h1>"


def render_no_run(stem, begun, why):
    return f"<h1>no run today {why}</h1>"
