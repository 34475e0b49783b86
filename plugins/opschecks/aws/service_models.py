"""botocore's service models, read once for all sessions: they say nothing of a stack, and are most of its memory."""

from __future__ import annotations

import functools
import threading
from typing import Any

_MAKING = threading.Lock()


def share_models(session: Any) -> None:
    """Let the session take what describes the services from the loader of all sessions with the same `data_path`."""

    def loader() -> Any:
        with _MAKING:  # or each thread of the first ones would have its own
            return _loader(session.get_config_variable("data_path"))

    session.lazy_register_component("data_loader", loader)


@functools.cache
def _loader(data_path: str | None) -> Any:
    from botocore.loaders import Loader, create_loader

    one_at_a_time = threading.RLock()

    class ReadOnce(Loader):  # type: ignore[misc]
        """Threads that ask for the same model at once would each read it, as large as it is."""

        def load_service_model(self, *told: Any, **more: Any) -> Any:
            with one_at_a_time:
                return super().load_service_model(*told, **more)

        def load_data_with_path(self, *told: Any, **more: Any) -> Any:
            with one_at_a_time:
                return super().load_data_with_path(*told, **more)

    loader = create_loader(data_path)
    loader.__class__ = ReadOnce
    return loader


def forget_repeated_paths(session: Any) -> None:
    """Each boto3 session adds its folder to the loader's search paths, which are those of all sessions here."""
    paths = session.get_component("data_loader").search_paths
    for path in set(paths):
        while paths.count(path) > 1:
            paths.remove(path)
