"""One step of a change: made ready, announced in the journal, sent once, and its answer judged."""

from __future__ import annotations

from collections.abc import Sequence

from ..core.change import CannotFix, Refused, Request, Step
from ..core.observation import CouldNotLook
from .remedy import BaseRemedy


def prepared(step: Step) -> Request:
    """The step's request as it is sent; Refused where it is no longer allowed."""
    try:
        return step.prepare(step.request) if step.prepare else step.request
    except (CannotFix, CouldNotLook) as error:
        raise Refused(str(error)) from None


def announced(batch: Sequence[Step], done: int, of: int) -> str:
    """Which steps are about to be sent: `2 of 14: s3:CopyObject key`, `201 to 210 of 1,000: s3:CopyObject key`."""
    upto = f" to {done + len(batch):,}" if len(batch) > 1 else ""
    calls = ", ".join(dict.fromkeys(step.request.call for step in batch))
    return f"{done + 1:,}{upto} of {of:,}: {calls} {batch[0].about}".rstrip()


def send_one(remedy: BaseRemedy, step: Step, request: Request) -> None:
    """Send the request, and judge its answer; Refused, Partly or Unknown where it was not made whole."""
    files = {name: path.read_bytes() for name, path in request.files.items()}
    answer = remedy.aws.send(request.service, request.operation, **request.parameters, **files)
    for one in answer.get("Unsuccessful") or []:  # EC2 refuses within an answer that says 200
        told = one.get("Error") or {}
        raise Refused(f"{request.call}: {told.get('Code', 'Unsuccessful')}: {told.get('Message', '')}")
    if step.judge:
        step.judge(request, answer)
