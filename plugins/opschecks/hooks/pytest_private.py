"""What the hooks use of pytest and xdist that neither publishes: every such name, with its reason."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from ..core.bets import Bet

PYTEST, XDIST = "pytest 9.2.0", "pytest-xdist 3.8.0"
STOPPING = "stopping after"
"""How a run that --maxfail ends is explained."""
CRASHED = "???"
"""`when` of the report that xdist makes for a test whose worker died."""

OPTIONS = {
    "help": "helpconfig",
    "version": "helpconfig",
    "collectonly": "main",
    "deselect": "main",
    "ignore": "main",
    "ignore_glob": "main",
    "keyword": "mark",
    "markexpr": "mark",
    "markers": "mark",
    "lf": "cacheprovider",
    "cacheshow": "cacheprovider",
    "stepwise": "stepwise",
    "stepwise_skip": "stepwise",
    "setuponly": "setuponly",
    "setupplan": "setupplan",
    "showfixtures": "python",
    "show_fixtures_per_test": "python",
    "xmlpath": "junitxml",
    "tbstyle": "terminal",
    "reportchars": "terminal",
    "htmlpath": "html",
    "self_contained_html": "html",
    "tx": "xdist",
    "numprocesses": "xdist",
    "maxworkerrestart": "xdist",
}
"""Options of others that are read or set, by their place in `config.option`, which, unlike flags, is not published."""


def _option(config: pytest.Config, name: str) -> Any:
    """The value in a tuple; of a plugin that is switched off, (None,)."""
    if not hasattr(config.option, name) and not config.pluginmanager.has_plugin(OPTIONS[name]):
        return (None,)
    return (getattr(config.option, name),)


def _says(function: Callable[..., Any], text: str) -> str | None:
    return text if text in inspect.getsource(function) else None


def _stopping(_: pytest.Item) -> str | None:
    from _pytest.main import Session
    from xdist.dsession import DSession

    return _says(Session.pytest_runtest_logreport, STOPPING) and _says(DSession, STOPPING)


def _crashed(_: pytest.Item) -> str | None:
    from xdist.dsession import DSession

    return _says(DSession.handle_crashitem, f'when="{CRASHED}"')


def _scheduler() -> Any:
    from xdist.scheduler import LoadScopeScheduling

    _ = LoadScopeScheduling._split_scope
    return LoadScopeScheduling


def _exchange(_: pytest.Item) -> Any:
    from xdist.remote import WorkerInteractor
    from xdist.workermanage import WorkerController

    output = _says(WorkerInteractor, "self.config.workeroutput")
    return output and _says(WorkerController, "self.workerinput = {") and _says(WorkerController, "self.workeroutput =")


def _reporter(_: pytest.Item) -> Any:
    from _pytest import capture, terminal

    for name in ("ensure_newline", "write_line", "flush", "section", "getreports"):
        getattr(terminal.TerminalReporter, name)
    getattr(capture.CaptureManager, "global_and_fixture_disabled")  # noqa: B009 - it is only looked at
    named = _says(terminal.pytest_configure, '"terminalreporter"')
    return named and _says(capture.pytest_load_initial_conftests, '"capturemanager"')


_FIXTURES = Bet(
    "Function._fixtureinfo.name2fixturedefs",
    PYTEST,
    "hooks/fixtures.py",
    "only here stands which function a check's fixture comes from; without it a conftest could replace an observation",
    lambda item: {name: found[-1].func for name, found in item._fixtureinfo.name2fixturedefs.items()},
)
_PARAMETERS = Bet(
    "Function.callspec.params",
    PYTEST,
    "hooks/state.py, hooks/fixtures.py",
    "the stack of a check is its parameter",
    lambda item: item.callspec.params,
)
_REQUESTED = Bet(
    "Metafunc.fixturenames is Function.fixturenames",
    PYTEST,
    "hooks/fixtures.py",
    "a check that does not name `stack` is given it by appending to the list",
    lambda item: item.fixturenames if item.fixturenames is item._fixtureinfo.names_closure else None,
)
_SCHEDULING = Bet(
    "xdist.scheduler.LoadScopeScheduling._split_scope",
    XDIST,
    "hooks/workers.py",
    "checks of one stack go to one worker, so that the stack is looked at once",
    lambda *_: _scheduler(),
)
_OPTION = Bet(
    "the options' places in config.option",
    f"{PYTEST}, {XDIST}, pytest-html 4.2.0",
    "hooks/select.py, hooks/workers.py, hooks/fix_options.py, hooks/drills.py, hooks/bake.py",
    "a narrowed run is not taken for a whole one, one process alone changes anything, reports get their places",
    _option,
)
BETS = (
    _FIXTURES,
    _PARAMETERS,
    _REQUESTED,
    _SCHEDULING,
    *(
        Bet(
            f"config.option.{name} of {plugin}",
            _OPTION.version,
            _OPTION.used_by,
            _OPTION.why,
            lambda item, name=name: _option(item.config, name),
        )
        for name, plugin in OPTIONS.items()
    ),
    Bet(
        f"session.shouldfail and shouldstop begin with {STOPPING!r}",
        f"{PYTEST}, {XDIST}",
        "hooks/account.py",
        "a run that --maxfail ended keeps an exit code of ours",
        _stopping,
    ),
    Bet(
        f"a test whose worker died is reported with when={CRASHED!r}",
        XDIST,
        "hooks/account.py",
        "its check is blind, because nobody knows what it saw",
        _crashed,
    ),
    Bet(
        "config.workerinput, config.workeroutput, WorkerController.workerinput and .workeroutput",
        XDIST,
        "hooks/workers.py, hooks/sandbox.py, hooks/select.py",
        "a worker is told the sandbox and the accounts, and sends what its observations came to",
        _exchange,
    ),
    Bet(
        "the plugins terminalreporter and capturemanager, and their methods",
        PYTEST,
        "hooks/progress.py, hooks/fix.py, hooks/bake.py, hooks/terminal.py",
        "lines of progress are shown while checks run",
        _reporter,
    ),
)


def fixture_functions(item: pytest.Item) -> Mapping[str, Callable[..., Any]]:
    """The function behind each fixture of a test, by the fixture's name."""
    found: Mapping[str, Callable[..., Any]] = _FIXTURES.take(item)
    return found


def parameters(item: pytest.Item) -> Mapping[str, Any]:
    """What a parametrized test is called with; LostBet for one that is not parametrized."""
    found: Mapping[str, Any] = _PARAMETERS.take(item)
    return found


def option(config: pytest.Config, name: str) -> Any:
    """The value of another plugin's option, one of OPTIONS; None where that plugin is switched off."""
    return _OPTION.take(config, name)[0]


def in_workers(config: pytest.Config) -> bool:
    """Whether xdist spreads the tests over processes."""
    return bool(option(config, "numprocesses") or option(config, "tx"))


def worker_input(config: pytest.Config) -> Mapping[str, Any] | None:
    """What the controller has told this xdist worker; None where this process is no worker."""
    found: Mapping[str, Any] | None = getattr(config, "workerinput", None)
    return found


def load_scope_scheduling() -> Any:
    """xdist's scheduler that keeps tests of one scope together, to be subclassed with another `_split_scope`."""
    return _SCHEDULING.take()


def terminal(config: pytest.Config) -> Any:
    """pytest's terminal reporter; None where nothing is printed, as in a worker."""
    manager: Any = config.pluginmanager
    return manager.get_plugin("terminalreporter")


def capturing(config: pytest.Config) -> Any:
    """pytest's capturing of output; None where it is off."""
    manager: Any = config.pluginmanager
    return manager.get_plugin("capturemanager")
