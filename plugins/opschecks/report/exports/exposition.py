"""The text format of Prometheus: families of gauges.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

from collections.abc import Iterable

from ..notes import brief
from .markdown import LONGEST_NAME

_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": " "})

Labels = Iterable[tuple[str, str]]
Sample = tuple[Labels, float]


def family(name: str, words: str, samples: Iterable[Sample]) -> str:
    """A family of gauges with its help, its type and its samples, each of its labels and its value."""
    lines = [f"# HELP {name} {words}", f"# TYPE {name} gauge"]
    for labels, value in samples:
        told = ",".join(f'{key}="{_label(text)}"' for key, text in labels)
        number = f"{value:.6f}".rstrip("0").rstrip(".")
        lines.append(f"{name}{{{told}}} {number}")
    return "\n".join(lines) + "\n"


def _label(text: str) -> str:
    return brief(text, LONGEST_NAME).translate(_ESCAPES)
