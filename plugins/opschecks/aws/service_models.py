"""botocore's service models, read once for all sessions: they say nothing of a stack, and are most of its memory."""

from __future__ import annotations

import functools
from typing import Any


def share_models(session: Any) -> None:
    """Let the session take what describes the services from the loader of all sessions with the same `data_path`."""
    session.lazy_register_component("data_loader", lambda: _loader(session.get_config_variable("data_path")))


@functools.cache
def _loader(data_path: str | None) -> Any:
    from botocore.loaders import create_loader

    return create_loader(data_path)


def forget_repeated_paths(session: Any) -> None:
    """Each boto3 session adds its folder to the loader's search paths, which are those of all sessions here."""
    paths = session.get_component("data_loader").search_paths
    for path in set(paths):
        while paths.count(path) > 1:
            paths.remove(path)
