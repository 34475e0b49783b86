"""RUNBOOK.md: a section for every check, and commands that run, look before they act, and take any name."""

from __future__ import annotations

import html
import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import xform_name

from opschecks.config.stack import Stack
from opschecks.core.check_names import find_checks
from opschecks.core.model import CHECK_ATTRIBUTE, Check
from opschecks.report.runbook import fill, read_runbook, to_html
from tests.canned import checks_of
from tests.cli.typed import opschecks
from tests.forks import TIMEOUT_S
from tests.scratch import ROOT

PATH = ROOT / "checks" / "RUNBOOK.md"
RUNBOOK = read_runbook(PATH)
SESSION = botocore.session.get_session()
PLACEHOLDER = re.compile(r"<([a-z][a-z0-9-]*)>")
BLOCK = re.compile(r"^ *```sh\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)

OF_EVERY_COMMAND = {"region", "query", "output", "profile", "max-items"}
OF_THE_CLI_ALONE = {
    ("s3", "sync"): {"delete"},
    ("cloudfront", "create-invalidation"): {"paths"},
    ("logs", "tail"): {"follow", "filter-pattern", "since", "format"},
}
LOOKS = ("describe-", "list-", "get-", "filter-", "query", "scan", "lookup-", "tail")

NASTY = "a b'c\"d;touch stolen $(touch stolen) `touch stolen` & | > stolen < * \\ #"


def _every_field() -> Stack:
    return Stack(
        name="production",
        region="us-west-2",
        account_id="123456789012",
        cluster="the-cluster",
        services=["the-service"],
        load_balancer="the-balancer",
        tables=["the-table"],
        log_groups=["/the/logs"],
        alarm_prefix="the-prefix",
        incidents_table="the-incidents",
        backend_url="https://backend.test",
        websocket={},
        dashboard_url="https://dashboards.test",
        distribution_id="E2EXAMPLE",
        contacts={"on_call": "the one on call", "escalation": "the lead", "support": "support"},
    )


TOKENS = {**_every_field().tokens(), "resource": "sg-0123456789abcdef0", "name": "the-name"}


def _blocks(markdown: str) -> list[str]:
    return BLOCK.findall(markdown)


def _parts() -> Iterator[tuple[str, str]]:
    """Every part that has commands, as (id, Markdown)."""
    for section in RUNBOOK.values():
        for part in ("symptom", "look", "act"):
            if "```" in getattr(section, part):
                yield f"{section.slug}, {part}", getattr(section, part)


PARTS = dict(_parts())
PROSE = re.sub(r"```.*?```", "", PATH.read_text(encoding="utf-8"), flags=re.DOTALL)


def _commands(block: str) -> list[list[str]]:
    """Every simple command of a block whose placeholders are filled, as its words; those in $( ) too."""
    found: list[list[str]] = []
    for line in block.replace("\\\n", " ").splitlines():
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        lexer.commenters = ""
        words: list[str] = []
        for word in [*lexer, ";"]:
            if set(word) <= set(lexer.punctuation_chars):
                if words:
                    found.append(words)
                words = []
            elif word not in ("do", "done", "then", "fi"):
                words.append(word)
    return found


def _aws(markdown: str) -> list[list[str]]:
    """Every `aws` command of a part, without the word aws."""
    commands = [command for block in _blocks(fill(markdown, TOKENS)) for command in _commands(block)]
    return [command[1:] for command in commands if command[0] == "aws"]


@cache
def _service(name: str) -> Any:
    return SESSION.get_service_model(name)


@cache
def _operations(service: str) -> dict[str, str]:
    return {xform_name(name, "-"): name for name in _service(service).operation_names}


def _declared() -> dict[str, Check]:
    """Every check of the repository, from its module."""
    found: dict[str, Check] = {}
    for path in sorted({path for _, path in find_checks(ROOT / "checks")}):
        suite = path.parent.relative_to(ROOT / "checks").as_posix()
        for thing in vars(checks_of(suite, path.stem.removeprefix("test_"))).values():
            if isinstance(declared := getattr(thing, CHECK_ATTRIBUTE, None), Check):
                found[declared.name] = declared
    return found


def test_every_check_has_a_heading_and_every_heading_a_check() -> None:
    checks = _declared()
    assert set(checks) == {name for name, _ in find_checks(ROOT / "checks")}
    assert {check.runbook for check in checks.values()} == set(RUNBOOK)


def test_every_placeholder_is_one_that_the_page_can_fill() -> None:
    text = PATH.read_text(encoding="utf-8")
    named = set(PLACEHOLDER.findall(re.sub(r"<placeholders>|<title>", "", text)))
    assert len(named) > 8
    assert named <= set(TOKENS)


def test_a_stack_with_every_field_can_fill_every_token() -> None:
    bare = Stack(name="bare").tokens()
    assert set(bare) == {"stack", "status-index", "min-tasks", "max-tasks", "cpu-limit"}
    assert all(TOKENS.values())
    assert TOKENS["websocket-url"] == "wss://backend.test/ws"


@pytest.mark.parametrize("part", PARTS)
def test_nothing_is_left_to_fill(part: str) -> None:
    assert PLACEHOLDER.findall(re.sub("<title>", "", fill(PARTS[part], TOKENS))) == []


def test_sections_that_are_referred_to_exist() -> None:
    named = set(re.findall(r"`([a-z]+(?:-[a-z]+)+)`", PROSE))
    assert len(named) > 5
    assert named <= set(RUNBOOK)


def test_every_section_has_commands_for_looking() -> None:
    assert [section.slug for section in RUNBOOK.values() if not _blocks(section.look)] == []


@pytest.mark.parametrize("part", PARTS)
def test_every_block_of_code_is_one_for_the_shell(part: str) -> None:
    fences = re.findall(r"^ *```(\w*)$", PARTS[part], re.MULTILINE)
    assert fences == ["sh", ""] * len(_blocks(PARTS[part]))
    assert len(fences) == PARTS[part].count("```")


@pytest.mark.parametrize("part", PARTS)
def test_every_aws_command_exists_with_its_options(part: str) -> None:
    for service, operation, *words in _aws(PARTS[part]):
        options = {word.removeprefix("--").partition("=")[0] for word in words if word.startswith("--")}
        allowed = OF_EVERY_COMMAND | OF_THE_CLI_ALONE.get((service, operation), set())
        service = "s3" if service == "s3api" else service  # the CLI's name for the API that botocore calls s3
        if (service, operation) == ("s3", "sync"):
            assert options <= OF_EVERY_COMMAND | allowed
            continue
        if (service, operation) == ("logs", "tail"):
            assert options <= allowed
            continue
        assert service in SESSION.get_available_services()
        if operation == "wait":
            model = SESSION.get_waiter_model(service)
            (waiter,) = [name for name in model.waiter_names if xform_name(name, "-") == words[0]]
            operation = xform_name(model.get_waiter(waiter).operation, "-")
        assert operation in _operations(service), f"{service} {operation}"
        shape = _service(service).operation_model(_operations(service)[operation]).input_shape
        members = {xform_name(name, "-") for name in shape.members}
        flags = {f"no-{xform_name(name, '-')}" for name, of in shape.members.items() if of.type_name == "boolean"}
        assert options <= members | flags | allowed, f"{service} {operation}"
        required = {xform_name(name, "-") for name in shape.required_members}
        paths = {"invalidation-batch"} if "paths" in options else set()
        assert required <= options | paths, f"{service} {operation}"


@pytest.mark.parametrize("part", PARTS)
def test_every_aws_command_names_its_region(part: str) -> None:
    for service, operation, *words in _aws(PARTS[part]):
        if service != "cloudfront":
            assert "--region" in words, f"{service} {operation}"
            assert words[words.index("--region") + 1] == "us-west-2"


@pytest.mark.parametrize("slug", RUNBOOK)
def test_looking_changes_nothing(slug: str) -> None:
    look = RUNBOOK[slug].look
    changing = [" ".join(words[:2]) for words in _aws(look) if not words[1].startswith(LOOKS)]
    assert changing == []
    for block in _blocks(fill(look, TOKENS)):
        for command in _commands(block):
            if command[0] == "curl":
                sends = {"-X", "--request", "-d", "-F", "-T", "--form", "--json", "--upload-file"}
                assert not sends & set(command)
                assert not [word for word in command if word.startswith("--data")]


def test_commands_are_found_wherever_they_stand() -> None:
    loop = "for x in $(aws ecs list-tasks --cluster c); do\n"
    block = f"{loop}  aws ecs stop-task --task \"$x\" \\\n    --reason 'a;b'\ndone\n"
    assert [command for command in _commands(block) if command[0] == "aws"] == [
        ["aws", "ecs", "list-tasks", "--cluster", "c"],
        ["aws", "ecs", "stop-task", "--task", "$x", "--reason", "a;b"],
    ]
    written = sum(len(re.findall(r"\baws [a-z]", block)) for part in PARTS.values() for block in _blocks(part))
    assert sum(len(_aws(part)) for part in PARTS.values()) == written > 30
    assert _aws(f"1. Do.\n\n   ```sh\n{block}   ```\n")[1][:2] == ["ecs", "stop-task"]


STUBS = """\
for command in aws curl grep wscat; do
  eval "$command() { printf '%s\\\\0' $command \\"\\$@\\" >&3; echo told; }"
done
date() { echo 2026-07-01T00:00:00Z; }
touch() { : > "$1"; }
export PATH=
"""


def _said(block: str, folder: Path) -> tuple[list[str], str]:
    """The arguments of a block's commands, which are stubs, when bash runs it; and bash's complaints."""
    given = folder / "given"
    with given.open("wb") as out:
        done = subprocess.run(
            ["bash", "-c", f"exec 3>&{out.fileno()}\n{STUBS}\n{block}"],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            pass_fds=[out.fileno()],
            check=False,
        )
    return given.read_text(encoding="utf-8").split("\0"), done.stderr


@pytest.mark.parametrize("part", PARTS)
def test_every_block_is_shell_that_takes_any_name(part: str, tmp_path: Path) -> None:
    nasty = {token: f"{token}: {NASTY}" for token in TOKENS}
    for template, block in zip(_blocks(PARTS[part]), _blocks(fill(PARTS[part], nasty)), strict=True):
        checked = subprocess.run(["bash", "-n"], input=block, capture_output=True, text=True, check=False)
        assert (checked.returncode, checked.stderr) == (0, ""), block
        given, complaints = _said(block, tmp_path)
        assert complaints == "", block
        assert len(given) > 1, block
        for token in PLACEHOLDER.findall(template.replace("<title>", "")):
            assert any(nasty[token] in word for word in given), f"<{token}> does not arrive as it is: {block}"
    assert {path.name for path in tmp_path.iterdir()} <= {"given", "logs.json"}


def test_an_unquoted_name_would_be_noticed(tmp_path: Path) -> None:
    given, _ = _said("aws ecs list-tasks --cluster $(touch stolen)", tmp_path)
    assert given == ["aws", "ecs", "list-tasks", "--cluster", ""]
    assert (tmp_path / "stolen").exists()


@pytest.mark.parametrize("part", PARTS)
def test_the_page_shows_the_same_commands(part: str) -> None:
    for tokens in (TOKENS, {token: f"{token}: {NASTY}" for token in TOKENS}):
        page = to_html(PARTS[part], tokens)
        shown = [html.unescape(code) for code in re.findall(r'<code class="language-sh">(.*?)</code>', page, re.DOTALL)]
        filled = _blocks(fill(PARTS[part], tokens))
        assert [_commands(block) for block in shown] == [_commands(block) for block in filled]


def _listed(kind: str) -> list[dict[str, str]]:
    ended = opschecks("list", kind, "--format", "json")
    assert ended.exit_code == 0, ended.output
    told: list[dict[str, str]] = json.loads(ended.output)
    return told


def test_every_heading_has_checks_and_faults_and_every_one_of_those_a_heading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    checks = {row["runbook"] for row in _listed("checks")}
    remedies = {row["runbook"] for row in _listed("remedies") if row["runbook"]}
    faults = {slug for row in _listed("faults") for slug in row["runbook"].split(", ") if slug}
    assert checks == set(RUNBOOK)
    assert remedies <= set(RUNBOOK)
    assert faults == set(RUNBOOK)
