"""botocore's service models, read once a process and found without looking through all of AWS's services."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Any


@functools.cache
def models(search_path_string: str | None = None) -> Any:
    """The loader that all sessions share; with further folders of models, as `data_path` of AWS's settings has them.

    Models say nothing of an account: stacks share what was read, and never what they sign with.
    """
    from botocore.loaders import Loader

    class Models(Loader):  # type: ignore[misc]  # botocore is untyped
        """Knows a service by its folder; botocore looks into each of 400 folders before it reads the first model."""

        @functools.cache  # noqa: B019 - there is one for each path, and it lives as long as the process
        def list_available_services(self, type_name: str) -> list[str]:
            folders = [Path(path) for path in self.search_paths if Path(path).is_dir()]
            return sorted({one.name for folder in folders for one in folder.iterdir()})

    paths = [
        Path(os.path.expandvars(path)).expanduser() for path in (search_path_string or "").split(os.pathsep) if path
    ]
    return Models(extra_search_paths=[str(path) for path in paths])


def share_models(session: Any) -> None:
    """Let the clients of a botocore session read what others have read."""
    session.register_component("data_loader", models(session.get_config_variable("data_path")))
