"""What a waiver accepts: a failure of its check on its resource, and nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from opschecks.config.waivers import Waiver, waiver_for
from opschecks.core.model import Outcome
from tests.exported import NOW, made, of

ACCEPTED = Waiver(
    check="test_a", resource="test_a-0", until=(NOW + timedelta(days=3)).date(), owner="me", reason="known"
)


@pytest.mark.parametrize("outcome", list(Outcome))
def test_only_a_failure_is_waived(outcome: Outcome) -> None:
    """What could not be looked at is not known, so nobody can have accepted it."""
    found = waiver_for(of(made("a", "failed"), outcome=outcome), [ACCEPTED])
    assert (found is ACCEPTED) is (outcome is Outcome.FAILED)


@pytest.mark.parametrize(
    ("of_check", "number", "accepted"), [("a", 0, True), ("a", 1, False), ("b", 0, False)], ids=["it", "one", "check"]
)
def test_only_of_its_check_and_resource(of_check: str, number: int, accepted: bool) -> None:
    assert (waiver_for(of(made(of_check, "failed"), number), [ACCEPTED]) is ACCEPTED) is accepted
