"""Time zones by their names; UTC also where the machine has no time zone database."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, tzinfo


def zone_named(name: str) -> tzinfo:
    """The zone of that name, such as Europe/Berlin; ValueError, with the next step, where there is none."""
    if name in ("UTC", "Etc/UTC"):
        return UTC
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder, such as Europe
        if not zoneinfo.available_timezones():
            raise ValueError(
                "only UTC is known on a machine without a time zone database (pip install tzdata brings one)"
            ) from None
        raise ValueError("not a time zone; names look like Europe/Berlin") from None
