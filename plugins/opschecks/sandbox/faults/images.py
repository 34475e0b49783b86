"""Faults that come with age: vulnerable images, old images, incidents that pile up."""

from __future__ import annotations

from datetime import timedelta

from ..seed import incident
from ..seeds.images import scanned, serving
from . import Sandbox, fault


@fault(caught_by=["test_images_have_no_grave_vulnerabilities"])
def image_has_a_critical_vulnerability(sandbox: Sandbox) -> None:
    """The scan of the running image found two serious vulnerabilities."""
    scanned(sandbox, {"CVE-2026-2001": "CRITICAL", "CVE-2026-2002": "HIGH", "CVE-2026-1002": "LOW"})


@fault(blinds=["test_images_have_no_grave_vulnerabilities"])
def image_was_never_scanned(sandbox: Sandbox) -> None:
    """The running image was never scanned."""
    serving(sandbox).last_scan = None


@fault(caught_by=["test_images_are_young"])
def image_is_old(sandbox: Sandbox) -> None:
    """The image was built half a year ago; its scan is recent."""
    serving(sandbox).image_pushed_at = int((sandbox.now - timedelta(days=180)).timestamp())


@fault(caught_by=["test_old_incidents_are_archived"])
def incidents_pile_up(sandbox: Sandbox) -> None:
    """120 incidents that were resolved last year are still in the table."""
    opened = sandbox.now - timedelta(days=300)
    for number in range(120):
        sandbox.table().put_item(incident(f"inc-{number:04}", "resolved", "low", opened, "Long ago"))
