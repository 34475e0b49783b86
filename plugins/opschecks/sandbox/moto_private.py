"""What the sandbox uses of moto that moto does not publish: every such name, with its reason.

What the corrections replace is declared where they are made (`corrections/`), and held by their own tests. Everything
else that the sandbox sets is an attribute of the objects in moto's backends, which `backend` gives.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from ..core.bets import Bet

MOTO = "moto 5.2.5"


def _of(module: str, *names: str, takes: tuple[str, ...] | None = None) -> Callable[..., Any]:
    """Finds an attribute of a module, and looks whether it still takes these arguments first."""

    def look(*_: Any) -> Any:
        found: Any = importlib.import_module(module)
        for name in names:
            found = getattr(found, name)
        if takes is not None and tuple(inspect.signature(found).parameters)[: len(takes)] != takes:
            raise TypeError(f"its arguments are {inspect.signature(found)}")
        return found

    return look


_RESET = Bet(
    "moto.core.base_backend.BackendDict.reset",
    MOTO,
    "sandbox/moto_server.py",
    "a sandbox begins with an empty account, though moto's state is the process's",
    _of("moto.core.base_backend", "BackendDict", "reset", takes=()),
)
_DISPATCHER = Bet(
    "moto.moto_server.werkzeug_app.DomainDispatcherApplication",
    MOTO,
    "sandbox/moto_server.py",
    "moto's own server cannot be wrapped in what breaks its answers",
    _of("moto.moto_server.werkzeug_app", "DomainDispatcherApplication", takes=("create_app",)),
)
_APP = Bet(
    "moto.moto_server.werkzeug_app.create_backend_app",
    MOTO,
    "sandbox/moto_server.py",
    "the application of one service, which the dispatcher serves",
    _of("moto.moto_server.werkzeug_app", "create_backend_app", takes=("service",)),
)
_HANDLER = Bet(
    "moto.moto_server.werkzeug_app.MotoRequestHandler",
    MOTO,
    "sandbox/moto_server.py",
    "headers reach moto as the client wrote them",
    _of("moto.moto_server.werkzeug_app", "MotoRequestHandler"),
)
_BACKEND = Bet(
    "moto.backends.get_backend(SERVICE)[ACCOUNT][REGION]",
    MOTO,
    "sandbox/moto_server.py",
    "no API call makes a target unhealthy, a key old or a deployment fail",
    _of("moto.backends", "get_backend", takes=("name",)),
)
_SECRET = Bet(
    "SecretsManagerBackend._add_secret",
    MOTO,
    "sandbox/seeds/iam.py",
    "a secret as old as the key that it holds",
    _of("moto.secretsmanager.models", "SecretsManagerBackend", "_add_secret", takes=("self", "secret_id")),
)
_COSTS = Bet(
    "CostExplorerBackend.get_cost_and_usage",
    MOTO,
    "sandbox/seeds/costs.py",
    "costs of any range of days; moto's own way answers requests in the order in which answers were given to it",
    _of("moto.ce.models", "CostExplorerBackend", "get_cost_and_usage", takes=("self", "body")),
)
_STATUS = Bet(
    "ManagedState._transitions",
    MOTO,
    "sandbox/corrections/cloudfront_config.py",
    "moto settles a status whenever it is read; this keeps what was updated InProgress for a while",
    lambda *_: _managed()._transitions,
)
_TASKS = Bet(
    "state_manager.get_transition and set_transition of ecs::task",
    MOTO,
    "sandbox/corrections/__init__.py",
    "tasks stay as they are until something stops them; moto moves them on whenever they are looked at",
    lambda *_: _state_manager().get_transition("ecs::task") and _state_manager().set_transition,
)
_TYPES = {
    "Stack": _of("moto.cloudformation.models", "Stack", takes=("stack_id", "name", "template", "parameters")),
    "AccessKeyLastUsed": _of("moto.iam.models", "AccessKeyLastUsed", takes=("timestamp", "service", "region")),
    "ExportTask": _of("moto.logs.models", "ExportTask", takes=("task_id", "task_name", "log_group_name")),
}
_MADE = {
    name: Bet(
        f"{name}, made without a call of the API",
        MOTO,
        "sandbox/seeds, sandbox/corrections/log_exports.py",
        "what has stood for a while, or was used at a given time, cannot be made by a call",
        look,
    )
    for name, look in _TYPES.items()
}
BETS = (_RESET, _DISPATCHER, _APP, _HANDLER, _BACKEND, _SECRET, _COSTS, _STATUS, _TASKS, *_MADE.values())


def _managed() -> Any:
    from moto.cloudfront.models import Distribution
    from moto.moto_api._internal.managed_state_model import ManagedState

    if not issubclass(Distribution, ManagedState):
        raise TypeError("a distribution has no managed state")
    return ManagedState("cloudfront::distribution", [("InProgress", "Deployed")])


def _state_manager() -> Any:
    from moto.moto_api import state_manager

    return state_manager


def forget_everything() -> None:
    """Empty every account: moto's state is the process's, not a server's."""
    _RESET.take()()


def served() -> Any:
    """moto's WSGI application of all services."""
    return _DISPATCHER.take()(_APP.take())


def request_handler() -> Any:
    """The class that werkzeug's server takes for moto's requests."""
    return _HANDLER.take()


def backends(service: str) -> Any:
    """moto's state of a service, by account and region."""
    return _BACKEND.take()(service)


def transition(model: str) -> Mapping[str, Any]:
    """How the states of a kind of object move on by themselves."""
    _TASKS.take()
    told: Mapping[str, Any] = _state_manager().get_transition(model)
    return told


def set_transition(model: str, told: Mapping[str, Any]) -> None:
    """Let them move on like this."""
    _state_manager().set_transition(model, told)


def settle_as(managed: Any, before: str, after: str) -> None:
    """Let an object whose status moto moves on when it is read go from `before` to `after`, and be `after`."""
    _ = managed._transitions
    managed._transitions = [(before, after)]
    managed.status = after


def add_secret(secrets: Any, name: str, text: str) -> Any:
    """Store a secret in moto's backend of Secrets Manager; moto's object of it."""
    made, _ = _SECRET.take()(secrets, name, secret_string=text)
    return made


def answer_costs(explorer: Any, answer: Callable[[str], dict[str, Any]]) -> None:
    """Let moto's backend of Cost Explorer answer GetCostAndUsage, of which it is given the request's text."""
    _COSTS.take()
    explorer.get_cost_and_usage = answer


def moto_type(name: str) -> Any:
    """Stack, AccessKeyLastUsed or ExportTask, to be made directly."""
    return _MADE[name].take()
