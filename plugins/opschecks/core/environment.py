"""The environment's variables, read by one thread while pytest changes them in another."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar

Read = TypeVar("Read")

CHANGED_BY_PYTEST = "PYTEST_CURRENT_TEST"
"""Set before and removed after every test:
https://docs.pytest.org/en/stable/example/simple.html#pytest-current-test-environment-variable"""


def variables(prefix: str = "") -> dict[str, str]:
    """The variables whose names begin with `prefix`, as they are now."""
    # os.environ.items() raises KeyError for a variable that is removed meanwhile
    return {name: os.environ.get(name, "") for name in list(os.environ) if name.startswith(prefix)}


def reread(read: Callable[[], Read]) -> Read:
    """What `read` returns, for what lists the environment by itself, as urllib's and botocore's look for proxies does.

    Called again where pytest removed its variable meanwhile: whatever `read` does before it lists must bear repeating.
    """
    while True:
        try:
            return read()
        except KeyError as error:
            if error.args != (CHANGED_BY_PYTEST,):
                raise
