"""Hostile strings of AWS in the terminal and in JUnit: nothing moves the cursor, turns the text, or ends an element."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.scratch import CONFTEST, Ended, Project

HOSTILE = (
    "]]> --> <script>alert(1)</script>\"'& \\x1b[2J\\x1b]0;owned\\x07 \\u202eevil\\u2066 \\x00\\x9b31m"
    " in\\u200bvi\\u2060si\\xadble \\u3164\\u2800 \\U000e0041 end"
)
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u2069\u2800\u3164\U000e0041]")
THING = f'''

@observation()
def hostile() -> list[Resource]:
    """Something with a name that is meant to do harm."""
    text = "{HOSTILE.replace('"', chr(92) + '"')}" + "n" * 10_000
    return [Resource(arn="arn:" + text, name=text, evidence={{text: text}})]
'''
CHECK = """\
import json


@promise("a")
def test_hostile(hostile, examine):
    "It hurts."
    for one in hostile:
        with examine(one) as note:
            note(one.name)
            assert False, one.name


@promise("a")
def test_unseen(hostile, examine):
    "It hurts."
    raise CouldNotLook("ecs:DescribeServices", hostile[0].name)
"""


@pytest.fixture(scope="module", params=[(), ("-v", "-rA"), ("-n", "1")], ids=["plain", "verbose", "xdist"])
def ended(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Ended, Path]:
    project = Project.make(tmp_path_factory.mktemp("hostile"))
    project.write("conftest.py", CONFTEST + THING)
    project.checks(CHECK)
    done = project.run("checks/daily", "-o", "junit_logging=all", "-p", "no:cacheprovider", *request.param).ends(1)
    return done, project.folder / "reports" / "daily.xml"


def test_no_control_character_reaches_the_terminal(ended: tuple[Ended, Path]) -> None:
    done, _ = ended
    assert not CONTROLS.search(done.out + done.err)
    assert "\\x1b[2J" in done.out, "it is spelled out, not swallowed"


def test_junit_can_be_read_and_holds_no_control_character(ended: tuple[Ended, Path]) -> None:
    _, path = ended
    root = ElementTree.fromstring(path.read_text(encoding="utf-8"))
    cases = {case.get("name", "").partition("[")[0]: [one.tag for one in case] for case in root.iter("testcase")}
    assert "failure" in cases["test_hostile"]
    assert {"error", "failure"} & set(cases["test_unseen"])
    assert not [one.tag for one in root.iter() if one.tag == "script"]
    told = " ".join(text for one in root.iter() for text in (one.text or "", *one.attrib.values()))
    assert not CONTROLS.search(told)
    assert "<script>alert(1)</script>" in told
