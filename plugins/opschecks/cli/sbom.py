"""python -m opschecks.cli.sbom: the software bill of materials of this installation, as CycloneDX 1.6 JSON.

It lists opschecks and every installed distribution that it requires, directly or not, as their own metadata say; of the
extras those that are named (`python -m opschecks.cli.sbom sandbox`). A release attaches it, and so can a built image.
https://cyclonedx.org/docs/1.6/json/
"""

from __future__ import annotations

import json
import os
import sys
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from typing import Any

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ..core import clock

OURS = "opschecks"


class NotInstalled(Exception):  # noqa: N818 - it is said of the installation
    """The installation lacks what its metadata require: no bill of it would be whole."""


def bill(extras: Iterable[str] = (), *, now: datetime | None = None) -> dict[str, Any]:
    """The bill as plain data; the same installation at the same moment always makes the same one."""
    needs = _requirements(extras)
    found = {name: distribution(name) for name in sorted(needs)}
    made = (now or _moment()).astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    components = [_component(one) for one in found.values()]
    ours = next(one for one in components if one["name"] == OURS) | {"type": "application"}
    told = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"timestamp": made, "component": ours},
        "components": [one for one in components if one["name"] != OURS],
        "dependencies": [
            {"ref": _ref(one), "dependsOn": sorted(_ref(found[need]) for need in needs[name])}
            for name, one in found.items()
        ],
    }
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(told, sort_keys=True))
    return {"$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json", "serialNumber": f"urn:uuid:{serial}", **told}


def _moment() -> datetime:
    """That of SOURCE_DATE_EPOCH, by which a build can be repeated: https://reproducible-builds.org/specs/source-date-epoch/."""
    given = os.environ.get("SOURCE_DATE_EPOCH")
    return datetime.fromtimestamp(int(given), UTC) if given else clock.now()


def _requirements(extras: Iterable[str]) -> dict[str, set[str]]:
    """What opschecks requires, directly or not, and itself: each by its name, with what it requires directly."""
    needs: dict[str, set[str]] = {}
    todo = [(OURS, frozenset(extras))]
    for name, of in todo:  # which goes on with what is found
        needs.setdefault(name, set())
        for wanted in map(Requirement, distribution(name).requires or ()):
            if not _applies(wanted, of):
                continue
            needed = canonicalize_name(wanted.name)
            try:
                distribution(needed)
            except PackageNotFoundError:
                raise NotInstalled(f"{name} requires {wanted}, which is not installed") from None
            needs[name].add(needed)
            if (further := (needed, frozenset(wanted.extras))) not in todo:
                todo.append(further)
    return needs


def _applies(wanted: Requirement, extras: frozenset[str]) -> bool:
    here: Mapping[str, Any] = default_environment()
    return wanted.marker is None or any(wanted.marker.evaluate({**here, "extra": one}) for one in {"", *extras})


def _component(one: Distribution) -> dict[str, Any]:
    told: dict[str, Any] = {
        "type": "library",
        "bom-ref": _ref(one),
        "name": canonicalize_name(one.metadata["Name"]),
        "version": one.version,
        "purl": _ref(one),
    }
    if licences := _licences(one):
        told["licenses"] = licences
    return told


def _licences(one: Distribution) -> list[dict[str, Any]]:
    """By the SPDX expression where there is one, else by what the distribution calls it in one line."""
    if "License-Expression" in one.metadata:
        return [{"expression": one.metadata["License-Expression"]}]
    declared = one.metadata.get_all("Classifier") or []
    classified = [line.rpartition(" :: ")[2] for line in declared if line.startswith("License ::")]
    plain = one.metadata["License"].strip() if "License" in one.metadata else ""
    names = classified or ([plain] if plain and "\n" not in plain else [])
    return [{"license": {"name": name}} for name in dict.fromkeys(names)]


def _ref(one: Distribution) -> str:
    """The package URL: https://github.com/package-url/purl-spec."""
    return f"pkg:pypi/{canonicalize_name(one.metadata['Name'])}@{one.version}"


if __name__ == "__main__":
    sys.stdout.write(json.dumps(bill(sys.argv[1:]), indent=2) + "\n")
