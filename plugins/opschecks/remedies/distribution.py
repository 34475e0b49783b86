"""The CloudFront distribution of a remedy's stack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from ..aws.inventory import inventory
from ..core.change import CannotFix
from ..core.observation import CouldNotLook
from ..fixing.remedy import Remedy

if TYPE_CHECKING:
    from ..aws.session import Aws


def distribution_of(remedy: Remedy) -> str:
    """The id of the distribution of the remedy's stack; CannotFix where the stack has none, or several."""
    try:
        return inventory(remedy.stack, cast("Aws", remedy.aws)).the_distribution
    except CouldNotLook as error:
        raise CannotFix(str(error)) from None


class DistributionRemedy(Remedy):
    """What changes the stack's distribution, whichever of its pages or behaviors was found wrong."""

    def targets(self, resource: str, evidence: Mapping[str, Any]) -> list[str]:
        """The stack's distribution."""
        return self.all_targets()

    def all_targets(self) -> list[str]:
        """The distribution, where the stack has one."""
        return [distribution_of(self)]

    def normal(self, target: str) -> str:
        """The id of the stack's distribution, of its ARN too."""
        short, own = target.rsplit("/", 1)[-1], self.all_targets()
        if short not in own:
            raise CannotFix(f"{short} is not the distribution of {self.stack.name}, which is {own[0]}")
        return short
