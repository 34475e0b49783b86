"""The command: tries many examples of every recorded morning, and tells what is wrong with which."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.properties.base import base
from tests.properties.rules import Changed, changes, problems, shown
from tests.recordings.pins import names

SEED, PAGES = 13, 10
"""The first examples, and of which of them pages are made."""
KEPT = 90
"""Of what is wrong, so much tells one kind of it from another."""


def tried(name: str, examples: int, number: int, pages: int) -> Counter[str]:
    """What is wrong with examples of the morning, and how often; the first of each kind is printed."""
    of, found, looked = base(name), Counter[str](), 0

    @seed(number)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(changes(name))
    def look(changed: Changed) -> None:
        nonlocal looked
        looked += 1
        for one in problems(of, changed, reports=bool(pages) and looked % pages == 0):
            found[one[:KEPT]] += 1
            if found[one[:KEPT]] == 1:
                print(f"WRONG: {one}\n{shown(of, changed)}")

    look()
    return found


def everything(examples: int, number: int = SEED) -> tuple[int, int]:
    """So many examples of each morning: how many were tried, and what was wrong."""
    found = [tried(name, examples, number, PAGES).total() for name in names()]
    return examples * len(found), sum(found)


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.properties", description=__doc__)
    parser.add_argument("--examples", type=int, default=1000, metavar="N", help="of each morning")
    parser.add_argument("--seed", type=int, default=SEED, metavar="S")
    parser.add_argument(
        "--pages", type=int, default=PAGES, metavar="N", help="make the page of each N-th, of none with 0"
    )
    parser.add_argument("--only", default="", metavar="NAME", help="mornings whose name begins so")
    asked = parser.parse_args()
    wrong, began = 0, time.process_time()
    chosen = [one for one in names() if one.startswith(asked.only)]
    for name in chosen:
        found = tried(name, asked.examples, asked.seed, asked.pages)
        wrong += found.total()
        print(f"{name}: {asked.examples} examples, {found.total()} wrong", flush=True)
    spent = time.process_time() - began
    print(f"{asked.examples * len(chosen)} examples, {wrong} wrong, {spent:.0f} s of CPU, seed {asked.seed}")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
