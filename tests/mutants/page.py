"""The part of docs/reliability.md about mutants."""

from __future__ import annotations

from collections import defaultdict

from tests.mutants.record import Record, Survivor


def mutants(told: Record) -> str:
    """It as Markdown."""
    kinds = "\n".join(
        f"| {kind} | {tried} | {killed} | {tried - killed} |" for kind, (tried, killed) in told.kinds.items()
    )
    by_reason: dict[str, list[Survivor]] = defaultdict(list)
    for one in told.survivors:
        by_reason[one.reason.why if one.reason else "nobody has said why:"].append(one)
    left = "\n".join(
        f"- {len(some)}: {why} {', '.join(f'{_name(one)} ({one.change})' for one in some)}."
        for why, some in sorted(by_reason.items(), key=lambda item: (-len(item[1]), item[0]))
    )
    return f"""\
A mutant is the code with one slip: a comparison that is off by one, `and` for `or`, a condition or a statement that is
dropped, another unit, word, number or severity. {told.tried} of the {told.known} mutants of checks/, aws/ and web/ were
tried, drawn by a seed for which no test was written: **{told.killed} were killed, {told.score:.1%}**. Of the others
{told.same} are the same program by all that a test can see, and {told.since} are killed by tests that were written
since: {told.score_since:.1%} of this sample by now, which says less of all mutants than the first figure. They meet the
narrow tests alone, those that read canned answers in one process; whole runs in a sandbox, which kill more, are not
counted, and a table that a file of tests makes at its import was made without the mutant. The same again, or of one
file:
`python -m tests.mutants --sample {told.tried} --seed {told.seed}`, `python -m tests.mutants FILE`
(`tests/mutants/`).

| kind | tried | killed | left |
| --- | ---: | ---: | ---: |
{kinds}
| **all** | **{told.tried}** | **{told.killed}** | **{told.tried - told.killed}** |

Those that are left, each with its reason ([tests/mutants/recorded.json](../tests/mutants/recorded.json) has their
lines, [tests/mutants/reasons.py](../tests/mutants/reasons.py) the reasons):

{left}"""


def _name(one: Survivor) -> str:
    module = one.file.removeprefix("plugins/opschecks/").removesuffix(".py")
    return f"{module} {one.within}" if one.within else module
