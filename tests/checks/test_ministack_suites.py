"""The suites besides the daily one against the second emulator: all is good there, but for what is listed."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opschecks.core.check_names import find_checks
from tests.ministack import Emulator, emulator, project_on, run_as, site_of
from tests.ministack_week import sow
from tests.recordings.making import arguments_of
from tests.scratch import ROOT, Project

LISTED: list[dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("ministack_differences.toml").read_text(encoding="utf-8")
)["of_other_suites"]
"""Every way in which its verdicts differ from moto's, which are all good."""
SUITES = ("weekly", "deploy-before", "deploy-after")
GOOD = ("passed", "not_applicable")


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Emulator, Project]]:
    """With IAM: who is not root may only do what policies allow."""
    with emulator(tmp_path_factory.mktemp("ministack") / "log", AUTH="true") as aws:
        distribution = sow(aws)
        with site_of(aws) as site:
            yield aws, project_on(aws, site, tmp_path_factory.mktemp("live"), distribution=distribution)


@pytest.mark.parametrize("suite", SUITES)
def test_it_concludes_as_on_moto_but_for_what_is_listed(seeded: tuple[Emulator, Project], suite: str) -> None:
    """Also: the policy that `opschecks policy SUITE` prints is enough, by another evaluation of IAM than ours."""
    aws, live = seeded
    run_as(aws, live, suite.replace("-", "/"))
    done = live.run(*arguments_of(suite))
    told = {one["check"]: (one["outcome"], one["message"]) for one in live.told(f"{suite}.json")["checks"]}
    listed = {check: one for one in LISTED if one["suite"] == suite for check in one["checks"]}
    found = {check: of for check, of in told.items() if of[0] not in GOOD}
    assert {check: of for check, of in found.items() if check not in listed} == {}, done.out
    assert {check for check in listed if check not in found} == set(), "these differences are gone"
    for check, one in listed.items():
        outcome, message = found[check]
        assert outcome == one["verdict"], check
        assert one["says"] in message, message


def test_every_difference_has_a_reason_and_names_checks_of_its_suite() -> None:
    for one in LISTED:
        known = {name for name, _ in find_checks(ROOT / "checks" / one["suite"].replace("-", "/"))}
        assert set(one["checks"]) <= known, one
        assert one["verdict"] in ("blind", "failed")
        assert one["says"]
        assert len(one["reason"]) > 20
