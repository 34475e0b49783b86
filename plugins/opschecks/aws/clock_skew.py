"""Whether this machine's clock agrees with AWS's own, which each answer tells in its Date header.

Ages, the windows of metrics and of alarm histories are counted from this machine's clock: one that is off by an hour
looks for an hour that has not come yet, or that is over. Codes with which AWS refuses what is signed by such a clock:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html and those for which AWS's SDKs
correct their clock (CLOCK_SKEW_ERROR_CODES of aws-sdk-js-v3).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from ..core import clock
from ..core.observation import CouldNotLook
from ..core.wording import plural

SAID_BEYOND = timedelta(seconds=60)
BLIND_BEYOND = timedelta(minutes=5)
"""AWS itself refuses signatures of most services from here on."""
_SKEWED = ("RequestTimeTooSkewed", "RequestInTheFuture")
_MAY_BE_SKEWED = ("AuthFailure", "InvalidSignatureException", "RequestExpired", "SignatureDoesNotMatch")
_SAID_OF_TIME = ("Signature expired", "Signature not yet current", "Request has expired", "not yet valid")


def date_of(metadata: Mapping[str, Any]) -> str:
    """The Date header of an answer's ResponseMetadata; "" where it has none."""
    return str((metadata.get("HTTPHeaders") or {}).get("date") or "")


def ahead_by(date: str, now: datetime) -> timedelta | None:
    """How far `now` is ahead of a Date header (negative: behind), to the second; None where that is no time."""
    try:
        told = parsedate_to_datetime(date)
    except (TypeError, ValueError):
        return None
    told = told if told.tzinfo else told.replace(tzinfo=UTC)
    return timedelta(seconds=round((now - told).total_seconds()))


def compare(date: str, now: datetime, say: Callable[[str], None]) -> None:
    """Say it where the clocks differ by more than a minute; CouldNotLook where they differ by more than five."""
    ahead = ahead_by(date, now)
    if ahead is None or abs(ahead) <= SAID_BEYOND:
        return
    if abs(ahead) > BLIND_BEYOND:
        raise CouldNotLook("", f"{_off(ahead)}, so that nothing can be said of times and ages: {_ADVICE}")
    say(f"{_off(ahead)}; beyond {_words(BLIND_BEYOND)} nothing is checked: {_ADVICE}")


def why_refused(code: str, text: str, metadata: Mapping[str, Any]) -> str:
    """Why AWS refuses what is signed by a clock that is wrong; "" where it is not the clock.

    AuthFailure and others have more causes: there the Date of the answer, or AWS's text, must say so.
    """
    ahead = ahead_by(date_of(metadata), clock.now())
    far = ahead if ahead is not None and abs(ahead) > BLIND_BEYOND else None
    if code not in _SKEWED and not (code in _MAY_BE_SKEWED and (far or any(one in text for one in _SAID_OF_TIME))):
        return ""
    off = _off(far) if far else "the clock of this machine differs from AWS's"
    return f"{off}, and AWS refuses what it signs: {_ADVICE}"


_ADVICE = "set it by NTP (timedatectl set-ntp true), then run again"


def _off(ahead: timedelta) -> str:
    return f"the clock of this machine is {_words(abs(ahead))} {'ahead of' if ahead > timedelta() else 'behind'} AWS's"


def _words(span: timedelta) -> str:
    seconds = round(span.total_seconds())
    if seconds < 120:
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 120:
        return f"{minutes} min"
    return plural(minutes // 60, "hour") if minutes < 2880 else plural(minutes // 1440, "day")
