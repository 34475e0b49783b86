"""What a recording says of its run, and the stacks, waivers and expectations that are made of that again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ..core.model import Expected
from ..core.run import Run
from .file import Recording, RecordingError
from .tapes import Recorder

if TYPE_CHECKING:
    from ..config.stack import Stack
    from ..config.waivers import Waiver

_OF_ACCESS = {
    "profile", "role_arn", "external_id", "role_session_name", "duration", "mfa_serial", "session_policy", "state",
    "endpoint_url",
}  # fmt: skip
"""Keys of a stack that say how it is reached, and where its state is: a replay does neither."""


def about(
    run: Run,
    stacks: Sequence[Stack],
    waivers: Sequence[Waiver],
    expected: Expected,
    recorder: Any,
    outcomes: tuple[Mapping[str, str], ...],
) -> Recording:
    """The recording of a run that has ended."""
    regions = {facts.name: facts.region for facts in run.stacks}
    told = {
        "suite": run.suite,
        "started": run.started.isoformat(),
        "partial": run.partial,
        "versions": dict(run.versions),
        "stacks": [
            {
                **stack.model_dump(mode="json", exclude_unset=True, exclude=_OF_ACCESS),
                "region": regions.get(stack.name) or stack.region,
            }
            for stack in stacks
        ],
        "waivers": [waiver.model_dump(mode="json") for waiver in waivers],
        "expected": {key: list(given) for key, given in asdict(expected).items()},
    }
    return Recording(told, recorder.exchanges() if isinstance(recorder, Recorder) else (), outcomes)


def stacks_of(recording: Recording) -> list[Stack]:
    """The stacks as they were; RecordingError where this version does not take them."""
    from pydantic import ValidationError

    from ..config.stack import Stack

    try:
        return [Stack.model_validate(told) for told in recording.about["stacks"]]
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise RecordingError(f"{recording.path}: its stack is not valid here: {where}: {first['msg']}") from None


def waivers_of(recording: Recording) -> list[Waiver]:
    """The waivers that counted then."""
    from ..config.waivers import Waiver

    return [Waiver.model_validate(told) for told in recording.about["waivers"]]


def expected_of(recording: Recording) -> Expected:
    """What a deployment should have brought."""
    return Expected(**{key: tuple(given) for key, given in recording.about["expected"].items()})
