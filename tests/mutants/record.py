"""What became of a sample of mutants, as a file that docs/reliability.md is made of; no figure is typed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from tests.mutants.making import ROOT, Mutant
from tests.mutants.reasons import REASONS, SINCE, Reason
from tests.mutants.running import Tried

RECORD = Path(__file__).with_name("recorded.json")


@dataclass(frozen=True)
class Survivor:
    """A mutant that no test noticed. `text` is its line as it was; `word` whether a test reaches it at all."""

    file: str
    line: int
    within: str
    text: str
    kind: str
    change: str
    word: str

    @property
    def reason(self) -> Reason | None:
        """Why it is left, as tests/mutants/reasons.py has it; None where nobody has said it."""
        return next((one for one in REASONS if one.covers(self.file, self.within, self.change)), None)

    @property
    def place(self) -> str:
        """Where, for people."""
        return f"{self.file}:{self.line}"

    def is_there(self) -> bool:
        """Whether its file still has that line, wherever it is now."""
        path = ROOT / self.file
        return path.is_file() and self.text in map(str.strip, path.read_text(encoding="utf-8").splitlines())


@dataclass(frozen=True)
class Record:
    """A sample. `known`: of how many mutants it was drawn; `kinds`: of each kind, how many were tried and killed."""

    known: int
    seed: int
    tried: int
    killed: int
    kinds: dict[str, tuple[int, int]]
    survivors: tuple[Survivor, ...]

    @property
    def score(self) -> float:
        """The share that was killed, from 0 to 1."""
        return self.killed / self.tried

    @property
    def same(self) -> int:
        """How many survivors are the same program, which no test can tell from it."""
        return sum(bool(one.reason and one.reason.same) for one in self.survivors)

    @property
    def since(self) -> int:
        """How many survivors a test that was written after the sample kills."""
        return sum(one.reason is not None and one.reason.why == SINCE for one in self.survivors)

    @property
    def score_since(self) -> float:
        """The share that is killed with those; of this sample, that is, whose survivors were looked at."""
        return (self.killed + self.since) / self.tried


def recorded(known: int, seed: int, done: Sequence[Tried]) -> Record:
    """The record of a sample that was tried."""
    tried, killed = (Counter(one.mutant.kind for one in some) for some in (done, [one for one in done if one.killed]))
    survivors = (
        Survivor(
            one.mutant.file, one.mutant.line, one.mutant.within, one.mutant.text, one.mutant.kind, one.mutant.change,
            one.word,
        )
        for one in sorted(done, key=lambda each: each.mutant)
        if not one.killed
    )  # fmt: skip
    kinds = {kind: (tried[kind], killed[kind]) for kind in sorted(tried)}
    return Record(known, seed, len(done), killed.total(), kinds, tuple(survivors))


def write(record: Record, path: Path = RECORD) -> None:
    """Write the record."""
    path.write_text(json.dumps(asdict(record), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read(path: Path = RECORD) -> Record:
    """Read it."""
    raw = json.loads(path.read_text(encoding="utf-8"))
    for one in raw["survivors"]:
        one.pop("reason", None)
    kinds = {kind: (tried, killed) for kind, (tried, killed) in raw.pop("kinds").items()}
    return Record(**{**raw, "kinds": kinds, "survivors": tuple(Survivor(**one) for one in raw["survivors"])})


def again(record: Record, done: Sequence[Tried]) -> Record:
    """The record after its survivors were tried again: those that are killed now, or whose line is gone, leave it.

    A line that is gone is counted no more at all.
    """
    by_id = {(one.mutant.file, one.mutant.within, one.mutant.text, one.mutant.change): one for one in done}
    left, killed, tried, kinds = [], record.killed, record.tried, dict(record.kinds)
    for survivor in record.survivors:
        now = by_id.get((survivor.file, survivor.within, survivor.text, survivor.change))
        of_kind = kinds[survivor.kind]
        if now is None:
            tried -= 1
            kinds[survivor.kind] = (of_kind[0] - 1, of_kind[1])
        elif now.killed:
            killed += 1
            kinds[survivor.kind] = (of_kind[0], of_kind[1] + 1)
        else:
            left.append(replace(survivor, line=now.mutant.line, word=now.word))
    return replace(record, tried=tried, killed=killed, kinds=kinds, survivors=tuple(left))


def without_what_is_gone(record: Record) -> Record:
    """The record without the survivors whose lines are gone: they are counted no more at all."""
    gone = [one for one in record.survivors if not one.is_there()]
    kinds = dict(record.kinds)
    for one in gone:
        tried, killed = kinds[one.kind]
        kinds[one.kind] = (tried - 1, killed)
    left = tuple(one for one in record.survivors if one not in gone)
    return replace(record, tried=record.tried - len(gone), kinds=kinds, survivors=left)


def the_same(record: Record, known: Sequence[Mutant]) -> list[Mutant]:
    """The mutants that survived, as they are found now."""
    wanted = {(one.file, one.within, one.text, one.change) for one in record.survivors}
    return [one for one in known if (one.file, one.within, one.text, one.change) in wanted]
