"""Writes what each row says into tests/real/said/; the difference to before is what readers will notice."""

from __future__ import annotations

import sys

import pytest

from tests import clock
from tests.real import said
from tests.real.test_at_limits import said_at_limits
from tests.real.test_rows import AREAS, ROWS


def main() -> int:
    """Run the command."""
    with pytest.MonkeyPatch.context() as patch:
        clock.stop(patch)
        for area in AREAS:
            rows = [(row.title, said.told(row.hold())) for of, row in ROWS if of == area]
            if rows:
                said.write(area, rows)
        said.write("at_limits", said_at_limits())
    return 0


if __name__ == "__main__":
    sys.exit(main())
