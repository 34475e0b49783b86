"""What the sandbox uses of moto's inside, which moto does not publish: each name with its reason, pinned by a test.

What the corrections replace is declared where they are made (`corrections/`). Everything else that the sandbox sets
is a plain attribute of the objects in moto's backends.
"""

from __future__ import annotations

from moto.moto_api import state_manager

__all__ = ["state_manager"]
