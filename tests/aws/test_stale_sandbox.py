"""A sandbox that was ended, which the environment of the shell still names."""

from __future__ import annotations

import socket

import pytest

from opschecks.aws.session import Aws
from opschecks.config.stack import Stack
from opschecks.core.observation import CouldNotLook
from opschecks.sandbox.environment import CREDENTIALS


def test_what_cannot_be_reached_says_what_to_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPSCHECKS_SANDBOX", "{}")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # and does not listen
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        named = Stack(name="s", sandbox=True, limits={"aws_attempts": 1})
        aws = Aws(named.model_copy(update={"region": "us-west-2", "endpoint_url": url}), CREDENTIALS)
        with pytest.raises(CouldNotLook, match="OPSCHECKS_SANDBOX names a sandbox that does not run: unset it"):
            aws.call("sts", "GetCallerIdentity")
