"""Secrets appear in no output, whatever carried them."""

from __future__ import annotations

import html
import re
import xml.etree.ElementTree as ET
from collections.abc import Mapping

import pytest

from opschecks.core.redaction import MASK
from tests.scratch import Project

OUTPUTS = ("daily.json", "daily.html", "daily.xml", "daily.pytest.html", "terminal")


OBSERVATIONS = """\
import logging
from datetime import UTC, datetime

from opschecks import CouldNotLook, Resource, observation
from opschecks import Figure, Series

pytest_plugins = ["opschecks"]


@observation()
def things() -> list[Resource]:
    '''Two things.'''
    logging.getLogger("world").error("password=<log of an observation>")
    evidence = {
        "password": "<evidence by name>",
        "text": "SEEN-EVIDENCE Authorization: Bearer <evidence in text>",
        "raw": b"token=<evidence in bytes>",
        "containerDefinitions": [{"environment": [{"name": "A", "value": "<evidence in an environment>"}]}],
        "https://me:<evidence in a key>@host.test": 1,
    }
    points = tuple((datetime(2026, 7, 1, hour, tzinfo=UTC), float(hour)) for hour in range(3))
    return [
        Resource(
            arn="https://me:<resource>@host.test/x",
            name="SEEN-NAME token=<name>",
            evidence=evidence,
            figures=(Figure("a figure", "password=<figure>"),),
            series=(Series("password=<series>", "", points, 300, 1.0),),
        ),
        Resource(arn="thing/b", name="b", evidence={"name": "b"}),
    ]


@observation()
def broken() -> list[Resource]:
    '''Nothing.'''
    raise RuntimeError("SEEN-BROKEN password=<exception of an observation>")


@observation()
def unseen() -> list[Resource]:
    '''Nothing.'''
    raise CouldNotLook("GET https://me:<call>@host.test", "SEEN-REASON token=<reason>")
"""
CHECKS = """
import logging
import sys
import warnings


@promise("a")
def test_fails(things, examine):
    '''Why.'''
    print("SEEN-STDOUT password=<stdout>")
    print("SEEN-STDERR password=<stderr>", file=sys.stderr)
    logging.getLogger("check").warning("SEEN-LOG Authorization: Bearer <log>")
    logging.getLogger("botocore.auth").debug("CanonicalRequest:\\n%s", "x-amz-security-token:<debug log>")
    logging.getLogger("botocore.endpoint").debug("sending %r", {"X-Amz-Security-Token": b"<debug log of bytes>"})
    header = {"Set-Cookie": "AWSALB=<local variable>; Path=/"}
    arguments = ["mysql", "--password", "<local argument>"]
    told = "SEEN-WARNING password=<warning>"
    warnings.warn(told)
    for one in things:
        with examine(one) as note:
            note("SEEN-NOTE password=<note>")
            assert one.name == "b", "SEEN-MESSAGE password=<message>"

@promise("a")
def test_explains(things, examine):
    '''Why.'''
    with examine(things[1]):
        print("SEEN-EXPLAINED")
        assert "token=<explained assertion>" == "nothing"

@promise("a")
def test_has_a_bug(things, examine):
    '''Why.'''
    raise RuntimeError("SEEN-BUG password=<exception>")

@promise("a")
def test_is_broken(broken, examine):
    '''Why.'''

@promise("a")
def test_is_unseen(unseen, examine):
    '''Why.'''

@promise("a")
def test_passes(things, examine):
    '''Why.'''
    print("password=<stdout of a check that passes>")
    logging.getLogger("check").warning("password=<log of a check that passes>")
    with examine(things[1]):
        pass
"""
STACKS = """\
default = "here"

[stacks.here]
region = "us-west-2"
backend_url = "https://me:<address of the stack>@host.test"
"""


PLACES = tuple(dict.fromkeys(re.findall("<([a-z][a-z ]+)>", OBSERVATIONS + CHECKS + STACKS)))
"""What may carry a secret: every <place> above."""


def _secret(place: str) -> str:
    return f"S3cr3t{PLACES.index(place):02}x9"


def _filled(text: str) -> str:
    for place in PLACES:
        text = text.replace(f"<{place}>", _secret(place))
    return text


ALL = [
    "-vv", "--tb=long", "--showlocals", "-o", "log_cli=true", "--log-cli-level=DEBUG", "--log-file=log.txt",
    "--log-file-level=DEBUG",
]  # fmt: skip
"""Every option that makes pytest tell more."""


@pytest.fixture(scope="module", params=["alone", "junit with logs", "in workers", "told all"])
def outputs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    project = Project.make(tmp_path_factory.mktemp("secrets"))
    project.write("conftest.py", _filled(OBSERVATIONS))
    project.write("stacks.toml", _filled(STACKS))
    project.runbook("a")
    project.write(
        "checks/RUNBOOK.md",
        (project.folder / "checks/RUNBOOK.md").read_text(encoding="utf-8").replace("1. Look.", "1. GET <backend-url>"),
    )
    project.checks(_filled(CHECKS))
    options = {"alone": [], "junit with logs": ["-o", "junit_logging=all"], "in workers": ["-n", "1"], "told all": ALL}
    ended = project.run("checks/daily", *options[request.param]).ends(1)
    files = {name: project.page(name) for name in OUTPUTS if name != "terminal"}
    log = project.folder / "log.txt"
    more = {"log": log.read_text(encoding="utf-8")} if log.exists() else {}
    assert ("SEEN-LOG" in more.get("log", "")) == (request.param == "told all")
    return {**files, **more, "terminal": ended.all}


@pytest.mark.parametrize("place", PLACES)
def test_a_secret_reaches_no_output(outputs: Mapping[str, str], place: str) -> None:
    leaks = [name for name, text in outputs.items() if _secret(place) in text or _secret(place) in _unescaped(text)]
    assert leaks == []


def _unescaped(text: str) -> str:
    return html.unescape(html.unescape(text))


SEEN = {
    "daily.json": "EVIDENCE NAME NOTE MESSAGE BUG BROKEN REASON",
    "daily.html": "EVIDENCE NAME NOTE MESSAGE BUG BROKEN REASON",
    "daily.xml": "NAME NOTE MESSAGE BUG BROKEN REASON",
    "daily.pytest.html": "NAME NOTE MESSAGE BUG BROKEN REASON STDOUT STDERR LOG EXPLAINED",
    "terminal": "NAME NOTE MESSAGE BUG BROKEN REASON WARNING",
}


@pytest.mark.parametrize("output", OUTPUTS)
def test_what_carried_the_secrets_is_still_told(outputs: Mapping[str, str], output: str) -> None:
    missing = [word for word in SEEN[output].split() if f"SEEN-{word}" not in outputs[output]]
    assert missing == []
    assert MASK in outputs[output]


def test_half_characters_spoil_no_file(project: Project) -> None:
    project.write(
        "conftest.py",
        """\
        from opschecks import Resource, observation

        pytest_plugins = ["opschecks"]


        @observation()
        def things() -> list[Resource]:
            '''One thing.'''
            return [Resource(arn="thing/\\ud800", name="n\\udfff", evidence={"k\\ud800": "v\\ud800"})]
        """,
    )
    project.runbook("a")
    project.checks("""
    @promise("a")
    def test_fails(things, examine):
        '''Why.'''
        for one in things:
            with examine(one) as note:
                note("noted \\ud800")
                print("printed \\ud800")
                assert False, "told \\ud800"
    """)
    project.run("checks/daily").ends(1)
    assert project.outcomes() == {"test_fails": "failed"}
    (finding,) = project.told()["findings"]
    assert (finding["name"], finding["evidence"]) == ("n\ufffd", {"k\ufffd": "v\ufffd"})
    assert "unfinished" not in project.page()
    assert ET.parse(project.folder / "reports" / "daily.xml").getroot().find(".//failure") is not None
    assert "told \\ufffd" in html.unescape(project.page("daily.pytest.html"))
