"""What the sandbox uses of moto and botocore that neither publishes: every such name, with its reason.

What the corrections replace is declared where they are made (`corrections/`), and held by their own tests. Everything
else that the sandbox sets is an attribute of the objects in moto's backends, which moto_server's `backend` returns.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import operator
import os
from collections.abc import Callable
from typing import Any

from ..core.bets import Bet

MOTO, BOTOCORE = "moto 5.2.5", "botocore 1.43.106"


def _bet(name: str, used_by: str, why: str, version: str = MOTO) -> Bet:
    """A bet on `module:attribute`; `module:attribute(names)` also that these are its first arguments."""
    path, _, names = name.removesuffix(")").partition("(")
    module, _, attribute = path.partition(":")
    first = names.split(", ") if names else []

    def look(*_: Any) -> Any:
        found: Any = operator.attrgetter(attribute)(importlib.import_module(module))
        if first and list(inspect.signature(found).parameters)[: len(first)] != first:
            raise TypeError(f"its arguments are {inspect.signature(found)}")
        return found

    return Bet(name, version, used_by, why, look)


_RESET = _bet(
    "moto.core.base_backend:BackendDict.reset",
    "sandbox/moto_server.py",
    "a sandbox begins with an empty account, although moto's state belongs to the process",
)
_DISPATCHER = _bet(
    "moto.moto_server.werkzeug_app:DomainDispatcherApplication(create_app)",
    "sandbox/moto_server.py",
    "moto's own server cannot be wrapped in what breaks its answers",
)
_HOSTS = _bet(
    "moto.moto_server.werkzeug_app:DomainDispatcherApplication.get_backend_for_host(self, host)",
    "sandbox/moto_server.py",
    "moto lists its own folder twice for each request to find whose it is; it is told once for each host",
)
_APP = _bet(
    "moto.moto_server.werkzeug_app:create_backend_app(service)",
    "sandbox/moto_server.py",
    "the application of one service, which the dispatcher serves",
)
_MADE_APPS = Bet(
    "DomainDispatcherApplication().app_instances.pop",
    MOTO,
    "sandbox/corrections/__init__.py",
    "the application of a service is made once, which takes 15 ms, and again where a correction changes its paths",
    lambda *_: _made_apps().pop,
)
HANDLER = _bet(
    "moto.moto_server.werkzeug_app:MotoRequestHandler",
    "sandbox/moto_server.py",
    "headers reach moto as the client wrote them",
)
BACKEND = _bet(
    "moto.backends:get_backend(name)",
    "sandbox/moto_server.py",
    "no API call makes a target unhealthy, a key old or a deployment fail",
)
_SECRET = _bet(
    "moto.secretsmanager.models:SecretsManagerBackend._add_secret(self, secret_id)",
    "sandbox/seeds/iam.py",
    "a secret as old as the key in it",
)
_COSTS = _bet(
    "moto.ce.models:CostExplorerBackend.get_cost_and_usage(self, body)",
    "sandbox/seeds/costs.py",
    "costs of any range of days; moto only returns prepared answers, in the order in which they were prepared",
)
_STATUS = Bet(
    "ManagedState._transitions",
    MOTO,
    "sandbox/corrections/cloudfront.py",
    "moto settles a status whenever it is read; this keeps what was updated InProgress for a while",
    lambda *_: _managed()._transitions,
)
_TASKS = _bet(
    "moto.moto_api:state_manager.get_transition(model_name)",
    "sandbox/corrections/__init__.py",
    "tasks keep their state until something stops them; moto moves them on whenever they are read",
)
LOADER = _bet(
    "botocore.session:create_loader(search_path_string)",
    "sandbox/service_models.py",
    "each service model is read once: a start needs EC2's, which takes 50 ms, six times",
    BOTOCORE,
)
_WHY_MADE = "what is old, or was used at a given time, cannot be made by a call"
_MADE = {
    "Stack": _bet(
        "moto.cloudformation.models:Stack(stack_id, name, template, parameters)",
        "sandbox/seeds/cloudformation.py",
        _WHY_MADE,
    ),
    "AccessKeyLastUsed": _bet(
        "moto.iam.models:AccessKeyLastUsed(timestamp, service, region)", "sandbox/seeds/iam.py", _WHY_MADE
    ),
    "ExportTask": _bet(
        "moto.logs.models:ExportTask(task_id, task_name, log_group_name)", "sandbox/seeds/backups.py", _WHY_MADE
    ),
}
_IMAGES = "MOTO_EC2_LOAD_DEFAULT_AMIS"
"""A documented switch: 1,300 machine images that nothing here reads are made with each region's EC2, in 50 ms."""
BETS = (
    _RESET, _DISPATCHER, _HOSTS, _APP, _MADE_APPS, HANDLER, BACKEND, _SECRET, _COSTS, _STATUS, _TASKS, LOADER,
    *_MADE.values(),
)  # fmt: skip


def _managed() -> Any:
    from moto.cloudfront.models import Distribution
    from moto.moto_api._internal.managed_state_model import ManagedState

    if not issubclass(Distribution, ManagedState):
        raise TypeError("a distribution has no managed state")
    return ManagedState("cloudfront::distribution", [("InProgress", "Deployed")])


def forget_everything() -> None:
    """Empty every account: moto's state belongs to the process, not to a server."""
    os.environ[_IMAGES] = "false"
    _RESET.take()()


@functools.cache
def served() -> Any:
    """moto's WSGI application of all services: one for this process, as moto's state is."""
    made = _DISPATCHER.take()(_APP.take())
    _HOSTS.take()
    made.get_backend_for_host = functools.cache(made.get_backend_for_host)
    return made


def _made_apps() -> Any:
    return served().app_instances


def make_again(service: str) -> None:
    """The paths of a service have changed: its application is made from them when it is next asked."""
    _MADE_APPS.take()(service, None)


def keep_tasks() -> Callable[[], None]:
    """Let tasks run until something stops them; the returned function undoes it."""
    from moto.moto_api import state_manager

    before = _TASKS.take()("ecs::task")
    state_manager.set_transition("ecs::task", {"progression": "manual", "times": 10**9})
    return lambda: state_manager.set_transition("ecs::task", before)


def settle_as(managed: Any, before: str, after: str) -> None:
    """Give an object whose status moto moves on at each read the status `after`, and `before` as the one it left."""
    _ = managed._transitions
    managed._transitions = [(before, after)]
    managed.status = after


def add_secret(secrets: Any, name: str, text: str) -> Any:
    """Store a secret in moto's backend of Secrets Manager; returns moto's object."""
    made, _ = _SECRET.take()(secrets, name, secret_string=text)
    return made


def answer_costs(explorer: Any, answer: Callable[[str], dict[str, Any]]) -> None:
    """Let moto's backend of Cost Explorer answer GetCostAndUsage with this function of the request's body."""
    _COSTS.take()
    explorer.get_cost_and_usage = answer


def moto_type(name: str) -> Any:
    """Stack, AccessKeyLastUsed or ExportTask, to be made directly."""
    return _MADE[name].take()
