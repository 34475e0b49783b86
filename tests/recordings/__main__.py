"""The command: `make` records again, `pin` writes down what is concluded now."""

from __future__ import annotations

import argparse
import sys

from tests.recordings.making import MAKERS, make
from tests.recordings.pins import pin

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.recordings", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    making = commands.add_parser("make", help="record the emulators again, all or some, and pin the verdicts")
    making.add_argument("names", nargs="*", choices=[*MAKERS, []], metavar="NAME", help=", ".join(MAKERS))
    commands.add_parser("pin", help="write verdicts.toml again")
    asked = parser.parse_args()
    if asked.command == "make":
        make(asked.names or list(MAKERS))
    pin()
    sys.exit(0)
