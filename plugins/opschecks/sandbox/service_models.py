"""What botocore sessions of the sandbox's process read: service models once, and moto's no setting of the machine.

moto makes sessions to list regions, while it is imported and later; a profile that does not exist, or a wrong
configuration file, would end each of them.
"""

from __future__ import annotations

import inspect
from typing import Any

import botocore
import botocore.session

from ..aws.configuration import isolate
from ..aws.service_models import models
from .moto_private import LOADER

LOADER.take()
botocore.session.create_loader = models


def _isolate_that_of_moto(session: Any) -> None:
    frame = inspect.currentframe()
    while frame and frame.f_globals["__name__"].partition(".")[0] in (
        "boto3",
        "botocore",
        __package__.partition(".")[0],
    ):
        frame = frame.f_back
    if frame and frame.f_globals["__name__"].partition(".")[0] == "moto":
        isolate(session)


botocore.register_initializer(_isolate_that_of_moto)
