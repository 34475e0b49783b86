"""A stack whose role is assumed: once for a run, with fresh keys when they end, one clear reason when it may not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from opschecks.aws.session import Aws
from opschecks.core.observation import CouldNotLook
from opschecks.sandbox.environment import CREDENTIALS
from tests.bench import bench
from tests.canned import Raw, stack
from tests.scratch import Project

ROLE = "arn:aws:iam::123456789012:role/opschecks"


def test_the_role_is_assumed_once_for_a_run(tmp_path: Path) -> None:
    with bench(tmp_path / "sandbox") as on:
        facts = on.sandbox.facts
        project = Project.of_the_checks(
            tmp_path / "live",
            f'default = "live"\n[stacks.live]\nregion = "us-west-2"\nendpoint_url = "{facts["endpoint_url"]}"\n'
            f'role_arn = "{ROLE}"\nalarm_prefix = "incident-commander"\naccount_id = "123456789012"\n',
        )
        ended = project.run("checks/daily", "-k", "alarm", **{key.upper(): value for key, value in CREDENTIALS.items()})
        assert ended.code == 0, ended.all
        assert on.sandbox.server.wire.calls["sts"] == 2  # AssumeRole, and who am I


class _Sts:
    def __init__(self, minutes: float) -> None:
        self.minutes = minutes
        self.asked = 0

    def assume_role(self, **parameters: Any) -> Raw:
        self.asked += 1
        key = f"AKIA{self.asked}"
        ends = datetime.now(UTC) + timedelta(minutes=self.minutes)
        return {"Credentials": {"AccessKeyId": key, "SecretAccessKey": "s", "SessionToken": "t", "Expiration": ends}}


@pytest.mark.parametrize(("minutes", "asked"), [(60, 1), (5, 2)])
def test_keys_that_are_about_to_end_are_fetched_anew(
    monkeypatch: pytest.MonkeyPatch, minutes: float, asked: int
) -> None:
    sts = _Sts(minutes)
    live = Aws(stack(role_arn=ROLE), CREDENTIALS)
    make = live._shared._make
    monkeypatch.setattr(live._shared, "_make", lambda service, *more: sts if service == "sts" else make(service, *more))
    live._shared.client("ecs")
    sts.minutes = 60
    assert live._shared.session.get_credentials().get_frozen_credentials().access_key == f"AKIA{asked}"
    assert sts.asked == asked


def test_a_role_that_may_not_be_assumed_is_told_with_what_to_allow(monkeypatch: pytest.MonkeyPatch) -> None:
    from botocore.exceptions import ClientError

    class Denied(_Sts):
        def assume_role(self, **parameters: Any) -> Raw:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "AssumeRole")

    live = Aws(stack(role_arn=ROLE), CREDENTIALS)
    monkeypatch.setattr(live._shared, "_make", lambda *_: Denied(1))
    with pytest.raises(CouldNotLook, match="sts:AssumeRole: AccessDenied: no – allow sts:AssumeRole"):
        live.call("ecs", "DescribeServices")
