"""A newcomer with a shop: an empty folder, the package (on moto the wheel), `opschecks init --write`, the daily run.

The account is that of tests/shop/seed.py, in both emulators; nobody writes a line of stacks.toml by hand.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from opschecks.aws.survey import OTHER_LISTS
from opschecks.config.load import load_stacks
from opschecks.config.stack import Stack
from tests.forks import TIMEOUT_S
from tests.scratch import PYPROJECT, ROOT, Ended, Project
from tests.shop.accounts import KEYS, Account, on_ministack, on_moto
from tests.shop.seed import DEAD, FUNCTION, QUEUE, SERVICES, age

LONGEST = 24
"""Lines of the file that are neither comments nor empty; one more names certificates, where listeners have some."""
DIFFERENCES: list[dict[str, Any]] = tomllib.loads(
    (ROOT / "tests" / "checks" / "ministack_differences.toml").read_text(encoding="utf-8")
)["differences"]
LACKING = {
    "moto": {},
    "ministack": {check: one["calls"] for one in DIFFERENCES if one["verdict"] == "blind" for check in one["checks"]},
}
"""By emulator: the checks that need what it lacks, each with the call; the reasons are in the file."""


@dataclass(frozen=True)
class Newcomer:
    """A folder in which nothing was but what keeps plugins of these tests out, and what came of the commands."""

    project: Project
    account: Account
    init: Ended
    morning: Ended
    """The first daily run."""
    told: dict[str, Any]
    """Its run file."""

    @property
    def file(self) -> Path:
        return self.project.folder / "stacks.toml"

    @property
    def stack(self) -> Stack:
        (stack,) = load_stacks(self.file).stacks.values()
        return stack


def _daily(project: Project) -> Ended:
    return project.run("-p", "opschecks", "--pyargs", "opschecks.checks.daily", **KEYS)


def _findings(told: dict[str, Any], outcome: str) -> dict[tuple[str, str], str]:
    """The messages of that outcome, by check and resource."""
    return {(one["check"], one["name"]): one["message"] for one in told["findings"] if one["outcome"] == outcome}


def _newcomer(folder: Path, account: Account) -> Newcomer:
    project = Project(folder)
    project.write("pyproject.toml", PYPROJECT)
    init = project.opschecks("init", *account.reach, "--write", **KEYS).ends(0)
    return Newcomer(project, account, init, _daily(project), project.told())


def _with_the_wheel(folder: Path, account: Account) -> Newcomer:
    """The same with what the wheel carries, which lies where it would be installed: nothing of this checkout."""
    site = folder / "site"
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=TIMEOUT_S)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(site)
    project = Project(folder / "here")
    project.write("pyproject.toml", PYPROJECT)
    environment = {**KEYS, "PYTHONPATH": str(site)}
    init = project.python("-m", "opschecks", "init", *account.reach, "--write", **environment).ends(0)
    morning = project.run_fresh("--pyargs", "opschecks.checks.daily", **environment)
    assert list(site.rglob("checks/daily/__pycache__/test_alarms*")), "the checks were those of the wheel"
    return Newcomer(project, account, init, morning, project.told())


@pytest.fixture(scope="module")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newcomer]:
    with on_moto() as account:
        yield _with_the_wheel(tmp_path_factory.mktemp("moto"), account)


@pytest.fixture(scope="module")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newcomer]:
    folder = tmp_path_factory.mktemp("ministack")
    with on_ministack(folder / "log") as account:
        (folder / "here").mkdir()
        yield _newcomer(folder / "here", account)


@pytest.fixture(params=["moto", "ministack"])
def newcomer(request: pytest.FixtureRequest) -> Newcomer:
    made: Newcomer = request.getfixturevalue(request.param)
    return made


def test_one_short_file_names_the_whole_shop(newcomer: Newcomer) -> None:
    assert newcomer.init.out == "stacks.toml: written; next: pytest --pyargs opschecks.checks.daily\n"
    text = newcomer.file.read_text(encoding="utf-8")
    assert len([line for line in text.splitlines() if line and not line.startswith("#")]) <= LONGEST, text
    stack = newcomer.stack
    assert (stack.name, stack.account_id, stack.region) == ("shop", newcomer.account.account, "us-west-2")
    assert stack.every("cluster") == ("shop", "shop-jobs")
    assert set(stack.services) == {f"{one.cluster}/{one.name}" for one in SERVICES}
    assert set(stack.every("load_balancer")) == {"shop-api", "shop-front", "shop-partners"}
    assert set(stack.log_groups) == {one.log_group for one in SERVICES}
    assert stack.resources == {"queues": (QUEUE, DEAD), "functions": (FUNCTION,)}
    assert stack.every("alarm_prefix") == ("jobs-worker", "shop")
    assert set(stack.without) == set(stack.reasons)
    assert {"backend_url", "dashboard_url", "tables"} <= set(stack.without)
    assert stack.lacks("websocket") == f"stack shop is without backend_url: {stack.reasons['backend_url']}"
    for said in ("clusters default (no service runs there)", "queues crm-mails", "alarms crm-mails-old"):
        assert f"# in no stack: {said}\n" in text


def test_the_daily_run_passes_or_does_not_apply_by_the_file(newcomer: Newcomer) -> None:
    lacking = LACKING[newcomer.account.name]
    ended, told, stack = newcomer.morning, newcomer.told, newcomer.stack
    assert ended.code == (10 if lacking else 0), ended.out
    assert _findings(told, "failed") == {}
    outcomes = {one["check"]: one["outcome"] for one in told["checks"]}
    assert {check for check, outcome in outcomes.items() if outcome == "blind"} == set(lacking)
    for (check, _), message in _findings(told, "blind").items():
        assert message.startswith(lacking[check])
    for (check, _), message in _findings(told, "not_applicable").items():
        by_the_file = any(message.startswith(stack.lacks(key)) for key in stack.without)
        named = any(f"(resources.{key})" in message for key in OTHER_LISTS.keys() - stack.resources.keys())
        assert by_the_file or named, f"{check}: {message}"
    assert set(outcomes.values()) <= {"passed", "blind", "not_applicable"}


def test_each_resource_of_the_shop_is_looked_at(newcomer: Newcomer) -> None:
    looked_at = _findings(newcomer.told, "passed").keys()
    for check, names in {
        "test_services_run_the_tasks_they_want": {"shop/web", "shop/api", "shop-jobs/worker"},
        "test_cpu_is_not_saturated": {"shop/web", "shop/api", "shop-jobs/worker"},
        "test_targets_are_healthy": {"shop-web", "shop-api", "shop-grpc"},
        "test_server_errors_are_rare": {"shop-front", "shop-api", "shop-partners"},
        "test_queues_are_worked_off": {QUEUE},
        "test_no_message_is_dead": {DEAD},
        "test_functions_rarely_fail": {FUNCTION},
        "test_no_alarm_is_ringing": {"shop-web-5xx", "shop-orders-age", "jobs-worker-cpu"},
        "test_log_groups_receive_events": {one.log_group for one in SERVICES},
    }.items():
        assert names <= {name for of, name in looked_at if of == check}, check


WRONG = {
    ("test_services_are_within_their_task_limits", "shop/api"): "desired: 1 task; fewer than the minimum, 2",
    ("test_queues_are_worked_off", QUEUE): "the oldest 1 h 30 min old; limit 15 min",
    ("test_no_message_is_dead", DEAD): "1 dead letter of shop-orders; limit 0",
    ("test_no_alarm_is_ringing", "jobs-worker-cpu"): "Threshold crossed",
    ("test_targets_are_healthy", "shop-web"): "1 of 2 targets are healthy",
}


def _break(account: Account) -> None:
    """One true fault of each kind."""
    now, sqs = account.now, account.client("sqs")
    account.client("ecs").update_service(cluster="shop", service="api", desiredCount=1)
    account.client("cloudwatch").put_metric_data(
        Namespace="AWS/SQS", MetricData=[age(QUEUE, now - timedelta(minutes=2), 90 * 60)]
    )
    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName=DEAD)["QueueUrl"], MessageBody="order 17")
    account.client("cloudwatch").set_alarm_state(
        AlarmName="jobs-worker-cpu", StateValue="ALARM", StateReason="Threshold crossed"
    )
    account.ill["172.31.16.11"] = ("unhealthy", "Target.Timeout", "Request timed out")


def test_each_fault_is_named_at_its_resource_and_nothing_else(moto: Newcomer) -> None:
    _break(moto.account)
    ended, told = _daily(moto.project), moto.project.told()
    failed = _findings(told, "failed")
    assert ended.code == 1
    assert failed.keys() == WRONG.keys(), ended.out
    for of, said in WRONG.items():
        assert said in failed[of], failed[of]
        assert of[1] in ended.out
    assert _findings(told, "blind") == {}


def test_the_page_names_commands_that_a_folder_without_checks_has(moto: Newcomer) -> None:
    """And no service is called ok of which the shop has nothing."""
    page = (moto.project.folder / "reports" / "daily.html").read_text(encoding="utf-8").replace("<wbr>", "")
    assert "pytest --pyargs opschecks.checks.daily -k test_targets_are_healthy --stack shop" in page
    assert "pytest checks/" not in page
    assert "do not apply: Backend, DynamoDB, Dashboards, Incidents" in page


def test_later_init_tells_what_is_new(moto: Newcomer) -> None:
    """Not the cluster in which no service runs; and what is nobody's is told until somebody names it."""
    moto.account.client("sqs").create_queue(QueueName="shop-returns")
    ended = moto.project.opschecks("init", **KEYS).ends(0)
    told = [line for line in ended.out.splitlines() if line[0] in "+-"]
    assert told == [
        "+ alarm_prefix: crm-mails-old",
        "+ resources.queues: crm-mails",
        "+ resources.queues: shop-returns",
    ]
