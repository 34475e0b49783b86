"""One session of a stack, one client per service; what botocore raises, in a sentence with the next step."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

from ..core import environment
from ..core.observation import CouldNotLook
from .answer_bodies import require_bodies
from .configuration import UnusableProfile, configured_session, profiles_in_use
from .credentials import Ask, Given, frozen, second_factor, sign_in
from .endpoints import foreign_client
from .proxies import reach_directly
from .refusals import explained

if TYPE_CHECKING:
    from ..config.stack import Stack

CONNECT_TIMEOUT_S = 5
READ_TIMEOUT_S = 20
_OF_THE_NETWORK = (
    "ConnectTimeoutError",
    "ConnectionClosedError",
    "EndpointConnectionError",
    "HTTPClientError",
    "ReadTimeoutError",
)
_FETCHING = {
    "AssumeRole": "sts:AssumeRole",
    "AssumeRoleWithWebIdentity": "sts:AssumeRoleWithWebIdentity",
    "GetRoleCredentials": "sso:GetRoleCredentials",
}
"""Calls with which botocore fetches credentials while it makes another one."""


class Clients:
    """Made without the network; `asks` says what asks for an MFA code before the first call, or is empty."""

    def __init__(self, stack: Stack, given: Given, ask: Ask | None, signed: Given | None) -> None:
        """`given` are source credentials, `signed` those of the role itself, as another process got them."""
        reach_directly(os.environ)
        self._stack = stack
        self._lock, self._one_at_a_time = threading.Lock(), threading.Lock()
        self._making: dict[tuple[str, bool, str | None], threading.Lock] = {}
        self._clients: dict[tuple[str, bool, str | None], Any] = {}
        self.refused: CouldNotLook | None = None
        # whoever gives credentials and an endpoint, as the sandbox does, gives all that is needed
        self.session = configured_session(stack, isolated=bool(given and stack.endpoint_url))
        self.asks = "" if signed else second_factor(self.session, stack, given)
        try:
            sign_in(self.session, stack, signed or given, ask, None if signed else self._sts)
        except ValueError as error:  # a number of the configuration that is none
            raise UnusableProfile(f"stacks.{stack.name}: the AWS configuration is wrong: {error}") from None

    def client(self, service: str, *, once: bool = False, region: str | None = None) -> Any:
        """The service's client; with `once`, one that never retries. `region`: another one than the session's.

        CouldNotLook for one that would not call AWS.
        """
        wanted = service, once, region
        if there := self._clients.get(wanted):
            return there
        with self._lock:
            making = self._making.setdefault(wanted, threading.Lock())
        with making:  # who wants one that is made already does not wait for those that others want
            known = self._clients
            if wanted in known:
                return known[wanted]
            attempts = 1 if once else self._stack.limits.aws_attempts
            with self._one_at_a_time:  # they share a session, which loads credentials without a lock
                made = self._make(service, attempts, region)
                if not once:
                    require_bodies(made)
                self._clients[wanted] = made
            return made

    def release(self) -> None:
        """Close every client's connections, and forget the clients."""
        with self._one_at_a_time:
            clients, self._clients = self._clients, {}
        for client in clients.values():
            client.close()

    @property
    def region(self) -> str:
        """The region of the session."""
        return str(self.session.get_config_variable("region"))

    def frozen(self) -> dict[str, str]:
        """The credentials as they are now, for another process."""
        return frozen(self.session)

    def _make(self, service: str, attempts: int, region: str | None) -> Any:
        from .tls import share_connections

        client = environment.reread(
            lambda: self.session.create_client(
                service, region_name=region, endpoint_url=self._stack.endpoint_url, config=_how(attempts)
            )
        )
        if why := foreign_client(self.session, client, self._stack):
            raise CouldNotLook("", why)
        share_connections(client)
        return client

    def _sts(self, **keys: Any) -> Any:
        """A client of STS that signs with these keys: the source's, to assume the role."""
        how = _how(self._stack.limits.aws_attempts)
        return environment.reread(
            lambda: self.session.create_client("sts", endpoint_url=self._stack.endpoint_url, config=how, **keys)
        )

    def refusal(self, call: str, operation: str, error: Any) -> CouldNotLook:
        """A ClientError; of the call that fetches credentials, where it was that."""
        fetching = getattr(error, "operation_name", operation)
        asked = _FETCHING.get(fetching, call)
        region = str(self.session.get_config_variable("region"))
        told = explained(asked, error, region=region, log_in=self._log_in())
        if fetching != operation:  # a role that does not exist says nothing of what was asked for with it
            return CouldNotLook(told.call, told.reason, action=told.action)
        return told

    def failure(self, call: str, error: Exception) -> CouldNotLook:
        """A BotoCoreError or OSError: no answer of AWS was read."""
        told = f"{type(error).__name__}: {error}"
        kind = type(error).__name__
        if kind == "NoCredentialsError":
            return CouldNotLook(call, f"{told} – {self._no_credentials()}")
        if kind in ("UnauthorizedSSOTokenError", "SSOTokenLoadError", "TokenRetrievalError"):
            return CouldNotLook(call, f"the login of AWS SSO has expired or was never made – {self._log_in()}")
        if kind in ("LoginRefreshRequired", "LoginTokenLoadError", "LoginError", "LoginInsufficientPermissions"):
            return CouldNotLook(call, f"the login of aws login has expired or was never made – {self._log_in()}")
        if kind == "RefreshWithMFAUnsupportedError":
            return CouldNotLook(call, f"{told} – the session that took an MFA code has ended: begin again")
        if kind in ("ProxyConnectionError", "InvalidProxiesConfigError"):
            return CouldNotLook(call, f"{told} – check HTTPS_PROXY, or except AWS by NO_PROXY")
        if kind == "SSLError":
            return CouldNotLook(call, f"{told} – behind a proxy that opens TLS, AWS_CA_BUNDLE names its certificates")
        if kind in _OF_THE_NETWORK and self._stack.sandbox and os.environ.get("OPSCHECKS_SANDBOX"):
            return CouldNotLook(call, f"{told} – OPSCHECKS_SANDBOX names a sandbox that does not run: unset it")
        if kind in _OF_THE_NETWORK:
            return CouldNotLook(call, f"{told} – check the network, and run it again")
        if isinstance(error, OSError) and error.filename:
            named = _variables_with(str(error.filename))
            return CouldNotLook(call, f"{named}{error.filename}: {error.strerror}, and the credentials need it")
        return CouldNotLook(call, told)

    def _no_credentials(self) -> str:
        stack = self._stack
        if profile := self.session.instance_variables().get("profile"):
            return f"the profile {profile} of stacks.{stack.name} has none: aws configure --profile {profile}"
        known = ", ".join(list(self.session.full_config.get("profiles", {}))[:5])
        others = f" (there are {known})" if known else ""
        return (
            f"set profile for stacks.{stack.name} or AWS_PROFILE{others}, log in (aws configure sso, aws configure), "
            "or run it where a role is attached"
        )

    def _log_in(self) -> str:
        """How the credentials in use are renewed, as a command to type."""
        for name, settings in profiles_in_use(self.session):
            if {"sso_session", "sso_start_url"} & set(settings):
                return f"aws sso login --profile {name}"
            if "login_session" in settings:
                return f"aws login --profile {name}"
        return "log in again"


class NoClients:
    """In the place of Clients where a recording is replayed: nobody is called, and there are no credentials."""

    asks = ""

    def __init__(self, stack: Stack) -> None:
        self.region = stack.region or ""
        self.refused: CouldNotLook | None = None

    def client(self, service: str, **_: Any) -> Any:
        """Always CouldNotLook."""
        raise CouldNotLook("", f"a recording is replayed, and {service} is not called")

    def release(self) -> None:
        """There are none."""

    def frozen(self) -> dict[str, str]:
        """None."""
        return {}

    def refusal(self, call: str, operation: str, error: Any) -> CouldNotLook:
        """As Clients'; no client is there to raise one."""
        return explained(call, error, region=self.region)

    def failure(self, call: str, error: Exception) -> CouldNotLook:
        """As Clients'."""
        return CouldNotLook(call, f"{type(error).__name__}: {error}")


def _how(attempts: int) -> Any:
    from botocore.config import Config

    return Config(
        connect_timeout=CONNECT_TIMEOUT_S,
        read_timeout=READ_TIMEOUT_S,
        retries={"mode": "standard", "total_max_attempts": attempts},
        max_pool_connections=32,
        user_agent_extra="opschecks",
    )


def _variables_with(value: str) -> str:
    named = [name for name, given in environment.variables("AWS_").items() if given == value]
    return f"{', '.join(named)}: " if named else ""
