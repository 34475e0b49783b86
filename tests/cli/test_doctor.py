"""`opschecks doctor`: a row for each thing that a run needs, and the next step beside what is wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from opschecks.aws import dynamodb, health  # noqa: F401 - declare observations
from opschecks.aws.trial import Noted, Trial
from opschecks.cli.examination import State, actions, identity, principal, simulated
from opschecks.core.answer import Answer
from opschecks.core.gathering import Observed
from opschecks.core.observation import REGISTRY, CouldNotLook, NotApplicable, names_no
from opschecks.sandbox.environment import CREDENTIALS
from tests.bench import Bench, bench
from tests.canned import stack
from tests.machine import BASE, machine
from tests.scratch import Ended, Project

ENVIRONMENT = {key.upper(): value for key, value in CREDENTIALS.items()}
KEY = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"}
Rows = dict[str, dict[str, str]]


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with bench(tmp_path_factory.mktemp("doctor"), whole=True) as on:
        yield on


@pytest.fixture
def on(healthy: Bench) -> Iterator[Bench]:
    """The same sandbox, whole again afterwards."""
    yield healthy
    healthy.sandbox.server.wire.broken = {}


def _rows(ended: Ended) -> Rows:
    assert ended.err == ""
    return {row["what"]: row for row in json.loads(ended.out)}


def _wrong(rows: Rows) -> set[str]:
    return {what for what, row in rows.items() if row["state"] == "wrong"}


def _live(folder: Path, on: Bench, *keys: str) -> Ended:
    """`opschecks doctor` of a stack that is no sandbox, with the sandbox's AWS behind it."""
    text = f'[stacks.live]\nregion = "us-west-2"\nendpoint_url = "{on.sandbox.facts["endpoint_url"]}"\n'
    project = Project.of_the_checks(folder, text + "".join(f"{key}\n" for key in keys) + "limits.aws_attempts = 1\n")
    return project.opschecks("doctor", "--stack", "live", "--suite", "daily", "--format", "json", **ENVIRONMENT)


def test_nothing_is_wrong_with_a_healthy_stack(on: Bench) -> None:
    ended = on.command("doctor", "--format", "json")
    rows = _rows(ended)
    assert (ended.code, _wrong(rows)) == (0, set())
    assert rows["credentials"]["said"].startswith("arn:aws:sts::123456789012:user/")
    assert rows["region"]["said"] == "us-west-2, partition aws"
    assert rows["clock"]["said"].startswith("within ")
    assert rows["state"]["said"] == "reports/history/sandbox: can be read and written"
    for what in ("endpoint elbv2", "action ecs:DescribeServices", "action ce:GetCostAndUsage"):
        assert rows[what]["state"] == "ok"
    assert sum(what.startswith("probe http://") for what in rows) == 5
    assert rows["versions"]["said"].startswith("opschecks ")
    assert list((on.project.folder / "reports" / "history" / "sandbox").iterdir()) == []


def test_a_line_says_what_json_says(on: Bench) -> None:
    on.sandbox.server.wire.broken = {"monitoring": "denied"}
    suite = ("doctor", "--suite", "daily")
    rows, told = _rows(on.command(*suite, "--format", "json")), on.command(*suite)
    assert told.code == 1
    lines = told.out.splitlines()
    assert f"{len(_wrong(rows))} of {len(rows)} wrong" in lines
    for what, row in rows.items():
        (line,) = (line for line in lines if f" {what}: " in line)
        assert line.startswith({"ok": "ok ", "wrong": "WRONG ", "unknown": "unknown "}[row["state"]])
        assert line.endswith(f" -> {row['next']}") == bool(row["next"])
    assert "action ce:GetCostAndUsage" not in rows


def test_what_is_denied_names_the_action_to_allow_and_who_needs_it(on: Bench) -> None:
    on.sandbox.server.wire.broken = {"monitoring": "denied"}
    ended = on.command("doctor", "--suite", "daily", "--format", "json")
    rows = _rows(ended)
    assert ended.code == 1
    assert _wrong(rows) == {what for what, row in rows.items() if row["next"]}
    assert all(what.startswith("action cloudwatch:") for what in _wrong(rows))
    alarms = rows["action cloudwatch:DescribeAlarms"]
    assert alarms["next"] == "allow cloudwatch:DescribeAlarms"
    assert "AccessDenied" in alarms["said"]
    assert "(needed by test_" in alarms["said"]
    assert rows["endpoint cloudwatch"]["state"] == "ok"
    assert rows["action ecs:DescribeServices"]["state"] == "ok"


def test_credentials_that_are_refused_keep_the_rest_untried(on: Bench) -> None:
    on.sandbox.server.wire.broken = {"*": "expired"}
    rows = _rows(on.command("doctor", "--format", "json"))
    assert _wrong(rows) == {"credentials"}
    assert rows["credentials"]["next"].endswith("log in again")
    assert rows["actions"]["state"] == "unknown"
    assert not any(what.startswith("action ") for what in rows)


def test_another_account_is_said_before_anything_is_read_there(on: Bench, tmp_path: Path) -> None:
    before = on.sandbox.server.wire.calls["ecs"]
    rows = _rows(_live(tmp_path, on, 'account_id = "999999999999"'))
    assert _wrong(rows) == {"credentials"}
    assert "account_id is 999999999999, but the credentials belong to 123456789012" in rows["credentials"]["said"]
    assert rows["credentials"]["next"].startswith("use that account's credentials")
    assert on.sandbox.server.wire.calls["ecs"] == before


def test_a_missing_profile_is_said_and_what_needs_none_is_still_looked_at(on: Bench, tmp_path: Path) -> None:
    backend = f'backend_url = "{on.sandbox.facts["backend_url"]}"'
    rows = _rows(_live(tmp_path, on, 'profile = "on-cal"', backend))
    assert _wrong(rows) == {"AWS configuration"}
    assert "has no profile 'on-cal'" in rows["AWS configuration"]["said"]
    assert rows["AWS configuration"]["next"]
    assert rows["state"]["state"] == "ok"
    assert rows[f"probe {on.sandbox.facts['backend_url']}/health"]["state"] == "ok"


def test_a_diverted_endpoint_is_named_before_anything_is_called(tmp_path: Path) -> None:
    project = Project.of_the_checks(tmp_path, '[stacks.live]\nregion = "us-west-2"\n')
    elsewhere = {"AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:9"}
    ended = project.opschecks("doctor", "--stack", "live", "--format", "json", **ENVIRONMENT, **elsewhere)
    rows = _rows(ended)
    assert (ended.code, _wrong(rows)) == (1, {"AWS configuration"})
    assert "AWS_ENDPOINT_URL_DYNAMODB is set and would divert calls" in rows["AWS configuration"]["said"]
    assert rows["AWS configuration"]["next"].startswith("unset it")


def test_an_endpoint_that_does_not_answer_is_told_with_its_address(tmp_path: Path) -> None:
    text = 'default = "live"\n[stacks.live]\nregion = "us-west-2"\nendpoint_url = "http://127.0.0.1:9"\n'
    project = Project.of_the_checks(tmp_path, f"{text}limits.aws_attempts = 1\n")
    rows = _rows(project.opschecks("doctor", "--format", "json", **ENVIRONMENT))
    assert _wrong(rows) == {"credentials", "endpoint sts"}
    assert rows["endpoint sts"]["said"].startswith("http://127.0.0.1:9: ")
    assert "proxy" in rows["endpoint sts"]["next"]
    assert rows["clock"]["state"] == "unknown"


def test_a_state_that_cannot_be_written_is_wrong(on: Bench, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    rows = _rows(_live(tmp_path, on, 'state = "taken"'))
    assert rows["state"]["state"] == "wrong"
    assert "taken" in rows["state"]["said"]
    assert rows["state"]["next"]


@pytest.mark.parametrize(("bucket", "state"), [("doctors-state", "ok"), ("no-such-bucket", "wrong")])
def test_a_state_in_s3_is_written_and_left_as_it_was(on: Bench, tmp_path: Path, bucket: str, state: str) -> None:
    s3 = on.sandbox.client("s3")
    s3.create_bucket(Bucket="doctors-state", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    try:
        rows = _rows(_live(tmp_path, on, f'state = "s3://{bucket}/ops"'))
        assert rows["state"]["state"] == state
        assert f"s3://{bucket}/ops/live" in rows["state"]["said"]
        assert "Contents" not in s3.list_objects_v2(Bucket="doctors-state")
    finally:
        s3.delete_bucket(Bucket="doctors-state")


def test_an_address_that_nobody_answers_is_wrong(on: Bench, tmp_path: Path) -> None:
    keys = ('backend_url = "http://127.0.0.1:9"', 'websocket = { url = "ws://127.0.0.1:9/ws" }')
    rows = _rows(_live(tmp_path, on, *keys))
    assert {what for what in _wrong(rows) if what.startswith("probe")} == {
        "probe http://127.0.0.1:9/health",
        "probe http://127.0.0.1:9/ws",
    }
    assert "firewall" in rows["probe http://127.0.0.1:9/health"]["next"]


def test_what_the_file_does_not_name_is_told_with_both_ways_out(on: Bench, tmp_path: Path) -> None:
    named = 'cluster = "incident-commander"'
    rows = _rows(_live(tmp_path, on, named))
    (what, *_) = told = [what for what in rows if what.startswith("stacks.toml: ")]
    assert told
    assert rows[what]["state"] == "wrong"
    assert rows[what]["next"].startswith("set ")
    slugs = [slug.strip('"') for one in told for slug in rows[one]["next"].partition("does not have: ")[2].split(", ")]
    again = _rows(_live(tmp_path / "again", on, named, f"without = {json.dumps(sorted(set(slugs)))}"))
    assert [what for what in again if what.startswith("stacks.toml: ")] == []


def test_a_sandbox_that_does_not_run_is_said(tmp_path: Path) -> None:
    project = Project.of_the_checks(tmp_path)
    told = project.opschecks("doctor").ends(1)
    assert "WRONG   AWS configuration: sandbox is a sandbox, and none is running" in told.out
    told = project.opschecks("doctor", OPSCHECKS_SANDBOX="{}")
    assert "WRONG   AWS configuration: OPSCHECKS_SANDBOX: not what `opschecks sandbox` prints -> copy its" in told.out
    assert project.opschecks("doctor", "--stack", "sandbx").err.strip().endswith("did you mean 'sandbox'?")


class Answering:
    """A trial of a way to AWS that answers as it is told."""

    def __init__(self, arn: str = "arn:aws:iam::123456789012:user/a", **more: Any) -> None:
        self.noted = Noted(ahead=more.pop("ahead", timedelta()))
        self.region, self.partition = "us-west-2", "aws"
        self.credentials_end, self.is_temporary = None, False
        self.arn, self.told = arn, more.pop("told", None)
        self.stack = stack()
        vars(self).update(more)

    def call(self, service: str, operation: str, /, **_: Any) -> Answer:
        return Answer({"Arn": self.arn, "Account": "123456789012"}, f"{service}:{operation}")

    def every_page(self, service: str, operation: str, /, **_: Any) -> Iterator[Any]:
        if self.told is None:
            raise CouldNotLook(f"{service}:{operation}", "AccessDenied: no", action="iam:SimulatePrincipalPolicy")
        for decisions in self.told:
            yield {"EvaluationResults": [{"EvalActionName": k, "EvalDecision": v} for k, v in decisions.items()]}


IDENTITIES: dict[str, tuple[dict[str, Any], str, State, str]] = {
    "a slow clock": ({"ahead": timedelta(minutes=7)}, "clock", State.WRONG, "420 s behind AWS's"),
    "a fast clock": ({"ahead": -timedelta(minutes=2)}, "clock", State.WRONG, "120 s ahead of AWS's"),
    "a clock that is nearly right": ({"ahead": timedelta(seconds=30)}, "clock", State.OK, "within 30 s of AWS's"),
    "no date": ({"ahead": None}, "clock", State.UNKNOWN, "STS gave no answer with a date"),
    "another partition": (
        {"arn": "arn:aws-cn:iam::123456789012:user/a"}, "region", State.WRONG, "us-west-2 is of partition aws, and",
    ),
    "an access key": ({}, "credentials", State.OK, "123456789012; without an end"),
    "a session": ({"is_temporary": True}, "credentials", State.OK, "of a session that does not say when it ends"),
    "a session with an end": (
        {"credentials_end": datetime(2026, 11, 29, 12, tzinfo=UTC)}, "credentials", State.OK, "until 2026-11-29 12:00",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("given", "what", "state", "said"), IDENTITIES.values(), ids=IDENTITIES)
def test_who_where_and_when(given: dict[str, Any], what: str, state: State, said: str) -> None:
    aws: Any = Answering(**given)
    rows = {row.what: row for row in identity(stack(), aws)}
    assert rows[what].state is state
    assert said in rows[what].said
    assert bool(rows[what].next) == (state is State.WRONG)


def test_only_what_the_simulator_allows_is_taken_at_its_word() -> None:
    """It knows no resource and no condition: a denial may be of another resource than the stack's."""
    aws: Any = Answering(told=[{"ecs:ListTasks": "allowed", "ec2:X": "implicitDeny"}, {"ec2:Y": "explicitDeny"}])
    silent: Any = Answering()
    rows = simulated(aws, ["ecs:ListTasks", "ec2:X", "ec2:Y"])
    assert {action: row.state for action, row in rows.items()} == {"ecs:ListTasks": State.OK}
    assert "simulator" in rows["ecs:ListTasks"].said
    assert simulated(silent, ["ecs:ListTasks"]) == {}


@pytest.mark.parametrize(
    ("arn", "source"),
    [
        ("arn:aws:iam::123456789012:user/ops/a", "arn:aws:iam::123456789012:user/ops/a"),
        ("arn:aws:sts::123456789012:assumed-role/opschecks/me", "arn:aws:iam::123456789012:role/opschecks"),
        ("arn:aws-cn:sts::123456789012:assumed-role/o/s", "arn:aws-cn:iam::123456789012:role/o"),
        ("arn:aws:iam::123456789012:root", ""),
    ],
)
def test_the_simulator_is_asked_about_the_user_or_role(arn: str, source: str) -> None:
    assert principal(arn) == source


def test_credentials_of_the_environment_say_when_they_end(tmp_path: Path) -> None:
    ends = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=3)
    with machine(tmp_path, AWS_CREDENTIAL_EXPIRATION=ends.isoformat(), AWS_SESSION_TOKEN="t", **KEY):
        aws = Trial(stack())
        assert (aws.credentials_end, aws.is_temporary, aws.partition) == (ends, True, "aws")
    with machine(tmp_path, BASE):
        aws = Trial(stack(profile="base"))
        assert (aws.credentials_end, aws.is_temporary) == (None, False)


def test_of_each_list_one_page_is_read(on: Bench) -> None:
    aws = Trial(stack(endpoint_url=on.sandbox.facts["endpoint_url"]), CREDENTIALS)
    asked = ("cloudwatch", "DescribeAlarms")
    assert len(list(aws.pages(*asked, MaxRecords=1))) == 1
    assert len(list(aws.every_page(*asked, MaxRecords=1))) > 1
    assert aws.noted.actions == {"cloudwatch:DescribeAlarms": None}
    assert aws.noted.endpoints["cloudwatch"].answered


def test_a_support_plan_without_the_health_api_is_nothing_wrong() -> None:
    call = "health:DescribeEvents"
    (name,) = (one.name for one in REGISTRY.values() if call in one.allow)
    result = Observed(REGISTRY[name], error=NotApplicable(call, "the support plan does not include it"))
    noted = Noted(actions={call: CouldNotLook(call, "SubscriptionRequiredException: no")})
    store: Any = SimpleNamespace(results={name: result}, pending=list)
    aws: Any = SimpleNamespace(noted=noted, stack=stack())
    (row,) = actions(aws, store, {name: ["test_aws"]}, simulator=False)
    assert row.state is State.OK
    assert row.said == "answered, and does not apply: the support plan does not include it"


@pytest.mark.parametrize("without", [(), ("tables",)])
def test_actions_of_what_a_stack_is_without_have_no_row(without: tuple[str, ...]) -> None:
    result = Observed(REGISTRY["tables"], error=names_no("here", "tables", "tables"))
    store: Any = SimpleNamespace(results={"tables": result}, pending=list)
    aws: Any = SimpleNamespace(noted=Noted(), stack=stack(without=without))
    rows = list(actions(aws, store, {"tables": ["test_tables"]}, simulator=False))
    assert {row.state for row in rows} == (set() if without else {State.UNKNOWN})
