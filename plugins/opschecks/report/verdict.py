from dataclasses import dataclass


@dataclass(frozen=True)
class Verdict:
    word: str
    tone: str
    sentence: str
    actions: tuple = ()


def verdict(run):
    return Verdict(
        "X",
        "x",
        f"{run.count('failed')} failed {run.count('blind')} blind {run.count('passed')} passed of {len(run.checks)} {run.state} {run.stopped_by}",
    )
