"""Decides whether this is a checks run, of which suite and stacks, and narrowed by what; bad input ends it here."""

from __future__ import annotations

import contextlib
import gc
import os
import re
import signal
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import pytest

from ..core import clock
from ..core.check_names import check_names
from ..core.model import Expected, Severity
from ..core.redaction import redact_text
from ..core.shipped import share_names, shipped_checks, shipped_path
from ..core.signals import ENDING
from ..core.suites import MUST_NAME_THEIR_STACK, SUITES, SuiteError, suites_in
from ..core.wording import nearest
from .options import TYPED, fill_in, fill_in_places
from .pytest_fleets import take_over
from .pytest_private import option as others_option
from .pytest_private import worker_input
from .reaching import is_one_by_one, reach
from .recording import Played, tape_of
from .rootdir import project_root
from .shards import Fleets, Hand, NotDealtError, ShardError, hand_of
from .state import COMMAND, DEFAULT_REPORTS, KEY, ChecksRun, checks_run

REPLAYED = "replay"
"""The folder within reports/ that has those of replays: they leave those of runs alone."""
EXPECTING = ("expect_revision", "expect_image", "expect_deployment")
NARROWING = ("keyword", "markexpr", "lf", "stepwise", "stepwise_skip", "deselect", "ignore", "ignore_glob")
SHORT = {"keyword": "-k", "markexpr": "-m"}

PYDANTIC_PLUGINS = "PYDANTIC_DISABLE_PLUGINS"

A_ROW_FOR_EACH = 50
"""Stacks: of more, JUnit's file and pytest-html's page, which have a row for each check of each, are written only where
--junitxml and --html ask for them."""
ONLY_LISTING = ("showfixtures", "show_fixtures_per_test", "cacheshow", "markers")
"""Options with which pytest shows something and runs nothing."""
OUR_LINES = {"tbstyle": ("auto", "no"), "reportchars": ("fE", "N")}
"""What --tb and -r are where nobody gives them, and then here: our own lines say it."""
NEVER_RUNNING = ("setuponly", "setupplan")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Recognise a checks run and set it up, before any other plugin opens a file."""
    option: Any = config.option
    if config.stash.get(COMMAND, False):
        return
    if any(others_option(config, name) for name in ("help", "version", *ONLY_LISTING)):
        return
    root = project_root(config)  # by the arguments as they are typed
    if others_option(config, "pyargs"):
        config.args[:] = [shipped_path(argument) or argument for argument in config.args]
    checks, inside, ours, outside = _selected(config, root)
    if not inside:
        _refuse_stray_options(config)
        return
    known = _suites(checks)
    suites = {_suite(path, checks, known) for path in inside} | {_suite(one, shipped_checks(), SUITES) for one in ours}
    if outside or len(suites) != 1:
        named = sorted(suites) + [str(path) for path in outside[:3]]
        raise pytest.UsageError(
            f"{', '.join(named)}: a run takes one suite; choose one of "
            + ", ".join(f"checks/{path}" for path in known.values())
        )
    for name in NEVER_RUNNING:
        if others_option(config, name):
            flag = f"--{name.replace('setup', 'setup-')}"
            raise pytest.UsageError(f"{flag}: runs no checks; remove it, or use --collect-only")
    (suite,) = suites
    _without_pydantic_plugins(config)
    expected, played = _expected(config, suite), tape_of(config, suite)
    with contextlib.ExitStack() as when_refused:
        when_refused.callback(gc.enable)
        gc.disable()  # a checks run lasts seconds, and collecting garbage visits all of botocore's models
        folder, beside = checks / known[suite], shipped_checks() / known[suite] if ours else None
        narrowed = _narrowed(config, [*inside, *ours], (folder, beside))
        run = _begin(config, suite, root, folder, beside, checks, narrowed, played)
        when_refused.pop_all()
    run.expected = played.expected if played.tape.replays else expected
    config.stash[KEY] = run
    _settle_options(config, run)
    if not (run.worker or option.collectonly):
        from ..report.files import write_no_run

        write_no_run(run.place, run.started, "the run ended before its checks were collected")


def _without_pydantic_plugins(config: pytest.Config) -> None:
    """To look for some, pydantic reads the metadata of every installed distribution: a sixtieth of a small run.

    Whoever has one sets the variable to an empty text:
    https://docs.pydantic.dev/latest/concepts/plugins/#disabling-plugins
    """
    if PYDANTIC_PLUGINS not in os.environ:
        os.environ[PYDANTIC_PLUGINS] = "__all__"
        config.add_cleanup(partial(os.environ.__delitem__, PYDANTIC_PLUGINS))


@pytest.hookimpl(tryfirst=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Enable garbage collection again, but not of the objects made so far: pytest's last collection would visit all."""
    if checks_run(config):
        gc.freeze()
        gc.enable()


def _selected(config: pytest.Config, root: Path) -> tuple[Path, list[Path], list[Path], list[Path]]:
    """The folder of checks, the project's or ours; of the paths that are named, those under it, ours, and others."""
    paths = [_absolute(config.invocation_params.dir / argument.partition("::")[0]) for argument in config.args]
    own, ours = root / "checks", shipped_checks()
    checks = ours if not any(path.is_relative_to(own) for path in paths) else own
    inside = [path for path in paths if path.is_relative_to(checks)]
    outside = [path for path in paths if path not in inside]
    beside = [path for path in outside if path.is_relative_to(ours)]
    if beside and share_names(own, ours):
        config.option.importmode = "importlib"
    return checks, inside, beside, [path for path in outside if path not in beside]


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow links out of checks/


def _suites(checks: Path) -> dict[str, Path]:
    try:
        return suites_in(checks)
    except SuiteError as error:
        from ..config.load import shown_path

        raise pytest.UsageError(str(error).replace(str(checks), str(shown_path(checks)))) from None


def _suite(path: Path, checks: Path, suites: Mapping[str, Path]) -> str:
    relative = path.relative_to(checks)
    for name, folder in suites.items():
        if relative == folder or folder in relative.parents:
            return name
    wanted = str(relative)
    known = [str(folder) for folder in suites.values()]
    raise pytest.UsageError(
        f"checks/{wanted if wanted != '.' else ''}: not a suite; "
        + (nearest(wanted, known) if wanted != "." else "name one: checks/" + ", checks/".join(known))
    )


def _narrowed(config: pytest.Config, inside: list[Path], folders: tuple[Path | None, ...]) -> str:
    """What narrows the run to a part of its suite, or an empty string."""
    reasons = [_flag(option) for option in NARROWING if others_option(config, option)]
    if any("::" in argument for argument in config.args):
        reasons.append("node ids")
    if any(path not in folders for path in inside):
        reasons.append("only some files")
    return ", ".join(reasons)


def _flag(option: str) -> str:
    return SHORT.get(option) or f"--{option.replace('_', '-')}"


def _refuse_stray_options(config: pytest.Config) -> None:
    ours = ("stack", "stacks", "shard", "fleet", "fault", "fix", "allow", "plan", "bake", "record", "replay")
    for option in (*ours, *EXPECTING):
        if config.getoption(option):
            flag = _flag(option)
            raise pytest.UsageError(f"{flag}: applies to checks only: pytest checks/daily {flag} …")


def _expected(config: pytest.Config, suite: str) -> Expected:
    """What a deployment should have brought; UsageError if no check of the suite would use it."""
    told = {option: tuple(config.getoption(option)) for option in EXPECTING}
    for option, given in told.items():
        if given and suite != "deploy-after":
            raise pytest.UsageError(f"{_flag(option)}: applies to checks/deploy/after only")
    revisions, images, deployments = told.values()
    for revision in revisions:
        if not re.fullmatch(r"(arn:.*/)?[\w-]+:\d+", revision):
            raise pytest.UsageError(f"--expect-revision {revision}: expected FAMILY:REVISION, for example backend:7")
    return Expected(tuple(one.rsplit("/", 1)[-1] for one in revisions), images, deployments)


def _begin(
    config: pytest.Config,
    suite: str,
    root: Path,
    folder: Path,
    beside: Path | None,
    checks: Path,
    partial: str,
    played: Played,
) -> ChecksRun:
    from ..config.lacking import LACKABLE
    from ..config.load import StackError, load_stacks, shown_path
    from ..config.waivers import WaiverError, load_waivers
    from ..report.runbook import RunbookError, runbook_of

    typed_reports = config.option.reports
    fill_in_places(config, root)
    path = Path(config.option.stacks or root / "stacks.toml")
    replays = played.tape.replays
    live = config.option.reports or root / DEFAULT_REPORTS
    reports = _absolute(typed_reports or (live / REPLAYED if replays else live))
    begun = clock.now()

    def end(message: str, *, leave_page: bool = False) -> NoReturn:
        message = redact_text(message)
        if not (leave_page or worker_input(config) is not None):
            from ..report.files import RunFiles, write_no_run

            stem = f"{suite}-partial" if partial else suite
            write_no_run(RunFiles(reports, stem), begun, message)
        raise pytest.UsageError(message)

    @contextlib.contextmanager
    def reading(file: Path, *, leave_page: bool = False) -> Iterator[None]:
        """End the run where the file is wrong; the message names it as a user would."""
        try:
            yield
        except (StackError, RunbookError, WaiverError, ShardError) as error:
            dealt = isinstance(error, ShardError) and bool(config.option.shard or config.option.fleet)
            typed = (leave_page or dealt) and not isinstance(error, NotDealtError)
            end(str(error).replace(str(file), str(shown_path(file))), leave_page=typed)

    may_be_stack = suite not in MUST_NAME_THEIR_STACK and not config.option.fix
    try:
        by = fill_in(config, may_be_stack=may_be_stack)
    except pytest.UsageError as error:
        end(str(error))
    stacks, waivers, hand = list(played.stacks), list(played.waivers), Hand([])
    if not replays:
        with reading(path):
            listed = load_stacks(path)
        # a typing error on the command line does not make the last report invalid
        with reading(path, leave_page=by == TYPED and bool(config.option.stack)):
            fleet = Fleets(suite, partial, reports / "history", root, begun)
            hand = hand_of(config, listed, shown_path(path), fleet, by)
            stacks = hand.stacks
    if config.option.fault and not any(stack.sandbox for stack in stacks):
        fault = config.option.fault[0]
        end(f"--fault {fault}: only the sandbox has faults, and no sandbox is selected", leave_page=True)
    with reading(checks):
        runbook = runbook_of(checks)
    accepted = waivers_of(root, checks, with_ours=beside is not None)

    def names() -> list[str]:
        return [*check_names(checks), *(check_names(shipped_checks()) if beside else ())]

    if not replays:
        with reading(accepted):
            zones = {name: stack.zone for name, stack in listed.stacks.items()}
            waivers = load_waivers(accepted, now=begun, checks=names, zones=zones)
    for stack in () if replays else stacks:
        for entry in (one for one in stack.without if one not in runbook and one not in LACKABLE):
            if entry not in (known := names()):
                where = f"{shown_path(path)}: stacks.{stack.name}.without"
                near = nearest(entry, [*runbook, *known, *LACKABLE])
                end(f"{where}: {entry!r} is neither a heading of RUNBOOK.md nor a check nor a key; {near}")
    run = ChecksRun(
        suite=suite,
        folder=folder,
        beside=beside,
        checks=checks,
        root=root,
        stacks=stacks,
        waivers=waivers,
        runbook=runbook,
        reports=reports,
        partial=partial,
        started=begun,
        fail_on=Severity(config.option.fail_on),
        worker=worker_input(config) is not None,
        tape=played.tape,
        part=hand.part,
        deal=hand.deal,
        untidy=[hand.note] if hand.note else [],
    )
    if not config.option.collectonly:
        try:
            reports.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            end(f"--reports {shown_path(reports)}: the folder cannot be created: {error.strerror}")
        if is_one_by_one(run, config):
            run.one_by_one = run.in_turn = True
            run.processes = min(take_over(config), len(run.stacks))
        try:
            if not run.one_by_one:
                reach(run, config)
        except LookupError as error:
            end(str(error))
    return run


def waivers_of(root: Path, checks: Path, *, with_ours: bool = False) -> Path:
    """The project's waivers: beside its checks, or beside stacks.toml where there are none and ours are run."""
    beside = root / "checks" / "waivers.toml"
    own = checks.parent == root and not with_ours
    return checks / "waivers.toml" if own else beside if beside.exists() else root / "waivers.toml"


def _settle_options(config: pytest.Config, run: ChecksRun) -> None:
    """Where JUnit's and pytest-html's files go, and how the terminal reads; the user's own options win."""
    if run.worker or config.option.collectonly:
        return
    option: Any = config.option
    of_each = not run.one_by_one or len(run.stacks) <= A_ROW_FOR_EACH
    if of_each and not others_option(config, "xmlpath"):
        option.xmlpath = str(run.reports / f"{run.stem}.xml")
    if of_each and not others_option(config, "htmlpath"):
        option.htmlpath = str(run.reports / f"{run.stem}.pytest.html")
        option.self_contained_html = True
    option.continue_on_collection_errors = True  # one bad file blinds no other check; the run is incomplete then
    for name, (usual, ours) in OUR_LINES.items():
        if getattr(option, name, "") == usual:  # without a terminal there is none
            setattr(option, name, ours)
    _end_on_signals(config)


def _end_on_signals(config: pytest.Config) -> None:
    """SIGTERM from a scheduler and a closed terminal end the run as Ctrl-C does: every check is still reported."""

    def interrupt(signum: int, frame: Any) -> NoReturn:
        if run := checks_run(config):
            run.stopped_by = f"stopped by {signal.Signals(signum).name}"
        raise KeyboardInterrupt

    with contextlib.suppress(ValueError):  # only the main thread may; elsewhere the embedding program decides
        restore = contextlib.ExitStack()
        for one in ENDING:
            restore.callback(signal.signal, one, signal.signal(one, interrupt))
        config.add_cleanup(restore.close)
