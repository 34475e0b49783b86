def read_runbook(path):
    return {}
