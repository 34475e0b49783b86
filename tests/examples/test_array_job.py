"""The array job's own command lines, in place of AWS Batch, from two shards to one page; S3 is a folder here."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from docs.site.reference import pytest_options
from examples.aws import report as step
from opschecks.cli.main import main
from tests.examples.templates import MAIN, read
from tests.examples.test_report_step import Bucket
from tests.scratch import ROOT, Project, check_of_each

STACKS = "".join(f'[stacks.{name}]\nregion = "us-west-2"\nstate = "state"\n' for name in ("billing", "search", "shop"))
NAMES = ("index", "billing", "search", "shop")
FLEET = "0b6f1c1e-morning"


def _command(name: str, **places: str) -> list[str]:
    """What the container is told, with the parameters that the state machine gives."""
    command = read(MAIN)["Resources"][name]["Properties"]["ContainerProperties"]["Command"]
    told = [one["Fn::Sub"] if isinstance(one, dict) else one for one in command]
    return [FLEET if word == "Ref::fleet" else places.get(word, word) for word in told]


def _shard(project: Project, index: int) -> int:
    pytest_, *words = _command("Shard", **{"/tmp/reports": str(project.folder / f"reports-{index}")})
    assert (pytest_, words[:2]) == ("pytest", ["--pyargs", "opschecks.checks.daily"])
    batch = {
        "AWS_BATCH_JOB_ID": f"4c75:{index}",
        "AWS_BATCH_JOB_ARRAY_INDEX": str(index),
        "AWS_BATCH_JOB_ARRAY_SIZE": "2",
        "AWS_BATCH_JOB_ATTEMPT": "1",
    }
    return project.run("checks/daily", *words[2:], **batch).code


def _report(project: Project, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> int:
    def run(command: list[str]) -> subprocess.CompletedProcess[str]:
        assert command[0] == "opschecks"
        ended = CliRunner().invoke(main, command[1:])
        return subprocess.CompletedProcess(command, ended.exit_code, ended.stdout, ended.stderr)

    monkeypatch.setattr(step, "_run", run)
    places = {"s3://${State}/opschecks": str(project.folder / "state"), "s3://${Pages}": "s3://pages"}
    python, file, state, pages, fleet = _command("Report", **places)
    assert (python, file) == ("python", "/opt/opschecks/report.py")
    return step.report(state, pages, fleet, bucket)


def test_two_shards_become_one_page_and_a_missing_one_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    project, bucket = Project.make(tmp_path), Bucket()
    project.write("stacks.toml", STACKS)
    project.checks(check_of_each("test_a"))
    monkeypatch.chdir(tmp_path)
    assert _shard(project, 0) == 0
    assert _report(project, bucket, monkeypatch) == 10
    assert json.loads(capsys.readouterr().out) == {"complete": False, "exit_code": 10}
    assert b"No run" in bucket.kept["pages/index.html"][0]

    assert _shard(project, 1) == 0
    assert _report(project, bucket, monkeypatch) == 0
    assert json.loads(capsys.readouterr().out) == {"complete": True, "exit_code": 0}
    pages = "\n".join(sorted(bucket.kept))
    assert [name for name in NAMES if name in pages] == list(NAMES)


@pytest.mark.parametrize("file", ["kubernetes.yaml", "github-matrix.yml"])
def test_the_other_schedulers_are_told_what_exists(file: str) -> None:
    """Kubernetes and a matrix: every option is one of a run or of the report."""
    text = (ROOT / "examples" / "fleet" / file).read_text(encoding="utf-8")
    fleet = main.commands["report"].commands["fleet"]  # type: ignore[attr-defined]
    known = {"pytest": {*dict(pytest_options()), "--pyargs"}}
    known["opschecks"] = {name for parameter in fleet.params for name in parameter.opts}
    commands = re.findall(r"(?:exec|run:) (pytest|opschecks) (.*)", text)
    used = [(program, set(re.findall(r"--[\w-]+", words))) for program, words in commands]
    assert used
    for program, flags in used:
        assert flags <= known[program], flags


def test_kubernetes_has_as_many_shards_as_it_says() -> None:
    """It tells each container its index, and not how many there are."""
    text = (ROOT / "examples" / "fleet" / "kubernetes.yaml").read_text(encoding="utf-8")
    daily, report_ = (one for one in yaml.safe_load_all(text) if one["kind"] == "CronJob")
    job = daily["spec"]["jobTemplate"]["spec"]
    (container,) = job["template"]["spec"]["containers"]
    (shards,) = (one["value"] for one in container["env"] if one["name"] == "OPSCHECKS_SHARDS")
    assert int(shards) == job["completions"] == job["parallelism"]
    rule = job["podFailurePolicy"]["rules"][0]
    assert (rule["action"], rule["onExitCodes"]["values"]) == ("FailIndex", [1, 4, 10])
    for one in (daily, report_):
        pod = one["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        assert pod["restartPolicy"] == "Never"  # podFailurePolicy asks for it
        assert pod["securityContext"]["runAsUser"] == 10001
        assert pod["containers"][0]["securityContext"]["readOnlyRootFilesystem"] is True
