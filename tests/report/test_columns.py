"""Lines for a terminal of 80 columns: nothing is divided within a word, nothing is lost."""

from __future__ import annotations

import re

import click
import pytest

from opschecks.cli.main import main
from opschecks.report.columns import cut, wrapped

ARN = "arn:aws:elasticloadbalancing:us-west-2:123456789012:targetgroup/incident-commander-backend/c5680d2b8954fd7d"
LINES = {
    "short": "  critical  A service's CPU is saturated",
    "a sentence": "            backend: CPU peaked at 98 % within the last half hour; limit 90 %; 2 of 2 tasks run",
    "a name that is too long": f"            {ARN}: stickiness is off",
    "a word without separators": "x" * 200,
    "spaces only": " " * 90,
    "nothing": "",
}


@pytest.mark.parametrize("width", [20, 40, 80])
@pytest.mark.parametrize("line", LINES.values(), ids=LINES)
def test_a_line_is_divided_between_words_and_nothing_is_lost(line: str, width: int) -> None:
    lines = wrapped(line, width)
    assert "".join("".join(lines).split()) == "".join(line.split())
    for one in lines:
        assert len(one) <= width or not re.search(r"[\s/:_.@,;=&-]", one.strip()[:-1])
    words = [word for one in lines for word in one.split()]
    assert set(line.split()) - set(words) <= {word for word in line.split() if len(word) > width / 2 - 2}


def test_later_lines_hang_and_what_is_no_terminal_is_left_alone() -> None:
    assert wrapped("  high      A sentence that goes on", 24, 10) == [
        "  high      A sentence", "            that goes on",
    ]  # fmt: skip
    assert wrapped(LINES["a sentence"], None) == [LINES["a sentence"]]


def test_a_line_is_cut_after_a_word() -> None:
    assert cut("one two three; four", 16) == "one two three …"
    assert cut("one", 3) == "one"
    assert cut("x" * 30, 10) == "x" * 8 + " …"


@pytest.mark.parametrize(
    ("line", "longest", "told"),
    [
        ("            reply: " + "x" * 400, 300, "            reply: " + "x" * 279 + " …"),
        ("reply: " + "x" * 60 + "/" + "y" * 400, 80, "reply: " + "x" * 60 + "/ …"),
        ("a/" + "x" * 100, 40, "a/" + "x" * 36 + " …"),
        ("a word " * 20, 30, "a word a word a word a word …"),
        ("reply: {" + "y, " * 200, 20, "reply: {y, y, y …"),
    ],
)
def test_a_cut_line_keeps_what_there_is_room_for(line: str, longest: int, told: str) -> None:
    assert cut(line, longest) == told
    assert 0.7 * longest < len(told) <= longest


def _commands(command: click.Command, path: str = "opschecks") -> list[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        return [(path, command)]
    context = click.Context(command)
    below = [(name, command.get_command(context, name)) for name in command.list_commands(context)]
    return [(path, command), *(one for name, each in below if each for one in _commands(each, f"{path} {name}"))]


@pytest.mark.parametrize(("path", "command"), _commands(main), ids=lambda one: one if isinstance(one, str) else "")
def test_every_help_fits_into_80_columns(path: str, command: click.Command) -> None:
    context = command.context_class(command, info_name=path, terminal_width=80)
    assert [line for line in command.get_help(context).splitlines() if len(line) > 80] == []


def test_an_example_is_beside_its_words_where_there_is_room() -> None:
    context = main.context_class(main, info_name="opschecks", terminal_width=200, max_content_width=200)
    assert re.search(r"opschecks doctor --stack NAME +are credentials", main.get_help(context))
