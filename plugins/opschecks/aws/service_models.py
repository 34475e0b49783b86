"""botocore's service models, read once a process: they say nothing of a stack, and are most of its memory."""

from __future__ import annotations

import functools
import gzip
import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..core import plain_json

_MAKING = threading.Lock()


class PlainFiles:
    """Models as plain dicts: as botocore's own file loader, whose ordered ones take half as much memory and time again.

    A dict has the order of the file, too.
    """

    def exists(self, path: str) -> bool:
        """Whether there is a model of that path, which has no suffix."""
        return any(Path(path + suffix).is_file() for suffix in _FILES)

    def load_file(self, path: str) -> Any:
        """The model; None where there is none."""
        for suffix, unpacked in _FILES.items():
            if (file := Path(path + suffix)).is_file():
                return plain_json.read(unpacked(file.read_bytes()))
        return None


_FILES: Mapping[str, Callable[[bytes], bytes]] = {".json": bytes, ".json.gz": gzip.decompress}


@functools.cache
def models(search_path_string: str | None = None) -> Any:
    """The loader that all sessions share; with further folders of models, as `data_path` of AWS's settings has them.

    Stacks share what was read, and never what they sign with.
    """
    from botocore.loaders import Loader

    one_at_a_time, made = threading.RLock(), dict[object, Any]()

    class Models(Loader):  # type: ignore[misc]  # botocore is untyped
        """Reads each model once, and knows a service by its folder; keeps what is made of it, too.

        Threads that ask botocore's for the same model at once each read it, as large as it is; and before the first
        one, it looks into each of 400 folders.
        """

        @functools.cache  # noqa: B019 - there is one for each path, and it lives as long as the process
        def list_available_services(self, type_name: str) -> list[str]:
            folders = [Path(path) for path in self.search_paths if Path(path).is_dir()]
            return sorted({one.name for folder in folders for one in folder.iterdir()})

        def remembered(self, key: object, make: Callable[[], Any]) -> Any:
            """What is made of models alone, and so the same for every client."""
            with one_at_a_time:
                if key not in made:
                    made[key] = make()
                return made[key]

        def load_service_model(self, *told: Any, **more: Any) -> Any:
            with one_at_a_time:
                return super().load_service_model(*told, **more)

        def load_data_with_path(self, *told: Any, **more: Any) -> Any:
            with one_at_a_time:
                return super().load_data_with_path(*told, **more)

    given = (search_path_string or "").split(os.pathsep)
    paths = [Path(os.path.expandvars(path)).expanduser() for path in given if path]
    return Models(extra_search_paths=[str(path) for path in paths], file_loader=PlainFiles())


def share_models(session: Any) -> None:
    """Let the clients of a botocore session read what others have read."""

    def loader() -> Any:
        with _MAKING:  # or each thread of the first ones would have its own
            return models(session.get_config_variable("data_path"))

    session.lazy_register_component("data_loader", loader)
