"""What a release is made from and carries: bounds, pinned actions, image, bill of materials."""

from __future__ import annotations

import json
import re
import tomllib
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from opschecks.cli import sbom
from tests.scratch import ROOT

WORKFLOWS = sorted((ROOT / "examples").rglob("github-*.yml"))
NOW = datetime(2026, 11, 29, 7, 0, tzinfo=UTC)


def _project() -> dict[str, Any]:
    told: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return told


def test_every_requirement_says_the_oldest_version_that_will_do() -> None:
    """`examples/github-versions.yml` tries those; types of other packages follow their packages."""
    project = _project()["project"]
    for line in [
        *project["dependencies"],
        *(one for extra in project["optional-dependencies"].values() for one in extra),
    ]:
        wanted = Requirement(line)
        lowest = {one.operator for one in wanted.specifier} & {">=", "=="}
        assert lowest or wanted.name == "opschecks" or wanted.name.startswith("types-"), line


def test_what_is_installed_is_within_the_bounds() -> None:
    for line in _project()["project"]["dependencies"]:
        wanted = Requirement(line)
        assert wanted.specifier.contains(distribution(wanted.name).version), line


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: str(path.relative_to(ROOT / "examples")))
def test_workflows_pin_actions_and_limit_permissions(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    used = re.findall(r"uses: (\S+)(.*)", text)
    assert used
    for action, comment in used:
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action), action
        assert re.fullmatch(r" # v[\d.]+", comment), action
    told = yaml.safe_load(text)
    assert "permissions" in told
    for job in told["jobs"].values():
        allowed = {**told["permissions"], **job.get("permissions", {})}
        assert {key for key, value in allowed.items() if value == "write"} <= {"id-token"}
        assert job["timeout-minutes"] <= 60
        assert re.fullmatch(r"ubuntu-(latest|[\d.]+)", job["runs-on"])


def test_the_image_runs_as_nobody_and_is_built_from_what_the_wheel_is_built_from() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("USER ")] == ["USER 10001:10001"]
    (command,) = (json.loads(line.removeprefix("CMD ")) for line in lines if line.startswith("CMD "))
    assert command[:3] == ["pytest", "--pyargs", "opschecks.checks.daily"]
    copied = {
        name for line in lines if line.startswith("COPY ") and "--from" not in line for name in line.split()[1:-1]
    }
    ignore = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert copied == {line.removeprefix("!") for line in ignore if line.startswith("!")}
    built = _project()["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {*(Path(one).parts[0] for one in built["only-include"]), *built["force-include"]}
    told = _project()["project"]
    assert needed | {"pyproject.toml", told["readme"], *told["license-files"]} == copied


def test_the_bill_has_every_distribution_that_is_required_and_no_other() -> None:
    told = sbom.bill(now=NOW)
    parts = {one["name"]: one for one in told["components"]}
    required = [Requirement(line) for line in distribution("opschecks").requires or ()]
    direct = {canonicalize_name(one.name) for one in required if not one.marker}
    assert direct | {"botocore", "urllib3"} <= parts.keys()
    assert not {"moto", "mypy", "ruff", "opschecks"} & parts.keys()  # of the extras none was asked for
    assert parts["boto3"]["purl"] == f"pkg:pypi/boto3@{distribution('boto3').version}"
    refs = {one["bom-ref"] for one in (*told["components"], told["metadata"]["component"])}
    assert {one["ref"] for one in told["dependencies"]} == refs
    assert {need for one in told["dependencies"] for need in one["dependsOn"]} <= refs
    (ours,) = (one for one in told["dependencies"] if one["ref"] == told["metadata"]["component"]["bom-ref"])
    assert {ref.partition("@")[0].removeprefix("pkg:pypi/") for ref in ours["dependsOn"]} == direct


def test_the_bill_of_an_extra_has_what_that_brings() -> None:
    assert {"moto", "aiohttp"} <= {one["name"] for one in sbom.bill(["sandbox"], now=NOW)["components"]}


def test_the_same_installation_makes_the_same_bill(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(int(NOW.timestamp())))
    told = sbom.bill()
    assert told == sbom.bill(now=NOW)
    assert told["metadata"]["timestamp"] == "2026-11-29T07:00:00Z"
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", told["serialNumber"])


def test_a_bill_that_would_not_be_whole_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    def lacking(name: str) -> Any:
        if name == "jinja2":
            raise PackageNotFoundError(name)
        return distribution(name)

    monkeypatch.setattr(sbom, "distribution", lacking)
    with pytest.raises(sbom.NotInstalled, match="opschecks requires jinja2"):
        sbom.bill(now=NOW)
