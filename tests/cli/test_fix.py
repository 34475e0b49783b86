"""The runbook's manual operations as remedies by name: made, undone, and killed in the middle."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from opschecks.sandbox.faults import give_fault
from opschecks.sandbox.seed import BUCKET, site_page
from tests.bench import DIES, FIX, Bench, bench

ALARM = "incident-commander-cpu-high"
ALLOW = ("--allow", "disruptive", "--allow", "destructive", "--yes")
FRESH = FIX + "cooldown_minutes = 0\n"


def _after(on: Bench, *options: str) -> dict[str, str]:
    """The outcomes of checks/deploy/after, but for the one that wants a run of the gate before."""
    on.run("deploy/after", "--expect-revision", "incident-commander-backend:1", *options)
    outcomes = on.project.outcomes("deploy-after.json")
    assert outcomes.pop("test_nothing_got_worse") == "blind"
    return outcomes


def test_an_alarm_is_silent_for_a_while_and_called_again_by_undo(tmp_path: Path) -> None:
    with bench(tmp_path) as on:
        endless = on.command("fix", "silence-alarm", "--target", ALARM, "--allow", "disruptive", "--yes")
        assert "say for how long with --set for=90m, for=2h or for=1d" in endless.err
        began = datetime.now(UTC).replace(second=0, microsecond=0)
        on.command("fix", "silence-alarm", "--target", ALARM, "--set", "for=2h", "--allow", "disruptive", "--yes").ends(
            0
        )
        rule = on.sandbox.client("cloudwatch").get_alarm_mute_rule(AlarmMuteRuleName=f"opschecks-{ALARM}")
        assert rule["MuteTargets"] == {"AlarmNames": [ALARM]}
        assert began + timedelta(hours=2) <= rule["ExpireDate"] <= datetime.now(UTC) + timedelta(minutes=121)
        assert on.outcome("test_alarms_can_act") == "failed"
        (entry,) = on.journal()
        assert on.command("undo", entry["entry"], "--yes").code == 0
        assert on.outcome("test_alarms_can_act") == "passed"


def test_an_alarm_whose_actions_were_turned_off_is_turned_on(tmp_path: Path) -> None:
    with bench(tmp_path) as on:
        on.command("fix", "disable-alarm-actions", "--target", ALARM, "--allow", "disruptive", "--yes").ends(0)
        assert on.outcome("test_alarms_can_act") == "failed"
        assert on.command("fix", "enable-alarm-actions", "--target", ALARM, "--yes").code == 0
        assert on.outcome("test_alarms_can_act") == "passed"


def test_a_stale_page_goes_when_the_cdn_forgets(tmp_path: Path) -> None:
    with bench(tmp_path, "cdn_serves_a_stale_page") as on:
        assert _after(on)["test_site_serves_what_the_bucket_holds"] == "failed"
        planned = on.check("test_dashboards_show_their_pages", "--fix=plan")
        assert "invalidate-cdn on " in planned.out
        assert '"undo": "one-way: it cannot be undone"' in (tmp_path / "reports" / "plan.json").read_text()
        cured = on.check("test_dashboards_show_their_pages", "--fix=apply").ends(0)
        assert "the invalidation is InProgress" in cured.out
        assert set(_after(on).values()) <= {"passed", "not_applicable"}
        (entry,) = on.journal()
        assert [step["event"] for step in entry["steps"]] == ["begun", "sent", "cured"]


def _build(on: Bench, **pages: bytes) -> Path:
    """A folder as the dashboard's build writes it."""
    folder = on.project.folder / "out"
    folder.mkdir(exist_ok=True)
    titles = {page.path.strip("/"): page.contains for page in on.sandbox.stack.dashboards}
    for name, title in {"index": "Incident Commander", **titles}.items():
        (folder / f"{name}.html").write_bytes(pages.get(name, site_page(title)))
    (folder / "assets").mkdir(exist_ok=True)
    (folder / "assets" / "app.js").write_text("let it = 'new'\n")
    return folder


def _bucket(on: Bench) -> dict[str, str]:
    listed = on.sandbox.client("s3").list_objects_v2(Bucket=BUCKET)["Contents"]
    return {item["Key"]: item["ETag"] for item in listed}


def test_a_folder_becomes_the_site_and_undo_brings_the_old_one_back(tmp_path: Path) -> None:
    with bench(tmp_path) as on:
        s3 = on.sandbox.client("s3")
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        s3.put_object(Bucket=BUCKET, Key="demo.html", Body=site_page("old"), ContentType="text/html")
        s3.put_object(Bucket=BUCKET, Key="old.js", Body=b"old", ContentType="text/javascript")
        before, folder = _bucket(on), _build(on)
        asked = on.command("fix", "sync-dashboard", "--target", str(folder), "--allow", "disruptive").ends(1)
        assert "can be undone" in asked.out
        assert _bucket(on) == before
        on.command("fix", "sync-dashboard", "--target", str(folder), "--allow", "disruptive", "--yes").ends(0)
        assert set(_bucket(on)) == {"index.html", "demo.html", "transparency.html", "ops.html", "assets/app.js"}
        assert s3.head_object(Bucket=BUCKET, Key="assets/app.js")["ContentType"] == "text/javascript; charset=utf-8"
        assert set(_after(on).values()) <= {"passed", "not_applicable"}
        sync, invalidate = on.journal()
        assert (sync["change"]["remedy"], invalidate["change"]["remedy"]) == ("sync-dashboard", "invalidate-cdn")
        on.command("undo", sync["entry"], "--allow", "disruptive", "--yes").ends(0)
        assert _bucket(on) == before
        assert s3.get_object(Bucket=BUCKET, Key="old.js")["Body"].read() == b"old"


def test_a_bucket_without_versions_makes_it_one_way(tmp_path: Path) -> None:
    with bench(tmp_path) as on:
        s3, folder = on.sandbox.client("s3"), _build(on)
        refused = on.command("fix", "sync-dashboard", "--target", str(folder), "--allow", "disruptive", "--yes")
        assert "it is destructive: --allow destructive permits it" in refused.err
        made = on.command("fix", "sync-dashboard", "--target", str(folder), *ALLOW).ends(0)
        assert "one-way: it cannot be undone" in made.out
        again = on.command("fix", "sync-dashboard", "--target", str(folder), *ALLOW)
        assert "is as sync-dashboard would make it" in again.err
        s3.put_bucket_encryption(
            Bucket=BUCKET,
            ServerSideEncryptionConfiguration={
                "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]
            },
        )
        refused = on.command("fix", "sync-dashboard", "--target", str(folder), *ALLOW)
        assert "is encrypted with aws:kms: its ETags do not show what it holds" in refused.err


def test_errors_that_came_with_a_deployment_lead_back_and_to_a_person(tmp_path: Path) -> None:
    """The symptom is in the past of the metrics and stays there: the change stays, and somebody takes over."""
    check = "test_server_errors_are_rare"
    with bench(tmp_path) as on:
        assert on.run("daily").code == 0
        on.deploy()
        give_fault(on.sandbox, "targets_answer_errors")
        assert on.outcome(check) == "failed"
        ended = on.check(check, "--fix=apply", "--allow", "disruptive").ends(1)
        assert "taskDefinition: incident-commander-backend:2 → incident-commander-backend:1" in ended.out
        assert on.sandbox.service().task_definition.endswith(":1")
        assert on.events() == [["begun", "sent", "not_cured", "handed_over"]]


def test_errors_that_no_deployment_brought_are_a_persons(tmp_path: Path) -> None:
    with bench(tmp_path, "targets_answer_errors") as on:
        ended = on.check("test_server_errors_are_rare", "--fix=apply", "--allow", "disruptive")
        assert "the errors did not come with it; opschecks fix force-deployment starts fresh tasks" in ended.out
        assert on.journal() == []


def test_a_sync_that_is_killed_before_its_invalidation_is_finished_by_the_same_command(tmp_path: Path) -> None:
    with bench(tmp_path, fix=FRESH) as on:
        _build(on)
        on.environment["DIES"] = "before the second change"
        on.command("fix", "sync-dashboard", "--target", "out", *ALLOW, first=DIES)
        (sync,) = on.journal()
        assert sync["steps"][-1]["event"] == "cured"
        on.free_the_lock()
        again = on.command("fix", "sync-dashboard", "--target", "out", *ALLOW).ends(0)
        assert "what follows it was not made:" in again.out
        assert [one["change"]["remedy"] for one in on.journal()] == ["sync-dashboard", "invalidate-cdn"]
        ended = on.command("fix", "sync-dashboard", "--target", "out", *ALLOW).ends(1)
        assert "is as sync-dashboard would make it" in ended.err


def test_what_is_no_site_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with bench(tmp_path) as on:
        folder = _build(on)
        (tmp_path / "secrets.txt").write_text("secret")
        (folder / "inside.html").symlink_to(folder / "index.html")
        asked = on.command("fix", "sync-dashboard", "--target", "out", *ALLOW[:-1])
        assert "make these changes?" in asked.out
        for target in (tmp_path / "secrets.txt", tmp_path):
            (folder / "linked").symlink_to(target)
            refused = on.command("fix", "sync-dashboard", "--target", "out", *ALLOW).ends(1)
            assert f"linked is a link to {target}, outside of the folder" in refused.err
            (folder / "linked").unlink()
        (folder / ".env").write_text("x")
        assert ".env would be public" in on.command("fix", "sync-dashboard", "--target", "out", *ALLOW).ends(1).err
        assert on.journal() == []


def test_a_sync_that_is_killed_between_two_files_goes_on_from_there(tmp_path: Path) -> None:
    with bench(tmp_path, fix=FRESH) as on:
        folder = _build(on, demo=site_page("new demo"), ops=site_page("new ops"))
        on.environment["DIES"] = "after it is sent"
        on.command("fix", "sync-dashboard", "--target", "out", *ALLOW, first=DIES)
        assert on.times_sent() == 1
        on.free_the_lock()
        on.command("fix", "sync-dashboard", "--target", "out", *ALLOW).ends(0)
        first, second, _ = on.journal()
        assert on.events()[0] == ["begun", "sent", "handed_over"]
        assert "made in part, up to step 1 of " in first["steps"][2]["said"]
        assert len(second["change"]["parameters"]["requests"]) < len(first["change"]["parameters"]["requests"])
        assert set(_bucket(on)) == {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
