"""The docs site: the Markdown of this repository as it is, and reference pages made from the code.

sphinx-build -W --keep-going -c docs/site . site

Sphinx with Furo and MyST, not MkDocs with Material: Material's last promise of fixes ended in November 2026, and
MkDocs 2 takes neither its themes nor plugins. Nothing here is written for the generator but the index, so that
another one can take its place.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "plugins")]

from docs.site.reference import FOLDER, write  # noqa: E402 - found by the line above
from opschecks.core.version import __version__  # noqa: E402

write(ROOT / FOLDER)

project = "opschecks"
version = release = __version__
html_show_copyright = False
html_show_sphinx = False
html_theme = "furo"
smartquotes = False  # values are copied
html_title = f"opschecks {__version__}"
extensions = ["myst_parser"]
myst_heading_anchors = 4
root_doc = "docs/site/index"
include_patterns = [
    "*.md",
    "docs/*.md",
    "docs/site/index.md",
    "docs/reference/*.md",
    "examples/**/README.md",
    "examples/README.md",
    "checks/RUNBOOK.md",
    "reports/README.md",
    "benchmarks/README.md",
]
exclude_patterns = [".venv/**", "site/**"]
suppress_warnings = ["myst.header", "misc.highlighting_failure"]
