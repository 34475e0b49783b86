"""With which credentials calls are signed: AWS's own chain, then the stack's role, by botocore's machinery."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..core.observation import CouldNotLook
from .botocore_private import ask_with
from .configuration import profiles_in_use

if TYPE_CHECKING:
    from ..config.stack import Stack

Ask = Callable[[str], str]
"""Asks a person on the terminal, and returns what was typed."""
Given = Mapping[str, str]
"""boto3.Session's arguments: aws_access_key_id, aws_secret_access_key, aws_session_token."""


class NobodyToAsk(CouldNotLook):
    """A second factor is asked for, and there is no terminal to type it on."""


def second_factor(session: Any, stack: Stack, given: Given) -> str:
    """What asks for an MFA code before the first call, naming key or profile and the device; "" where nothing does."""
    if stack.role_arn and stack.mfa_serial:
        return f"stacks.{stack.name}.mfa_serial: the role {stack.role_arn} asks for a code of {stack.mfa_serial}"
    for name, settings in () if given else profiles_in_use(session):
        if "role_arn" in settings and "mfa_serial" in settings:
            role, device = settings["role_arn"], settings["mfa_serial"]
            return f"stacks.{stack.name}: the AWS profile {name} asks for an MFA code of {device} to assume {role}"
    return ""


def nobody_to_ask(asks: str) -> NobodyToAsk:
    """The refusal where there is no terminal; `asks` is what `second_factor` says."""
    such = "such as those of aws sts get-session-token, or of a role without mfa_serial for cron and CI"
    advice = f"run it in a terminal, or give it credentials that need no code, {such}"
    return NobodyToAsk("", f"{asks}, and there is no terminal to type it on: {advice}")


def sign_in(session: Any, stack: Stack, given: Given, ask: Ask | None, sts: Callable[..., Any] | None) -> None:
    """Let the botocore session's clients sign as the stack asks: with `given` or the usual chain, then as the role.

    Nothing is asked of AWS or a person before the first call. A role's credentials are renewed a quarter of an hour
    before they end; those that took an MFA code end. `sts(**keys)` makes a client of STS that assumes the role;
    without it `given` are the role's own.
    """
    from botocore.credentials import CredentialResolver, Credentials

    keys = [given.get(key) for key in _KEYS]
    asked = ask or _refusing(second_factor(session, stack, given))
    if not given:
        chain = session.get_component("credential_provider")
        ask_with(chain, asked)
    if stack.role_arn and sts:
        load = (lambda: Credentials(*keys)) if given else chain.load_credentials
        session.register_component("credential_provider", CredentialResolver([_Role(stack, load, asked, sts)]))
    elif given:
        session.set_credentials(*keys)


def frozen(session: Any) -> dict[str, str]:
    """The credentials as they are now, as `given` to another process's session."""
    now = session.get_credentials().get_frozen_credentials()
    return dict(zip(_KEYS, (now.access_key, now.secret_key, now.token or ""), strict=True))


_KEYS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")


def _refusing(asks: str) -> Ask:
    def refuse(_: str) -> str:
        raise nobody_to_ask(asks)

    return refuse


class _Role:
    """A provider of botocore's chain: the stack's role, assumed with the source's credentials."""

    METHOD = "assume-role"
    CANONICAL_NAME = None

    def __init__(self, stack: Stack, source: Callable[[], Any], ask: Ask, sts: Callable[..., Any]) -> None:
        self._stack, self._source, self._ask, self._sts = stack, source, ask, sts

    def load(self) -> Any:
        """Credentials that fetch themselves when they are first used; NoCredentialsError without a source."""
        from botocore.credentials import (
            AssumeRoleCredentialFetcher,
            DeferredRefreshableCredentials,
            create_mfa_serial_refresher,
        )
        from botocore.exceptions import NoCredentialsError

        source = self._source()
        if source is None:
            raise NoCredentialsError
        fetcher = AssumeRoleCredentialFetcher(
            client_creator=lambda _, **keys: self._sts(**keys),
            source_credentials=source,
            role_arn=self._stack.role_arn,
            extra_args=self._arguments(),
            mfa_prompter=self._ask,
        )
        fetch = fetcher.fetch_credentials
        return DeferredRefreshableCredentials(
            method=self.METHOD,
            refresh_using=create_mfa_serial_refresher(fetch) if self._stack.mfa_serial else fetch,
        )

    def _arguments(self) -> dict[str, Any]:
        """AssumeRole's parameters: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html."""
        stack = self._stack
        told = {
            "RoleSessionName": stack.role_session_name or f"opschecks-{stack.name}"[:64],
            "ExternalId": stack.external_id,
            "DurationSeconds": int(stack.duration.total_seconds()) if stack.duration else None,
            "SerialNumber": stack.mfa_serial,
            "Policy": stack.session_policy,
        }
        return {key: value for key, value in told.items() if value is not None}
