"""pytest's report of a check, without the traceback that pytest would lay out for it: judge.py says what it means."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from .state import check_of, checks_run


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> pytest.TestReport | None:
    """The report of a check that raised: laying out where takes longer than the check, and judge.py replaces it."""
    if not call.excinfo or call.when == "teardown" or not check_of(item) or not checks_run(item.config):
        return None
    error = call.excinfo.value
    if isinstance(error, KeyboardInterrupt | pytest.exit.Exception | pytest.skip.Exception):
        return None
    bare: Any = copy.copy(call)
    bare.excinfo = f"{type(error).__name__}: judged by opschecks"  # what is no ExceptionInfo is reported as it is
    return pytest.TestReport.from_item_and_call(item, bare)
