"""By how much this machine's clock is off: whether that is said, what it explains, and in which words."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from opschecks.aws.clock_skew import ahead_by, compare, date_of, why_refused
from opschecks.core.observation import CouldNotLook
from tests import clock
from tests.canned import NOW
from tests.cases import cases

NTP = "set it by NTP (timedatectl set-ntp true), then run again"
DIFFERS = f"the clock of this machine differs from AWS's, and AWS refuses what it signs: {NTP}"


def _date(seconds: float) -> str:
    """The Date of an answer that is given when this machine's clock is so many seconds ahead."""
    return format_datetime(NOW - timedelta(seconds=seconds), usegmt=True)


@cases([({}, ""), ({"HTTPHeaders": {}}, ""), ({"HTTPHeaders": None}, ""), ({"HTTPHeaders": {"date": "x"}}, "x")])
def test_the_date_of_an_answer(metadata: dict[str, Any], date: str) -> None:
    assert date_of(metadata) == date


@cases([
    ("Tue, 24 Nov 2026 06:59:50 GMT", 10),
    ("Tue, 24 Nov 2026 07:00:10 GMT", -10),
    ("Tue, 24 Nov 2026 08:00:00 +0100", 0),
    ("Tue, 24 Nov 2026 07:00:05 -0000", -5),
    ("", None),
    ("soon", None),
])  # fmt: skip
def test_how_far_ahead(date: str, seconds: int | None) -> None:
    assert ahead_by(date, NOW) == (None if seconds is None else timedelta(seconds=seconds))


def test_parts_of_a_second_are_rounded() -> None:
    assert ahead_by(_date(0), NOW + timedelta(milliseconds=1600)) == timedelta(seconds=2)


@cases([
    (61, "61 s ahead of"), (119, "119 s ahead of"), (120, "2 min ahead of"), (-119, "119 s behind"),
    (-179, "2 min behind"), (180, "3 min ahead of"), (7199, "119 min ahead of"), (7200, "2 hours ahead of"),
    (3600 * 47 + 3599, "47 hours ahead of"), (3600 * 48, "2 days ahead of"), (-86400 * 3, "3 days behind"),
])  # fmt: skip
def test_in_words(off: int, words: str) -> None:
    said: list[str] = []
    blind = ""
    try:
        compare(_date(off), NOW, said.append)
    except CouldNotLook as why:
        blind = str(why)
    [told] = [*said, *filter(None, [blind])]
    assert told.startswith(f"the clock of this machine is {words} AWS's")
    assert bool(blind) == (abs(off) > 300)


@cases([(60, 0), (-60, 0), (61, 1), (-61, 1), (300, 1), (-300, 1)])
def test_a_minute_is_no_difference_and_five_are_not_blind(off: int, said: int) -> None:
    told: list[str] = []
    compare(_date(off), NOW, told.append)
    assert len(told) == said


@pytest.mark.parametrize("off", [301, -301])
def test_more_is_blind(off: int) -> None:
    said: list[str] = []
    with pytest.raises(CouldNotLook):
        compare(_date(off), NOW, said.append)
    assert said == []


SAID = "Signature expired: 20261124T055500Z is now earlier than 20261124T064500Z"
SKEWED = ("RequestTimeTooSkewed", "RequestInTheFuture")
MAY_BE = ("AuthFailure", "InvalidSignatureException", "RequestExpired", "SignatureDoesNotMatch")
OFF = f"the clock of this machine is 60 min ahead of AWS's, and AWS refuses what it signs: {NTP}"
REFUSED: dict[str, tuple[str, str, float | None, str]] = {
    **{f"{code}, no date": (code, "", None, DIFFERS) for code in SKEWED},
    **{f"{code}, an hour": (code, "", 3600, OFF) for code in SKEWED},
    **{f"{code}, and a clock that agrees": (code, "", 0, DIFFERS) for code in SKEWED},
    **{f"{code}, an hour": (code, "no", 3600, OFF) for code in MAY_BE},
    **{f"{code}, by its text": (code, SAID, None, DIFFERS) for code in MAY_BE},
    **{f"{code}, and nothing says so": (code, "no", None, "") for code in MAY_BE},
    **{f"{code}, and a clock that agrees": (code, "no", 0, "") for code in MAY_BE},
    "five minutes": ("AuthFailure", "no", 300, ""),
    "a second more": ("AuthFailure", "no", 301, OFF.replace("60 min", "5 min")),
    "behind": ("AuthFailure", "no", -3600, OFF.replace("ahead of", "behind")),
    **{f"text: {text}": ("AuthFailure", f"it is {text} now", None, DIFFERS) for text in (
        "Signature expired", "Signature not yet current", "Request has expired", "not yet valid")},
    "of another kind, an hour": ("AccessDenied", "no", 3600, ""),
    "of another kind, by its text": ("AccessDenied", SAID, None, ""),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_a_clock_explains(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    clock.stop(monkeypatch)
    code, text, off, why = REFUSED[case]
    headers = {} if off is None else {"HTTPHeaders": {"date": _date(off)}}
    assert why_refused(code, text, headers) == why
