"""Draws mutants, tries them one after the other, and records what became of them."""

from __future__ import annotations

import argparse
import functools
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pytest

from tests.mutants.copying import Copy
from tests.mutants.making import ROOT, Mutant, mutants
from tests.mutants.record import RECORD, again, read, recorded, the_same, without_what_is_gone, write
from tests.mutants.running import TESTS, Loop, Tried

JUDGING = ("checks/**/*.py", "plugins/opschecks/aws/**/*.py", "plugins/opschecks/web/**/*.py")


def files() -> list[str]:
    """The files that are mutated, as paths from the root."""
    return sorted(str(path.relative_to(ROOT)) for one in JUDGING for path in ROOT.glob(one))


def all_mutants(of: Iterable[str]) -> list[Mutant]:
    """The mutants of the files, in order."""
    return [one for file in of for one in mutants(file, (ROOT / file).read_text(encoding="utf-8"))]


def drawn(known: Sequence[Mutant], count: int, seed: int) -> list[Mutant]:
    """So many of them by the seed, each as likely as another; the first of them are a sample, too."""
    return random.Random(seed).sample(known, min(count, len(known))) if count else list(known)


def _tell(done: Sequence[Tried], began: float) -> None:
    one = done[-1]
    if not one.killed:
        print(f"{one.word}: {one.mutant.id}\n    {one.mutant.within}: {one.mutant.text}", flush=True)
    if len(done) % 20 == 0:
        killed = sum(each.killed for each in done)
        print(f"{killed} of {len(done)} killed, {time.monotonic() - began:.0f} s", flush=True)


def main(arguments: Sequence[str]) -> int:
    """Run the command with these arguments."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="files to mutate (default: all that judge)")
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="so many, drawn by the seed")
    parser.add_argument("--seed", type=int, default=1, metavar="S")
    parser.add_argument("--reach", type=Path, metavar="FILE", help="keep here, and read, which tests reach which lines")
    parser.add_argument("--record", action="store_true", help=f"write {RECORD.relative_to(ROOT)}")
    parser.add_argument("--again", action="store_true", help="try the recorded survivors again, and record it")
    parser.add_argument("--forget", action="store_true", help="leave survivors out whose lines are gone; tries nothing")
    asked = parser.parse_args(arguments)
    if asked.forget:
        write(without_what_is_gone(read()))
        return 0
    wanted = [str(Path(one).resolve().relative_to(ROOT)) for one in asked.modules] or files()
    known = all_mutants(wanted)
    chosen = the_same(read(), known) if asked.again else drawn(known, asked.sample, asked.seed)
    done: list[Tried] = []

    def keep() -> None:
        if asked.again:
            write(again(read(), done))
        elif asked.record:
            write(recorded(len(known), asked.seed, done))

    _try(chosen, done, asked.reach, keep if not asked.again else lambda: None)
    keep()
    killed = sum(one.killed for one in done)
    print(f"{killed} of {len(done)} mutants killed, {killed / len(done):.1%}, of {len(known)}; seed {asked.seed}")
    return 0


def _try(chosen: Sequence[Mutant], done: list[Tried], known: Path | None, keep: Callable[[], None]) -> None:
    """Try them, one after the other, and `keep` what was `done`: a run that is ended early has tried a part."""
    with tempfile.TemporaryDirectory() as place:
        scratch = Path(place)
        copy = functools.cache(lambda: Copy(scratch / "project"))

        def work(loop: Loop) -> None:
            began = time.monotonic()
            reached = loop.reach(files(), known)
            print(f"which tests reach what is known after {time.monotonic() - began:.0f} s", flush=True)
            for one in chosen:
                done.append(loop.tried(one, reached, copy))
                _tell(done, began)
                if len(done) % 20 == 0:
                    keep()

        options = ["-q", "-n0", "-s", "-p", "no:cacheprovider", "--no-header"]
        os.chdir(ROOT)
        code = pytest.main([*options, *TESTS], plugins=[Loop(work, scratch)])
        assert len(done) == len(chosen), f"pytest ended with {code}"
