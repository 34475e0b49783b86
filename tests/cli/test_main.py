"""`opschecks` as users type it: what it lists, on a terminal and in a pipe, and how it refuses."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import click
import pytest
from pydantic import BaseModel

from opschecks.cli.about_stack import limits_of
from opschecks.cli.fitting import ListRow, table_of
from opschecks.cli.main import _LISTS, main
from opschecks.config.stack import NO_KEYS, Stack
from opschecks.core.check_names import find_checks
from opschecks.core.declared import limits_in
from tests.canned import stack
from tests.cli.typed import NO_FILE, QUICK_STACKS, refused_fresh
from tests.fault_groups import known_faults
from tests.scratch import ROOT, Project, check_of_each

KINDS = ("checks", "observations", "drills", "faults", "stacks", "keys")


def _listed(project: Project, kind: str, *arguments: str) -> list[dict[str, str]]:
    ended = project.opschecks("list", kind, "--format", "json", *arguments)
    assert (ended.code, ended.err) == (0, "")
    rows: list[dict[str, str]] = json.loads(ended.out)
    return rows


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_teaches_the_next_step(project: Project, option: str) -> None:
    ended = project.opschecks(option).ends(0)
    for word in ("pytest checks/daily", "--stack NAME", "--fault NAME", "opschecks list faults", "opschecks sandbox"):
        assert word in ended.out


@pytest.mark.parametrize("command", ["list", "sandbox"])
def test_every_command_has_help_with_every_option_explained(project: Project, command: str) -> None:
    ended = project.opschecks(command, "--help").ends(0)
    options = [line for line in ended.out.splitlines() if line.strip().startswith("--")]
    assert len(options) >= 2
    assert all(len(line.split()) > 3 for line in options), options
    if command == "list":
        assert all(kind in ended.out for kind in KINDS)


def test_the_version_is_the_packages(project: Project) -> None:
    from importlib.metadata import version

    ended = project.opschecks("--version").ends(0)
    assert version("opschecks") in ended.out


@pytest.mark.parametrize("kind", KINDS)
def test_text_and_json_list_the_same(checks: Project, kind: str) -> None:
    rows = _listed(checks, kind)
    shown = checks.opschecks("list", kind)
    assert (shown.code, shown.err) == (0, "")
    assert rows
    assert all(row.keys() == rows[0].keys() for row in rows)
    for row in rows:
        for value in row.values():
            assert value in shown.out
    starts = [line.split()[0] for line in shown.out.splitlines() if not line.startswith(" ")]
    assert starts == [next(iter(row.values())) for row in rows]


def test_every_check_is_listed_with_its_file_and_why_it_hurts(checks: Project) -> None:
    rows = _listed(checks, "checks")
    wanted = {(name, str(path.relative_to(ROOT))) for name, path in find_checks(ROOT / "checks")}
    assert len(wanted) > 20
    assert {(row["check"], row["file"]) for row in rows} == wanted
    assert all(row["why"].endswith(".") for row in rows)


def test_every_fault_is_listed_with_what_catches_it(checks: Project) -> None:
    rows = {row["fault"]: row for row in _listed(checks, "faults")}
    names = {name for name, _ in find_checks(ROOT / "checks")}
    assert set(rows) == set(known_faults())
    for name, row in rows.items():
        caught = set(row["caught by"].removeprefix("fails ").split(", ")) - {""}
        assert caught == set(known_faults()[name].caught_by)
        assert caught <= names
        assert caught or row["blinds"].startswith("blinds ")
        assert row["what"].endswith(".")


def test_every_observation_is_listed_with_what_it_may_ask_for(checks: Project) -> None:
    rows = {row["observation"]: row for row in _listed(checks, "observations")}
    assert rows["target_groups"]["allow"] == "IAM: elasticloadbalancing:DescribeTargetGroupAttributes"
    assert rows["websocket_session"]["allow"] == ""
    assert rows["alarms"]["what"]


def test_stacks_are_listed_with_where_they_are(project: Project) -> None:
    project.write(
        "stacks.toml",
        """\
        default = "production"
        [stacks.production]
        region = "us-west-2"
        account_id = "123456789012"
        [stacks.elsewhere]
        [stacks.box]
        sandbox = true
        """,
    )
    assert _listed(project, "stacks") == [
        {"stack": "production", "where": "123456789012, us-west-2", "default": "the default"},
        {"stack": "elsewhere", "where": "any account, any region", "default": ""},
        {"stack": "box", "where": "SANDBOX", "default": ""},
    ]


def test_another_stacks_file_can_be_listed(project: Project) -> None:
    assert [row["stack"] for row in _listed(project, "stacks", "--stacks", str(QUICK_STACKS))] == ["sandbox"]


def _keys_of(table: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """The keys of a table, those of the tables in it after its own name and a dot."""
    for key, field in table.model_fields.items():
        types = [field.annotation, *get_args(field.annotation)]
        inner = [one for one in types if isinstance(one, type) and issubclass(one, BaseModel)]
        if inner:
            yield from _keys_of(inner[0], f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"


def test_every_key_of_stacks_toml_is_listed(project: Project) -> None:
    rows = {row["key"]: row for row in _listed(project, "keys")}
    wanted = set(_keys_of(Stack)) - {*NO_KEYS}
    assert {"region", "limits.cpu_percent", "dashboards.path"} <= wanted
    of_checks = {f"limits.{name}" for name in limits_in(ROOT / "checks")}
    assert "limits.queue_age_minutes" in of_checks
    assert set(rows) == (wanted - {"limits.own"}) | of_checks | {'limits."RESOURCE"'}
    assert [key for key, row in rows.items() if not row["what"]] == []
    assert "the most specific" in rows['limits."RESOURCE"']["what"].lower()
    assert rows["limits.cpu_percent"]["default"] == "default: 80"
    assert rows["limits.cpu_percent"]["what"].endswith("; also per resource")
    assert not rows["limits.pages"]["what"].endswith("; also per resource")
    assert rows["dashboards.path"]["default"] == "required"


def test_where_there_are_no_checks_it_lists_those_that_opschecks_ships(project: Project) -> None:
    shutil.rmtree(project.folder / "checks")
    wanted = {(name, str(path)) for name, path in find_checks(ROOT / "checks")}
    assert {(row["check"], row["file"]) for row in _listed(project, "checks")} == wanted
    project.checks(check_of_each("test_own"), "daily/test_ecs.py")  # called as one of ours is
    own = ("test_own", "checks/daily/test_ecs.py")
    assert {(row["check"], row["file"]) for row in _listed(project, "checks")} == {own, *wanted}


def test_a_kind_that_does_not_exist_is_refused_with_those_that_do(project: Project) -> None:
    ended = project.opschecks("list", "check").ends(2)
    assert "Traceback" not in ended.err
    assert all(kind in ended.err for kind in KINDS)


@pytest.mark.parametrize("command", [["list", "stacks"], ["sandbox"]], ids=" ".join)
def test_a_bad_stacks_file_is_one_line(project: Project, command: list[str]) -> None:
    project.write("stacks.toml", '[stacks.here]\nregoin = "x"\n')
    line = refused_fresh(project, *command)
    assert line == "stacks.toml: stacks.here.regoin: unknown key; did you mean 'region'?"
    assert refused_fresh(project, *command, "--stacks", "nowhere.toml") == f"nowhere.toml: {NO_FILE}"


@pytest.mark.parametrize("text", [b"def test_things(:\n    pass\n", b"name = '\xff'\n"], ids=["no Python", "no text"])
def test_a_check_file_that_cannot_be_read_is_one_line(project: Project, text: bytes) -> None:
    project.write("checks/daily/test_things.py", "")
    (project.folder / "checks/daily/test_things.py").write_bytes(text)
    assert refused_fresh(project, "list", "checks").startswith("checks/daily/test_things.py:")


def test_which_limit_holds_and_why() -> None:
    limits = {
        "cpu_percent": 70,
        "jobs/*": {"min_tasks": 1, "max_tasks": 1},
        "jobs/mail": {"max_tasks": 2},
        "/ecs/found-later": {"log_errors_per_hour": 3},
    }
    shop = stack(cluster=["shop", "jobs"], services=["shop/web", "jobs/mail"], limits=limits)
    told = {(row["resource"], row["limit"]): row["why"] for row in limits_of(shop)}
    assert told == {
        ("every resource", "cpu_percent = 70"): "limits of the stack; default: 80",
        ("jobs/mail", "min_tasks = 1"): 'limits."jobs/*"',
        ("jobs/mail", "max_tasks = 2"): 'limits."jobs/mail", the most specific; "jobs/*" has 1',
        ("/ecs/found-later", "log_errors_per_hour = 3"): "of what is found in a run: stacks.toml does not name it",
    }


def test_what_holds_is_what_checks_are_given() -> None:
    limits = {"*": {"cpu_percent": 50}, "prod/*": {"cpu_percent": 60}, "prod/web": {"cpu_percent": 65}}
    prod = stack(cluster="prod", services=["web", "api"], limits=limits)
    told = {row["resource"]: row["limit"] for row in limits_of(prod)}
    for name in ("prod/web", "prod/api"):
        assert told[name] == f"cpu_percent = {prod.limits.named(name).cpu_percent:g}"


SHORT: list[ListRow] = [
    {"stack": "a", "where": "here", "why": "it is"},
    {"stack": "other", "where": "there", "why": ""},
]
LONG: list[ListRow] = [{"check": "test_" + "x" * 40, "file": "a.py", "why": "w " * 60}] * 2


def _plain(rows: list[ListRow], width: int | None) -> list[str]:
    return [click.unstyle(line) for line in table_of(rows, width)]


def test_a_terminal_has_headings_over_columns() -> None:
    assert _plain(SHORT, 40) == ["stack  where, why", "─" * 40, "a      here", "       it is", "other  there"]
    styled = next(iter(table_of(SHORT, 40)))
    assert styled == click.style("stack  where, why", bold=True)


def test_long_names_stand_above_what_is_told_of_them_with_a_line_between() -> None:
    shown = _plain(LONG, 80)
    assert shown[:4] == ["check: file, why", "─" * 80, LONG[0]["check"], "    a.py"]
    assert shown.count("") == 1


def test_a_pipe_has_whole_lines_and_nothing_else() -> None:
    assert _plain(SHORT, None) == ["a      here", "       it is", "other  there"]
    assert all(any(row["why"] in line for line in _plain(LONG, None)) for row in LONG)


@pytest.mark.parametrize("kind", ["checks", "observations", "remedies", "keys"])
def test_what_there_is_fits_into_80_columns_and_no_word_is_divided(kind: str) -> None:
    rows = list(_LISTS[kind](Path("stacks.toml")))
    shown = _plain(rows, 80)
    assert max(map(len, shown)) <= 80
    words = {word for row in rows for text in row.values() for word in re.findall(r"(?<!\S)\w{1,40}(?!\S)", text)}
    assert words <= set(re.findall(r"\w+", "\n".join(shown)))


def test_help_and_completion_import_no_command() -> None:
    """A person waits for both, and each command needs much."""
    code = (
        "import sys\nfrom click.testing import CliRunner\nfrom opschecks.cli.main import main\n"
        "said = CliRunner().invoke(main, ['--help']).output\n"
        "commands = said.partition('Commands:')[2]\n"
        "assert 'Undo a change' in commands and '...' not in commands, said\n"
        "told = main.shell_complete(main.make_context('opschecks', [], resilient_parsing=True), 're')\n"
        "assert [one.value for one in told] == ['recording', 'report']\n"
        "assert not {'opschecks.cli.fix', 'opschecks.cli.report', 'pytest', 'botocore'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_command_is_there_and_says_what_it_is_for() -> None:
    context = click.Context(main)
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command is not None
        assert command.name == name
        assert command.help
