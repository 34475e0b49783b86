"""Writes docs/reliability.md: `python -m tests.reliability` tries what its figures are of; nothing in it is typed.

Every promise links the tests that attack it. tests/test_reliability.py holds the page to what is written here.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import textwrap
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from tests.matrix.reasons import NOT_ASKED, REASONS, Reason
from tests.matrix.table import cpu_s, everything, idle_reasons, rows, shown, unlike_not_asked
from tests.matrix.world import WORLDS
from tests.mutants.page import mutants
from tests.mutants.record import read
from tests.promises import CANARIES, KILLS, PROMISES, SIGNALS, Promise
from tests.properties.__main__ import everything as properties
from tests.scratch import ROOT

PAGE = ROOT / "docs" / "reliability.md"
SEED = 13
EXAMPLES = 200
"""Of properties, of each recorded morning."""


@dataclass(frozen=True)
class Ran:
    """What came of some tests: how many were collected, how many failed, and the kills that they counted."""

    collected: int = 0
    failed: int = 0
    kills: int = 0


@dataclass(frozen=True)
class Figures:
    """What was tried. `rows`: kind, tried, blind, right, wrong; `counts`: collected tests of each link."""

    rows: Sequence[tuple[str, int, int, int, int]]
    worlds: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    cpu: float = 0.0
    kills: Ran = Ran()
    signals: Ran = Ran()
    canaries: Ran = Ran()
    counts: Mapping[str, int] = field(default_factory=dict)
    examples: int = 0
    """Of properties, and how many of them were wrong."""
    examples_wrong: int = 0


def page(told: Figures) -> str:
    """The page as Markdown."""
    *kinds, (_, tried, blind, right, wrong) = told.rows
    table = "\n".join(f"| {kind} | {a} | {b} | {c} | {d} |" for kind, a, b, c, d in kinds)
    promises = "\n\n".join(_promise(one, told.counts) for one in PROMISES)
    worlds = ", ".join(f"{told.worlds.get(name, 0)} in the world “{name}”" for name in WORLDS)
    unasked = ", ".join(f"{call} of {name}" for name, calls in NOT_ASKED.items() for call in calls)
    reasons = "\n".join(f"- {one.observation}, {one.call}{_which(one)}: {one.why}" for one in REASONS)
    text = f"""\
# Reliability

What opschecks promises, and how it is attacked. `python -m tests.reliability` has tried what this page counts and has
written it; no figure is typed.

## The fault matrix

Every observation, every call and request that it makes, every way in which that can go wrong: {tried} combinations, of
which {blind} ended blind, {right} with the undisturbed verdict or the one that the answer itself gives, and {wrong}
wrong. They are tried on sandboxes that are healthy, that are broken so that nearly every check fails, and on a stack
that is found by its tags: {worlds}; {told.cpu:.0f} s of CPU time, {told.seconds:.0f} s in two processes beside
other work. Again, or one of them:
`python -m tests.matrix [--only ID]`; a sample of 200 is one of the tests
([tests/test_matrix.py](../tests/test_matrix.py)).

Wrong is: a check that passes what failed, fails what passed, or passes over what it saw before; an exception that is
not "could not look"; a look that does not end; a blind finding that names neither call nor error, or not what to do
about a denial, a throttling or an expired login. Faults are bytes below botocore and requests, in the protocol of each
service, so that their own parsers and retries meet them; waiting takes no time. They are made in this process, by
[tests/matrix/bodies.py](../tests/matrix/bodies.py): microburst, a proxy with such errors, needs a server and sockets
for each combination, and takes no lists or pages out of answers. An empty list, an error page or a
silent host is an answer, too: there a verdict may follow what it says.

| kind | tried | blind | right | wrong |
| --- | ---: | ---: | ---: | ---: |
{table}
| **all** | **{tried}** | **{blind}** | **{right}** | **{wrong}** |

What looks wrong and is right ([tests/matrix/reasons.py](../tests/matrix/reasons.py)):

{reasons}

## Properties

Recorded mornings of moto and ministack, and of answers of real shape written by hand, are replayed with answers that
botocore's models also allow – parts that may be missing, empty lists, the first and last moments, numbers without
measure, values that AWS may add to its enumerations, long and odd texts: {told.examples} examples, of which
{told.examples_wrong} ended otherwise than with a verdict or "could not look", or could not be shown on a page. The
order of lists, paging and time zones change no verdict, one more healthy resource turns none, and no worse value gets
a better one ([tests/test_properties.py](../tests/test_properties.py)); `python -m tests.properties --examples N` tries
more. What each recording concludes is pinned ([tests/recordings/verdicts.toml](../tests/recordings/verdicts.toml)).

## Kills

A fixer was killed at {told.kills.kills} moments, before and after each request and each line of its journal: nothing
may be sent twice, and nothing forgotten. {told.kills.failed} of {told.kills.collected} tests of that failed
([{KILLS}](../{KILLS})). {told.signals.collected} more kill processes by signals; {told.signals.failed} failed.

## Leaks

{told.canaries.collected} canaries were put where secrets and names can be, and searched for in every output, scrubbed
recordings among them: {told.canaries.failed} of these tests failed.

## Mutants

{mutants(read())}

## Promises

{promises}

## What was not tried

- Real AWS. The matrix's answers are the sandbox's, which is moto with corrections; errors and cut answers follow
  botocore's models and AWS's documentation. A recording of a real account ([recordings.md](recordings.md)) would tell
  more.
- Calls that no world of the matrix needs: {unasked}.
- CBOR: botocore speaks it with no service that opschecks asks. A test fails when that changes.
- TLS and name resolution of the probes: the sandbox is on loopback. Drills and remedies are not part of the matrix.
- Two faults at once, and faults of some bytes within a value.
- Mutants of remedies, of the history and of the pages.
- A suite run under exactly the permissions that its observations declare.
"""
    return "\n".join(_filled(line) for line in _joined(text)).strip() + "\n"


def _joined(text: str) -> Iterator[str]:
    """The lines of Markdown, in which those of a paragraph are one."""
    for part in text.strip().split("\n\n"):
        if part.startswith(("|", "- ")):
            yield from part.splitlines() if part.startswith("|") else _items(part)
        else:
            yield " ".join(part.splitlines())
        yield ""


def _items(part: str) -> list[str]:
    return [" ".join(item.split()) for item in re.split(r"\n(?=- )", part)]


def _filled(line: str) -> str:
    if line.startswith("|"):
        return line
    more = "  " if line.startswith("- ") else ""
    return textwrap.fill(line, 118, subsequent_indent=more, break_long_words=False, break_on_hyphens=False)


def _promise(one: Promise, counts: Mapping[str, int]) -> str:
    links = [f"- [{_shown(test)}](../{test.partition('::')[0]}): {counts.get(test, 0)} tests" for test in one.tests]
    return "\n".join([one.says, "", *links])


def _which(one: Reason) -> str:
    return f" ({one.detail or ', '.join(one.kinds)})" if one.detail or one.kinds else ""


def _shown(test: str) -> str:
    file, _, function = test.partition("::")
    return f"{function} in {file}" if function else file


def run(*tests: str) -> Ran:
    """Run the tests in a process of their own."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        command = [sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", f"--junitxml={report}"]
        command += ["-o", "junit_family=xunit1"]  # the other one has no properties of tests
        done = subprocess.run(
            [*command, *tests], cwd=ROOT, env=_environment(), check=False, capture_output=True, text=True
        )
        if done.returncode:
            print(done.stdout)
        suite = ElementTree.parse(report).getroot()[0]
        told = {key: int(suite.get(key, "0")) for key in ("tests", "failures", "errors")}
        kills = sum(int(one.get("value", "0")) for one in suite.iter("property") if one.get("name") == "kills")
    return Ran(told["tests"], told["failures"] + told["errors"], kills)


def collected() -> dict[str, int]:
    """How many tests each link of a promise stands for."""
    links = list(dict.fromkeys(test for one in PROMISES for test in one.tests))
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-n0", "-p", "no:cacheprovider"]
    files = sorted({link.partition("::")[0] for link in links})
    done = subprocess.run([*command, *files], cwd=ROOT, env=_environment(), check=True, capture_output=True, text=True)
    counts: Counter[str] = Counter()
    for line in done.stdout.splitlines():
        file, _, function = line.partition("::")
        if function:
            counts[file] += 1
            counts[f"{file}::{function.partition('[')[0]}"] += 1
    return {link: counts[link] for link in links}


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT / "plugins")}


def main() -> int:
    """Try everything, write the page; 1 where something is wrong."""
    began = time.monotonic()
    verdicts = everything()
    seconds, cpu = time.monotonic() - began, cpu_s()
    print(shown(verdicts, seconds, cpu, SEED))
    examples, wrong = properties(EXAMPLES)
    told = Figures(
        rows=rows(verdicts),
        worlds=Counter(one.of.world for one in verdicts),
        seconds=seconds,
        cpu=cpu,
        kills=run(KILLS),
        signals=run(*SIGNALS),
        canaries=run(*CANARIES),
        counts=collected(),
        examples=examples,
        examples_wrong=wrong,
    )
    PAGE.write_text(page(told), encoding="utf-8")
    print(f"written: {PAGE.relative_to(ROOT)}")
    bad = told.kills.failed + told.signals.failed + told.canaries.failed + wrong + told.rows[-1][-1]
    return int(bool(bad or idle_reasons(verdicts) or unlike_not_asked(verdicts)))


if __name__ == "__main__":
    sys.exit(main())
