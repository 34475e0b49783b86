"""The command: tries combinations, prints the table, ends with 1 where one is wrong."""

from __future__ import annotations

import sys

from tests.matrix.table import main

sys.exit(main(sys.argv[1:]))
