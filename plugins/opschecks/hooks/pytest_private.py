"""What the hooks use of pytest and xdist that neither publishes: every such name, with its reason.

The function below a bet is what it looks for, and the only way to it; it raises LostBet where that is gone.
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar, cast

import pytest

from ..core.bets import Bet

F = TypeVar("F", bound=Callable[..., Any])
PYTEST, XDIST = "pytest 9.2.0", "pytest-xdist 3.8.0"
STOPPING = "stopping after"
"""How pytest explains that --maxfail ended a run."""
CRASHED = "???"
"""`when` of xdist's report on a test whose worker died."""

_BY_PLUGIN = {
    "helpconfig": ("help", "version"),
    "main": ("collectonly", "continue_on_collection_errors", "deselect", "ignore", "ignore_glob", "pyargs"),
    "mark": ("keyword", "markexpr", "markers"),
    "cacheprovider": ("lf", "cacheshow"),
    "stepwise": ("stepwise", "stepwise_skip"),
    "setuponly": ("setuponly", "setupshow"),
    "setupplan": ("setupplan",),
    "python": ("showfixtures", "show_fixtures_per_test"),
    "junitxml": ("xmlpath",),
    "terminal": ("tbstyle", "reportchars"),
    "html": ("htmlpath", "self_contained_html"),
    "xdist": ("tx", "numprocesses", "maxworkerrestart"),
}
OPTIONS = {name: plugin for plugin, names in _BY_PLUGIN.items() for name in names}
"""Options of other plugins that are read or set, by their names in `config.option`, which are not published."""

BETS: list[Bet] = []


def bet(name: str, version: str, used_by: str, why: str) -> Callable[[F], F]:
    """Declare a bet, of which the decorated function is the look."""

    def declare(look: F) -> F:
        BETS.append(Bet(name, version, used_by, why, look))
        return cast("F", BETS[-1].take)

    return declare


@bet(
    "PytestPluginManager.rewrite_hook",
    PYTEST,
    "__init__.py",
    "modules of this package are imported as Python has compiled them: pytest would parse each in every run for its "
    "assert statements, unless it may write beside the source, which it may not in most containers",
)
def import_as_compiled(of: Any) -> object:
    """Let pytest rewrite no module of ours that is imported from now on, but checks and conftests.

    `of` is the plugin manager, or a test.
    """
    manager = of if isinstance(of, pytest.PytestPluginManager) else of.config.pluginmanager
    hook = manager.rewrite_hook
    own = vars(hook)  # empty with --assert=plain
    own.get("_must_rewrite", set()).discard("opschecks")
    own.get("_marked_for_rewrite_cache", {}).clear()
    return hook


@bet(
    "Function._fixtureinfo.name2fixturedefs",
    PYTEST,
    "hooks/left_out.py",
    "the function behind a check's fixture; without it a conftest could replace an observation",
)
def fixture_functions(item: Any) -> Mapping[str, Callable[..., Any]]:
    """The function behind each fixture of a test, by the fixture's name."""
    return {name: found[-1].func for name, found in item._fixtureinfo.name2fixturedefs.items()}


@bet("Function.callspec.params", PYTEST, "hooks/state.py, hooks/left_out.py", "the stack of a check is its parameter")
def parameters(item: Any) -> Mapping[str, Any]:
    """What a parametrized test is called with; LostBet for one that is not parametrized."""
    found: Mapping[str, Any] = item.callspec.params
    return found


@bet(
    "Metafunc.fixturenames is Function.fixturenames",
    PYTEST,
    "hooks/fixtures.py",
    "a check that does not name `stack` is given it by appending to the list",
)
def _requested(item: Any) -> Any:
    return item.fixturenames if item.fixturenames is item._fixtureinfo.names_closure else None


@bet(
    "_pytest.runner.pytest_runtest_protocol(item, nextitem)",
    PYTEST,
    "hooks/other_plugins.py",
    "a check is run once, whatever other plugin would run it again or elsewhere",
)
def _protocol(item: Any) -> Any:
    function = item.config.pluginmanager.get_plugin("runner").pytest_runtest_protocol
    return function if list(inspect.signature(function).parameters) == ["item", "nextitem"] else None


def run_as_pytest_does(item: pytest.Item, nextitem: pytest.Item | None) -> bool:
    """Set up, call, tear down and report the test, without any other plugin's way to do that."""
    return bool(_protocol(item)(item, nextitem))


@bet(
    "xdist.scheduler.LoadScopeScheduling._split_scope",
    XDIST,
    "hooks/workers.py",
    "checks of one stack go to one worker, so that the stack is looked at once",
)
def load_scope_scheduling(*_: pytest.Item) -> Any:
    """xdist's scheduler that keeps tests of one scope together, to be subclassed with another `_split_scope`."""
    from xdist.scheduler import LoadScopeScheduling

    _ = LoadScopeScheduling._split_scope
    return LoadScopeScheduling


@bet(
    f"session.shouldfail and shouldstop begin with {STOPPING!r}",
    f"{PYTEST}, {XDIST}",
    "hooks/account.py",
    "a run that --maxfail ended keeps an exit code of ours",
)
def _stopping(_: pytest.Item) -> str | None:
    from _pytest.main import Session
    from xdist.dsession import DSession

    return _says(Session.pytest_runtest_logreport, STOPPING) and _says(DSession, STOPPING)


@bet(
    f"a test whose worker died is reported with when={CRASHED!r}",
    XDIST,
    "hooks/account.py",
    "its check could not look: what it saw is lost",
)
def _crashed(_: pytest.Item) -> str | None:
    from xdist.dsession import DSession

    return _says(DSession.handle_crashitem, f'when="{CRASHED}"')


@bet(
    "config.workerinput, config.workeroutput, WorkerController.workerinput and .workeroutput",
    XDIST,
    "hooks/workers.py, hooks/sandbox.py, hooks/select.py",
    "a worker is given the sandbox and the accounts, and returns the results of its observations",
)
def _exchange(_: pytest.Item) -> Any:
    from xdist.remote import WorkerInteractor
    from xdist.workermanage import WorkerController

    output = _says(WorkerInteractor, "self.config.workeroutput")
    return output and _says(WorkerController, "self.workerinput = {") and _says(WorkerController, "self.workeroutput =")


@bet(
    "the plugins terminalreporter and capturemanager, and their methods",
    PYTEST,
    "hooks/progress.py, hooks/terminal.py, hooks/reaching.py",
    "lines of progress are shown while checks run, and an MFA code can be typed",
)
def _reporter(_: pytest.Item) -> Any:
    from _pytest import capture, terminal

    for name in ("ensure_newline", "write_line", "flush", "section", "getreports", "hasopt"):
        getattr(terminal.TerminalReporter, name)
    if not _says(terminal.TerminalReporter.__init__, "self.stats: dict[str, list[Any]] = {}"):
        return None
    for name in ("global_and_fixture_disabled", "suspend", "resume"):
        getattr(capture.CaptureManager, name)
    getattr(capture.MultiCapture, "is_started")  # noqa: B009 - it is only looked at
    if not _says(capture.CaptureManager.__init__, "self._global_capturing"):
        return None
    named = _says(terminal.pytest_configure, '"terminalreporter"')
    return named and _says(capture.pytest_load_initial_conftests, '"capturemanager"')


@bet(
    "log_cli_handler of the plugin logging-plugin",
    PYTEST,
    "hooks/log_records.py",
    "records of other threads are shown live between checks: to show one, pytest stops capturing what a check prints",
)
def live_log_handler(node: pytest.Item | pytest.Session) -> logging.Handler:
    """The handler that shows records while they are logged; where the plugin is switched off, one that does nothing."""
    manager: Any = node.config.pluginmanager
    if not manager.has_plugin("logging-plugin"):
        return logging.NullHandler()
    handler: logging.Handler = manager.get_plugin("logging-plugin").log_cli_handler
    return handler


@bet(
    "_pytest.pathlib.import_path(path, mode=, root=, consider_namespace_packages=)",
    PYTEST,
    "hooks/own_code.py",
    "a file of checks is imported once, whether it is known by what it declares or by its checks",
)
def _importer(_: pytest.Item | None) -> Any:
    from _pytest.pathlib import import_path

    wanted = {"mode", "root", "consider_namespace_packages"}
    return import_path if wanted <= inspect.signature(import_path).parameters.keys() else None


def import_file(config: pytest.Config, path: Path) -> Any:
    """The module of a file, imported as pytest will when it collects it, with asserts that tell their values."""
    return _importer(None)(
        path,
        mode=config.getoption("importmode"),
        root=config.rootpath,
        consider_namespace_packages=bool(config.getini("consider_namespace_packages")),
    )


@bet(
    "Config._rootpath, ._inipath, ._inicfg, ._inicache; findpaths.determine_setup(…, args=)",
    PYTEST,
    "hooks/rootdir.py",
    "pytest looks for rootdir and ini file beside what --stacks FILE names too, and nothing public can set them",
)
def _setup(node: Any) -> Any:
    from _pytest.config.findpaths import determine_setup

    _ = [getattr(node.config, name) for name in ("_rootpath", "_inipath", "_inicfg", "_inicache")]
    known = {"inifile", "override_ini", "args", "rootdir_cmd_arg", "invocation_dir"}
    return determine_setup if known == inspect.signature(determine_setup).parameters.keys() else None


def setup_of_paths(config: pytest.Config, option: Any) -> tuple[Path, Path | None, dict[str, Any]]:
    """The rootdir, the ini file and what that says, as pytest takes them for the paths to test alone."""
    found: tuple[Path, Path | None, dict[str, Any], Any] = _setup(SimpleNamespace(config=config))(
        inifile=option.inifilename, override_ini=option.override_ini, args=option.file_or_dir,
        rootdir_cmd_arg=option.rootdir or None, invocation_dir=config.invocation_params.dir,
    )  # fmt: skip
    return found[:3]


def keep_setup(config: pytest.Config, root: Path, ini: Path | None, says: dict[str, Any]) -> None:
    """Make them pytest's, before it reads a conftest: then it reads none above."""
    inner: Any = config
    known, before = inner.known_args_namespace, inner._inipath.parent if inner._inipath else inner._rootpath
    inner._rootpath, inner._inipath, inner._inicfg = root, ini, says
    inner._inicache.clear()
    if known.confcutdir == str(before):
        known.confcutdir = str(ini.parent if ini else root)


def _says(function: Callable[..., Any], text: str) -> str | None:
    return text if text in inspect.getsource(function) else None


def _option(config: pytest.Config, name: str) -> Any:
    """The value in a tuple; (None,) of a plugin that is switched off."""
    if not hasattr(config.option, name) and not config.pluginmanager.has_plugin(OPTIONS[name]):
        return (None,)
    return (getattr(config.option, name),)


_OPTION = Bet(
    "the options' places in config.option",
    f"{PYTEST}, {XDIST}, pytest-html 4.2.0",
    "hooks/select.py, hooks/workers.py, hooks/fix_options.py, hooks/drills.py, hooks/bake.py",
    "a narrowed run is not taken for a whole one, one process alone changes anything, reports get their places",
    _option,
)
BETS += [
    replace(_OPTION, name=f"config.option.{name} of {plugin}", look=lambda item, name=name: _option(item.config, name))
    for name, plugin in OPTIONS.items()
]


def option(config: pytest.Config, name: str) -> Any:
    """The value of another plugin's option, one of OPTIONS; None if that plugin is switched off."""
    return _OPTION.take(config, name)[0]


def in_workers(config: pytest.Config) -> bool:
    """Whether xdist spreads the tests over processes."""
    return bool(option(config, "numprocesses") or option(config, "tx"))


def worker_input(config: pytest.Config) -> Mapping[str, Any] | None:
    """What the controller has sent this xdist worker; None if this process is not a worker."""
    found: Mapping[str, Any] | None = getattr(config, "workerinput", None)
    return found


def terminal(config: pytest.Config) -> Any:
    """pytest's terminal reporter; None if nothing is printed, as in a worker."""
    return config.pluginmanager.get_plugin("terminalreporter")


def only_count(config: pytest.Config, *categories: str) -> None:
    """Let pytest's terminal reporter forget the reports of these categories but how many, unless -r lists them."""
    if reporter := terminal(config):
        for name in categories:
            asked = any(reporter.hasopt(letter) for letter in {"passed": "pP", "skipped": "s"}.get(name, ""))
            if (kept := reporter.stats.get(name)) and not asked:
                reporter.stats[name] = kept[:1] * len(kept)


def capturing(config: pytest.Config) -> Any:
    """pytest's capturing of output; None if it is off."""
    return config.pluginmanager.get_plugin("capturemanager")


def is_capturing(captured: Any) -> bool:
    """Whether output is captured at this moment: it is not while pytest configures itself."""
    running = captured._global_capturing
    return bool(running and running.is_started())
