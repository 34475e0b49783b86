"""Compiled templates, kept where Python keeps compiled modules: to compile them takes half of a page's time."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
import tempfile
from pathlib import Path

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket


class BesideTemplates(BytecodeCache):
    """In `__pycache__` beside each template; where that cannot be written to, it costs time and nothing else.

    jinja2 recognises what another template, Python or jinja2 has left, by a checksum and a version in the file.
    """

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        """The place of the compiled template; "" for one that is not in a file of its own, such as in an archive."""
        return importlib.util.cache_from_source(f"{filename}.py") if filename else ""

    def load_bytecode(self, bucket: Bucket) -> None:
        """Read it, if it is there."""
        with contextlib.suppress(OSError), Path(bucket.key or os.devnull).open("rb") as stream:
            bucket.load_bytecode(stream)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Write it whole, or leave what is there: two runs may write at once."""
        if not bucket.key or sys.dont_write_bytecode:
            return
        folder = Path(bucket.key).parent
        with contextlib.suppress(OSError), contextlib.ExitStack() as cleaning:
            folder.mkdir(exist_ok=True)
            handle, name = tempfile.mkstemp(dir=folder)
            cleaning.callback(Path(name).unlink, missing_ok=True)
            with os.fdopen(handle, "wb") as stream:
                bucket.write_bytecode(stream)
            Path(name).replace(bucket.key)
