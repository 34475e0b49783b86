"""A change that is about nothing, for tests of what is around one."""

from __future__ import annotations

from opschecks.core.change import Change, Risk


def change(number: int = 0, risk: Risk = Risk.SAFE, check: str = "test_x", *, one_way: bool = False) -> Change:
    return Change(
        remedy="switch", stack="here", target=f"t{number}", name=f"t{number}", before={"v": 0}, after={"v": 1},
        call="world:Write", parameters={}, risk=risk, one_way=one_way, expects="", check=check, finding=f"f{number}",
    )  # fmt: skip
