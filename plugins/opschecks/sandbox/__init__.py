"""An AWS account to practise on: moto, corrected where it is unrealistic, with a live backend beside it.

`environment.py` is where it is put together; `faults/` is how it is broken. Never imported by a live run.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .environment import Sandbox as Sandbox
else:
    Sandbox = Any  # only annotations name it, and its imports take a second
