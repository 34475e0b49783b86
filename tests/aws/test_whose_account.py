"""Credentials of another account than the stack's are a misuse; of its own, or of any where it names none, not."""

from __future__ import annotations

from typing import Any

import pytest

from opschecks.aws.session import identify
from opschecks.core.observation import WrongAccount
from tests.canned import Aws, stack

OURS, OTHERS = "123456789012", "210987654321"


@pytest.fixture(autouse=True)
def _no_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Canned answers have no Date that could be compared."""
    monkeypatch.setattr("opschecks.aws.session.compare", lambda *given: None)


def _identify(account: str, **keys: Any) -> str:
    told = {"Account": account, "Arn": f"arn:aws:sts::{account}:assumed-role/ops/me", "UserId": "AROA:me"}
    answers: dict[tuple[str, str], Any] = {("sts", "GetCallerIdentity"): told}
    return identify(Aws(answers, stack(**keys)))


def test_the_stacks_own() -> None:
    assert _identify(OURS, account_id=OURS) == OURS


def test_any_where_the_stack_names_none() -> None:
    assert _identify(OTHERS) == OTHERS


def test_another() -> None:
    with pytest.raises(WrongAccount, match=f"stacks.here.account_id is {OURS}, but the credentials belong to {OTHERS}"):
        _identify(OTHERS, account_id=OURS)
