"""Checks of one's own, as docs/writing-checks.md shows them, and `opschecks test`, which tries their faults."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from opschecks.cli.own_test import SuiteRun, judged
from opschecks.config.load import StackError, load_stacks
from opschecks.core.faults import Fault
from opschecks.core.model import Resource
from opschecks.core.own_limits import Limit
from tests.scratch import QUICK, ROOT, Project

PAGE = (ROOT / "docs" / "writing-checks.md").read_text(encoding="utf-8")
LINES_OF_ONES_OWN = 40


def block(after: str, kind: str) -> str:
    """The first block of that kind after these words of the page."""
    found = re.search(rf"```{kind}\n(.*?)```", PAGE[PAGE.index(after) :], re.DOTALL)
    assert found
    return found.group(1)


CHECK = block("`checks/daily/test_orders.py`:", "python")
RUNBOOK = block("`checks/RUNBOOK.md`, which", "markdown")
SOWN = 'sandbox.client("sqs").create_queue(QueueName="orders")'
KEYS = block("And in the stack of `stacks.toml`", "toml")


def of_the_page(folder: Path) -> Project:
    """A project that has what the page says, and nothing else."""
    project = Project.make(folder)
    project.write("conftest.py", 'pytest_plugins = ["opschecks"]\n')
    project.write("checks/daily/test_orders.py", CHECK)
    project.write("checks/RUNBOOK.md", RUNBOOK)
    project.write("stacks.toml", QUICK.replace("sandbox = true\n", f"sandbox = true\n{KEYS}"))
    return project


def fault_of(*caught_by: str, blinds: tuple[str, ...] = ()) -> Fault:
    return Fault("broken", lambda _: None, caught_by, blinds, "here")


GOOD = {"test_a": ("passed", ""), "test_b": ("not_applicable", "the stack has none")}
JUDGED = {
    "healthy": (None, GOOD, []),
    "healthy, but one fails": (None, {"test_a": ("failed", "no")}, ["test_a is failed: no"]),
    "healthy, but one is blind": (None, {"test_a": ("blind", "denied")}, ["test_a is blind: denied"]),
    "just what it names": (fault_of("test_a"), {**GOOD, "test_a": ("failed", "no")}, []),
    "it does not bite": (fault_of("test_a"), GOOD, ["test_a is passed, not failed"]),
    "more than it names": (
        fault_of("test_a"),
        {"test_a": ("failed", "no"), "test_b": ("failed", "too")},
        ["test_b is failed, not not_applicable: too"],
    ),
    "it blinds": (fault_of(blinds=("test_a",)), {**GOOD, "test_a": ("blind", "denied")}, []),
}


@pytest.mark.parametrize(("fault", "outcomes", "said"), JUDGED.values(), ids=JUDGED)
def test_a_fault_is_judged_by_the_checks_that_it_names(
    fault: Fault | None, outcomes: dict[str, tuple[str, str]], said: list[str]
) -> None:
    assert list(judged(fault, SuiteRun(outcomes), SuiteRun(GOOD))) == said


def test_a_run_that_did_not_end_is_told() -> None:
    assert list(judged(None, SuiteRun({}, "no moto"), SuiteRun({}))) == ["the run did not come to an end: no moto"]


def test_a_limit_of_ones_own_is_set_in_stacks_toml_also_for_one_resource(tmp_path: Path) -> None:
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "test_orders.py").write_text(CHECK)
    path = tmp_path / "stacks.toml"
    limits = (
        '[stacks.here.limits]\norder_wait_minutes = 5\n[stacks.here.limits."nightly-*"]\norder_wait_minutes = 600\n'
    )
    path.write_text(f'[stacks.here]\nresources = {{ order_queues = ["orders"] }}\n{limits}')
    wait, here = Limit("order_wait_minutes", 15, ""), load_stacks(path).stacks["here"]
    assert wait.of(here) == 5
    assert wait.of(here, Resource(arn="orders", name="orders")) == 5
    assert wait.of(here, Resource(arn="nightly-mail", name="nightly-mail")) == 600
    assert Limit("another", 7, "").of(here) == 7


WRONG = {
    "limits = { order_wait_minuts = 5 }": "limits.order_wait_minuts: unknown key; did you mean 'order_wait_minutes'?",
    "limits = { order_wait_minutes = -5 }": "limits.order_wait_minutes: expected greater than or equal to 0, not -5",
    "resources = { order_queue = ['a'] }": (
        "resources.order_queue: no check looks at such resources; did you mean 'order_queues'?"
    ),
}


@pytest.mark.parametrize(("keys", "said"), WRONG.items(), ids=WRONG)
def test_keys_that_no_check_declares_are_refused_with_the_nearest(keys: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "test_orders.py").write_text(CHECK)
    (tmp_path / "stacks.toml").write_text(f"[stacks.here]\n{keys}\n")
    with pytest.raises(StackError) as told:
        load_stacks(tmp_path / "stacks.toml")
    assert said in str(told.value)


def test_a_file_that_takes_the_name_of_one_of_ours_is_told_with_its_line(tmp_path: Path) -> None:
    project = of_the_page(tmp_path)
    project.write("checks/daily/test_twins.py", CHECK.replace("def order_queues", "def alarms"))
    project.write("checks/daily/test_orders.py", CHECK.replace(SOWN, 'raise KeyError("orders")'))
    ended = project.run("checks/daily", "--collect-only", "-q")
    said = "TypeError: observation alarms is declared twice: in opschecks.aws.cloudwatch_alarms too"
    assert said in ended.all
    ended = project.run("checks/daily").ends(4)
    assert re.search(r"the seed orders_are_taken of \S+test_orders.py, line \d+: KeyError: 'orders'", ended.err)


def test_a_vertical_of_ones_own_is_forty_lines() -> None:
    """Of code; what RUNBOOK.md says in Markdown is prose, and is as long as the way out needs."""
    code, prose = (
        [line for text in texts for line in text.splitlines() if line.strip()] for texts in ((CHECK, KEYS), (RUNBOOK,))
    )
    assert len(code) <= LINES_OF_ONES_OWN
    assert max(map(len, code)) <= 120
    assert len(prose) <= 8


def test_what_the_page_shows_passes_and_bites(tmp_path: Path) -> None:
    project = of_the_page(tmp_path)
    ended = project.opschecks("test").ends(0)
    assert ended.out.splitlines() == ["ok    the healthy sandbox", "ok    orders_pile_up"]


def test_its_remedy_is_planned_and_made_and_its_section_is_on_the_page(tmp_path: Path) -> None:
    project = of_the_page(tmp_path)
    stacks = (project.folder / "stacks.toml").read_text(encoding="utf-8")
    project.write("stacks.toml", f"{stacks}fix = {{ symptom_minutes = 0.001, poll_s = 0.01 }}\n")
    told = {}
    for how in ("plan", "apply"):
        project.run("checks/daily", "--stack", "sandbox", "--fault", "orders_pile_up", f"--fix={how}").ends(1)
        [told[how]] = project.told()["changes"]
    assert told["plan"]["result"] == "planned"
    assert told["plan"]["said"] == (
        'Attributes: {"MessageRetentionPeriod": "345600"} → {"MessageRetentionPeriod": "1209600"}'
    )
    # that the setting is there was read back before anybody looked whether it helped
    assert told["apply"]["result"] == "handed over"
    assert told["apply"]["said"] == (
        "not cured: the oldest is 40 minutes old; the change stays in place, and it needs a person"
    )
    assert project.told()["sections"] == [{"title": "Orders", "markdown": "orders: the oldest is 40 minutes old"}]
    assert re.search(r"<h2[^>]*>Orders</h2>", project.page())
    assert "\nkeep-orders " in project.opschecks("list", "remedies").out
