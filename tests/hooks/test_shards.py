"""--stack all and --shard: each process checks its part of the stacks, and the fleet's page knows what is missing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result

from opschecks.hooks.shards import ShardError, fleet_named, shard_of
from tests.cli.typed import opschecks
from tests.scratch import Ended, Project, check_of_each

BATCH = {
    "AWS_BATCH_JOB_ID": "0c3f:4",
    "AWS_BATCH_JOB_ARRAY_INDEX": "4",
    "AWS_BATCH_JOB_ARRAY_SIZE": "10",
    "AWS_BATCH_JOB_ATTEMPT": "2",
}
KUBERNETES = {"JOB_COMPLETION_INDEX": "0", "OPSCHECKS_SHARDS": "3", "HOSTNAME": "morning-29001-0"}
GITLAB = {"CI_NODE_INDEX": "3", "CI_NODE_TOTAL": "3", "CI_PIPELINE_ID": "77"}
SCHEDULED: dict[str, tuple[dict[str, str], tuple[int, int], str]] = {
    "AWS Batch": (BATCH, (5, 10), "batch-0c3f"),
    "Kubernetes": (KUBERNETES, (1, 3), "kubernetes-morning-29001"),
    "GitLab": (GITLAB, (3, 3), "gitlab-77"),
    "CircleCI": (
        {"CIRCLE_NODE_INDEX": "0", "CIRCLE_NODE_TOTAL": "2", "CIRCLE_WORKFLOW_WORKSPACE_ID": "w"},
        (1, 2),
        "circleci-w",
    ),
    "Buildkite": (
        {"BUILDKITE_PARALLEL_JOB": "1", "BUILDKITE_PARALLEL_JOB_COUNT": "2", "BUILDKITE_BUILD_ID": "b"},
        (2, 2),
        "buildkite-b",
    ),
    "ours": ({"OPSCHECKS_SHARD": "2/4", "OPSCHECKS_FLEET": "f", **BATCH}, (2, 4), "f"),
}


@pytest.mark.parametrize("name", SCHEDULED)
def test_a_scheduler_tells_the_shard_and_the_fleet(name: str) -> None:
    environment, shard, fleet = SCHEDULED[name]
    assert shard_of("", environment, ask_scheduler=True) == shard
    assert fleet_named("", environment) == fleet
    assert shard_of("", environment, ask_scheduler=False) is None
    assert shard_of("1/7", environment, ask_scheduler=False) == (1, 7)


def test_every_child_of_an_array_job_and_its_retry_name_one_fleet() -> None:
    attempt = {"AWS_BATCH_JOB_ATTEMPT": "1"}
    children = ({"AWS_BATCH_JOB_ID": f"0c3f:{n}", "AWS_BATCH_JOB_ARRAY_INDEX": str(n)} for n in range(10))
    names = {fleet_named("", {**BATCH, **child, **more}) for child in children for more in ({}, attempt)}
    assert names == {"batch-0c3f"}


def test_a_host_name_that_is_not_the_jobs_names_no_fleet() -> None:
    assert fleet_named("", {**KUBERNETES, "HOSTNAME": "worker-17"}) == ""


def test_github_names_the_fleet_by_its_run_and_job() -> None:
    assert fleet_named("", {"GITHUB_RUN_ID": "12", "GITHUB_JOB": "daily"}) == "github-12-daily"
    assert fleet_named("", {}) == ""
    assert shard_of("", {"CI_NODE_TOTAL": "1"}, ask_scheduler=True) is None  # GitLab sets it in every job


WRONG: dict[str, tuple[str, dict[str, str], str]] = {
    "words": ("first", {}, "--shard first: expected i/n, such as 1/10 for the first of ten"),
    "from zero": ("0/2", {}, "--shard 0/2: expected i/n"),
    "too many": ("3/2", {}, "--shard 3/2: expected i/n"),
    "negative": ("-1/2", {}, "expected i/n"),
    "other digits": ("١/٢", {}, "expected i/n"),
    "of ours": ("", {"OPSCHECKS_SHARD": "x"}, "OPSCHECKS_SHARD x: expected i/n"),
    "no total": (
        "",
        {"JOB_COMPLETION_INDEX": "1"},
        "JOB_COMPLETION_INDEX is 1, and how many there are is not known: set OPSCHECKS_SHARDS",
    ),
    "index beyond": (
        "",
        {**BATCH, "AWS_BATCH_JOB_ARRAY_INDEX": "10"},
        "AWS_BATCH_JOB_ARRAY_INDEX=10, AWS_BATCH_JOB_ARRAY_SIZE=10: the index is out of range",
    ),
    "no number": ("", {**GITLAB, "CI_NODE_INDEX": "x"}, "CI_NODE_INDEX=x"),
    "gitlab from zero": ("", {**GITLAB, "CI_NODE_INDEX": "0"}, "CI_NODE_INDEX=0"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_no_shard_is_one_clear_message(case: str) -> None:
    option, environment, words = WRONG[case]
    with pytest.raises(ShardError) as told:
        shard_of(option, environment, ask_scheduler=True)
    assert words in str(told.value)


@pytest.mark.parametrize("name", ["../x", "a b", "x" * 129, "/etc", "ü"])
def test_what_is_no_name_is_one_clear_message(name: str) -> None:
    with pytest.raises(ShardError, match=r"--fleet .*: a fleet's name has letters"):
        fleet_named(name, {})


STACKS = """\
default = "a"

[stacks.a]
region = "us-west-2"

[stacks.b]
region = "us-west-2"

[stacks.c]
region = "us-west-2"

[stacks.box]
sandbox = true
"""
CHECKS = check_of_each(
    "test_things", 'assert stack.name != "b" or thing.name != "b", "it is b"', takes="stack, examine"
)


def of_three(folder: Path, checks: str) -> Project:
    """A project of three stacks and a sandbox."""
    made = Project.make(folder)
    made.write("stacks.toml", STACKS)
    made.checks(checks)
    return made


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return of_three(tmp_path, CHECKS)


def shard(index: int) -> dict[str, str]:
    """The environment of a child of an array job of two."""
    child = {"AWS_BATCH_JOB_ID": f"0c3f:{index}", "AWS_BATCH_JOB_ARRAY_INDEX": str(index)}
    return {**child, "AWS_BATCH_JOB_ARRAY_SIZE": "2"}


def test_a_fleet_of_two_shards_end_to_end(project: Project) -> None:
    """The second shard is late; run twice it completes the fleet, and nothing counts twice."""

    def run(index: int) -> Ended:
        return project.run("checks/daily", "--stack", "all", **shard(index))

    def page(*more: str) -> Result:
        reports = str(project.folder / "reports")
        arguments = ["report", "fleet", "--reports", reports, "--newer-than", "28d", *more]
        return opschecks(*arguments)

    first = run(0).ends(0)
    assert "opschecks: daily checks of a, c" in first.out
    for stack in ("a", "c"):
        own = json.loads((project.folder / "reports" / "fleet" / f"{stack}-daily.json").read_text(encoding="utf-8"))
        parts = ("checks", "findings", "observations")
        assert {one["stack"] for part in parts for one in own[part]} == {stack}
        assert {one["name"] for one in own["observations"]} == {"caller_identity", "things"}
        assert own["findings"][0]["evidence"]
        assert own["part"] == {"fleet": "batch-0c3f", "shard": 1, "of": 2}
    late = page()
    assert late.exit_code == 10, late.output
    assert late.output.startswith("The fleet is incomplete: Of 3 stacks, ")
    assert run(1).code == 1
    assert run(1).code == 1
    whole = page("--format", "json")
    told = json.loads(whole.output)
    assert whole.exit_code == told["exit_code"] == 1
    assert {one["stack"]: one["state"] for one in told["stacks"]} == {"a": "good", "b": "failed", "c": "good"}
    assert told["shards"] == {"of": 2, "not_ended": []}
    assert {one["shard"] for one in told["stacks"]} == {1, 2}
    assert page("--to", str(project.folder / "site")).exit_code == 1
    assert {path.name for path in (project.folder / "site").iterdir()} == {"fleet.html", "fleet.json", "stacks"}
    assert "zz: No run" in page("--expect", "a,zz", "--format", "slack").output
    html = page()
    assert html.exit_code == 1
    own = project.folder / "reports" / "stacks" / "b-daily.html"
    assert 'href="stacks/b-daily.html"' in (project.folder / "reports" / "fleet.html").read_text(encoding="utf-8")
    assert "it is b" in own.read_text(encoding="utf-8")


REFUSED: dict[str, tuple[tuple[str, ...], dict[str, str], str]] = {
    "no fleet": (("--stack", "all", "--shard", "1/2"), {}, "--shard: name the fleet with --fleet ID"),
    "one stack": (("--shard", "1/2", "--fleet", "f"), {}, "--shard: one stack is not dealt to several"),
    "no shard": (("--shard", "3/2", "--fleet", "f"), {}, "--shard 3/2: expected i/n"),
    "a part": (
        ("--stack", "all", "--shard", "1/2", "--fleet", "f", "-k", "things"),
        {},
        "--shard: a fleet takes the whole suite; remove -k",
    ),
    "no fleet to name": (("--fleet", "f"), {}, "--fleet: names a fleet: give --stack all, or --shard i/n"),
    "all and one": (("--stack", "all", "--stack", "a"), {}, "--stack all: it takes every stack; remove the other"),
    "fixing": (("--stack", "all", "--fix=plan"), {}, "--stack all: --fix=plan is for stacks that are named"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_is_one_clear_message(project: Project, case: str) -> None:
    arguments, environment, words = REFUSED[case]
    ended = project.run("checks/daily", *arguments, **environment).ends(4)
    assert words in ended.err
    assert "Traceback" not in ended.all
    assert not (project.folder / "reports" / "history").exists()
