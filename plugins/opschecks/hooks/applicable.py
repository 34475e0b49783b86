"""Whether a check applies to a stack: what the stack says that it does not have, and what AWS says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.observation import NotApplicable, NotConfigured

if TYPE_CHECKING:
    from ..config.stack import Stack


def does_not_apply(error: BaseException | None, stack: Stack) -> str:
    """Why a check that ended with this error does not apply to the stack; empty where that is not why it ended."""
    return str(error) if isinstance(error, NotApplicable) else is_lacking(error, stack)


def is_lacking(error: BaseException | None, stack: Stack) -> str:
    """That the stack is without what an observation looked for, and why; else empty."""
    return stack.lacks(*error.keys) if isinstance(error, NotConfigured) else ""
