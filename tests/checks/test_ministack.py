"""The path of live runs, against another emulator: what it lacks is blind, all else is as on moto."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from opschecks.core.check_names import find_checks
from opschecks.sandbox.faults import known_faults
from opschecks.sandbox.web import Web
from tests.ministack import ACCOUNT, Emulator, emulator, keys_of, project_on, site_of
from tests.scratch import ROOT, Project

DIFFERENCES: list[dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("ministack_differences.toml").read_text(encoding="utf-8")
)["differences"]
"""Every way in which its verdicts differ from moto's, with the reason."""
BLIND = [one for one in DIFFERENCES if one["verdict"] == "blind"]
GOOD = ("passed", "not_applicable")
NOT_NAMED = {
    "test_functions_are_active",
    "test_functions_are_not_throttled",
    "test_functions_rarely_fail",
    "test_functions_stay_within_their_reservation",
    "test_no_message_is_dead",
    "test_queues_are_worked_off",
    "test_shared_concurrency_is_to_spare",
}
"""Checks of what the stack does not have."""
BY_API_ALONE = (
    "alarm_is_ringing",
    "composite_alarm_is_ringing",
    "incident_is_forgotten",
    "incident_lacks_its_severity",
    "ssh_is_open_to_the_world",
    "everything_is_open_over_ipv6",
    "stickiness_is_short",
    "table_is_provisioned",
)
"""Faults that only need AWS's API, and do not affect each other.

Without logs_are_full_of_errors: of a pattern's optional terms (?A ?B) this emulator requires all.
"""


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """With IAM: who is not root may only do what policies allow."""
    with emulator(tmp_path_factory.mktemp("ministack") / "log", AUTH="true") as running:
        yield running


@pytest.fixture(scope="module")
def least(aws: Emulator) -> Mapping[str, str]:
    """The keys of a user who may do just what `opschecks policy daily` allows."""
    return keys_of(aws, aws.stack.model_copy(update={"account_id": ACCOUNT}), "daily")


@pytest.fixture(scope="module")
def site(aws: Emulator) -> Iterator[Web]:
    with site_of(aws) as web:
        yield web


@pytest.fixture
def live(tmp_path: Path, aws: Emulator, site: Web, least: Mapping[str, str]) -> Project:
    return project_on(aws, site, tmp_path, least)


def _lacking(aws: Emulator) -> set[str]:
    """The checks that need calls which it does not support, by boto3 alone."""
    return {check for one in BLIND if getattr(aws, one["still"])() for check in one["checks"]}


def test_every_difference_has_a_reason_and_names_checks_that_there_are() -> None:
    known = {name for name, _ in find_checks(ROOT / "checks")}
    assert all(set(one["checks"]) <= known and one["reason"] and one["still"] for one in DIFFERENCES)
    assert {one["verdict"] for one in DIFFERENCES} <= {"blind", "same"}
    assert all(one["checks"] and one["calls"] for one in BLIND)


def test_no_difference_is_listed_that_is_gone(aws: Emulator) -> None:
    assert [one["what"] for one in BLIND if not getattr(aws, one["still"])()] == []


def test_healthy_as_on_moto(aws: Emulator, live: Project) -> None:
    """Also: the policy that `opschecks policy` prints is enough, by another evaluation of IAM than ours."""
    lacking = _lacking(aws)
    ended = live.run("checks/daily")
    outcomes = live.outcomes()
    assert {check for check, outcome in outcomes.items() if outcome not in GOOD} == lacking, ended.out
    assert {check for check, outcome in outcomes.items() if outcome == "not_applicable"} == NOT_NAMED
    assert {outcomes[check] for check in lacking} <= {"blind"}
    assert ended.code == (10 if lacking else 0)
    assert "SANDBOX" not in ended.out
    assert not live.told()["sandbox"]
    blind = [one for one in live.told()["findings"] if one["outcome"] == "blind"]
    lacks = tuple(one["calls"] for one in BLIND)
    assert all(one["message"].startswith(lacks) for one in blind)


def test_it_examines_what_is_examined_on_moto(aws: Emulator, live: Project, tmp_path: Path) -> None:
    live.run("checks/daily")
    other = Project.of_the_checks(tmp_path / "moto")
    assert other.run("checks/daily").code == 0
    lacking = _lacking(aws)
    assert _examined(live, lacking) == _examined(other, lacking)


def _examined(project: Project, without: set[str]) -> set[tuple[str, str]]:
    named_by_chance = next(set(one["checks"]) for one in DIFFERENCES if "random" in one["still"])
    return {
        (one["check"], "the stack" if one["name"] == one["stack"] else one["name"])
        for one in project.told()["findings"]
        if one["check"] not in without | named_by_chance
    }


def test_faults_are_caught_as_on_moto(site: Web, tmp_path: Path) -> None:
    faults, caught = known_faults(), set()
    with emulator(tmp_path / "log") as own:
        for name in BY_API_ALONE:
            faults[name].function(own)
            caught |= set(faults[name].caught_by)
        project = project_on(own, site, tmp_path / "live")
        project.run("checks/daily")
        lacking = _lacking(own)
    outcomes = project.outcomes()
    assert {check for check, outcome in outcomes.items() if outcome == "failed"} == caught & set(outcomes)
    assert {check for check, outcome in outcomes.items() if outcome == "blind"} == lacking


def test_it_still_requires_the_optional_terms_of_a_pattern(aws: Emulator) -> None:
    """Once it does not, the fault of the logs belongs to those above. On AWS one of the terms is enough."""
    logs, group = aws.client("logs"), aws.stack.log_groups[0]
    assert logs.filter_log_events(logGroupName=group, filterPattern="ERROR")["events"]
    assert not logs.filter_log_events(logGroupName=group, filterPattern="?ERROR ?nowhere")["events"]


def test_remedies_fix_as_on_moto(site: Web, tmp_path: Path) -> None:
    with emulator(tmp_path / "log") as own:
        for name in ("stickiness_is_short", "ssh_is_open_to_the_world", "everything_is_open_over_ipv6"):
            known_faults()[name].function(own)
        project = project_on(own, site, tmp_path / "live")
        ended = project.run("checks/daily", "--stack", "live", "--fix=apply", "--allow", "disruptive")
        lacking = _lacking(own)
    told = project.told()
    assert {change["result"] for change in told["changes"]} == {"fixed"}, ended.out
    assert sorted(change["remedy"] for change in told["changes"]) == ["enable-stickiness", *["revoke-ingress"] * 2]
    assert {check for check, outcome in project.outcomes().items() if outcome not in GOOD} == lacking
