"""Where moto is not like AWS, and what is put right, a module for each service: each patch says what AWS does.

All of it is undone by the function that `correct` gives back: moto's classes are the process's.
"""

from __future__ import annotations

import contextlib
import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from moto.moto_api import state_manager

Undo = Callable[[], None]
Patch = Callable[[Any, str, Any], None]
States = Mapping[str, tuple[str, str, str]]


def correct(
    states: States,
    follow_attributes: Callable[[Mapping[str, str]], None],
    forget: Callable[[Iterable[str]], None],
    follow_task: Callable[[Any, Any], None],
) -> Undo:
    """Put moto right. `states` are the targets that are not healthy: state, reason, description by address;
    `follow_attributes` is told the attributes of a target group whenever they change, `forget` what is invalidated,
    `follow_task` the task that StopTask stopped, and again with the one that has its place.
    """
    from . import cloudfront, ecs_stop, elbv2

    undo = contextlib.ExitStack()

    def patch(owner: Any, name: str, value: Any) -> None:
        missing = object()
        before = owner.__dict__.get(name, missing)
        setattr(owner, name, value)
        undo.callback(lambda: delattr(owner, name) if before is missing else setattr(owner, name, before))

    # a service's tasks start at once, stay, and stop only when something stops them
    transition = state_manager.get_transition("ecs::task")
    state_manager.set_transition("ecs::task", {"progression": "manual", "times": 10**9})
    undo.callback(lambda: state_manager.set_transition("ecs::task", transition))
    elbv2.patches(patch, states, follow_attributes)
    cloudfront.patches(patch, forget)
    for module in sorted(one.name for one in pkgutil.iter_modules(__path__)):
        if module not in ("elbv2", "cloudfront", "ecs_stop"):
            importlib.import_module(f"{__name__}.{module}").patches(patch)
    ecs_stop.patches(patch, follow_task)  # upon what ecs has put right
    return undo.close
