"""What the way to AWS uses of botocore that botocore does not publish: every such name, with its reason."""

from __future__ import annotations

import functools
import inspect
import ssl
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from ..core.bets import Bet

BOTOCORE = "botocore 1.43.106"


def _endpoint_session(client: Any) -> Any:
    session = client._endpoint.http_session
    _ = session._verify, session._cert_file, session._manager.connection_pool_kw, session._proxy_config._proxies
    return session


def _context(_: Any) -> Any:
    from botocore import httpsession

    return httpsession.create_urllib3_context


def _prompted(chain: Any) -> Any:
    from botocore.credentials import AssumeRoleProvider

    provider = chain.get_provider(AssumeRoleProvider.METHOD)
    _ = provider._prompter
    return provider


def _creator(_: Any) -> Any:
    from botocore import client

    known = {
        "_load_service_model": ["self", "service_name", "api_version"],
        "_create_client_class": ["self", "service_name", "service_model"],
    }
    maker = client.ClientCreator
    same = all(list(inspect.signature(getattr(maker, name)).parameters) == wanted for name, wanted in known.items())
    return client if same and "loader" in inspect.signature(maker).parameters else None


_SESSION = Bet(
    "client._endpoint.http_session with ._manager.connection_pool_kw, ._verify, ._cert_file, ._proxy_config._proxies",
    BOTOCORE,
    "aws/tls.py",
    "all clients share one TLS context, which saves reading the authorities for each; without it they are only slower",
    _endpoint_session,
)
_TLS = Bet(
    "botocore.httpsession.create_urllib3_context",
    BOTOCORE,
    "aws/tls.py",
    "the shared TLS context has botocore's own options and ciphers",
    _context,
)
_PROMPTER = Bet(
    "AssumeRoleProvider._prompter of a session's credential_provider",
    BOTOCORE,
    "aws/credentials.py",
    "a profile's MFA code is asked where a person can type it, or refused at once; botocore would read the terminal",
    _prompted,
)
_END = Bet(
    "RefreshableCredentials._expiry_time",
    BOTOCORE,
    "aws/trial.py",
    "`opschecks doctor` says until when credentials last; botocore only says whether they are about to end",
    lambda credentials: (credentials._expiry_time,),
)
_CREATOR = Bet(
    "botocore.client.ClientCreator with ._load_service_model, ._create_client_class and ._loader",
    BOTOCORE,
    "aws/shared_classes.py",
    "clients of all stacks share classes and models, which are made of descriptions of AWS alone; without it each "
    "client makes its own, which takes longer and more memory",
    _creator,
)
BETS = (_SESSION, _TLS, _CREATOR)
OF_CHAINS = (_PROMPTER,)
"""Bets on the chain of credential providers of a session."""
OF_CREDENTIALS = (_END,)
"""Bets on credentials that end."""


def ask_with(chain: Any, prompter: Callable[[str], str]) -> None:
    """Let the chain's profiles ask for MFA codes by this function; LostBet where they would go on with another."""
    _PROMPTER.take(chain)._prompter = prompter


def ends_at(credentials: Any) -> datetime | None:
    """When credentials end (aware); None for those that do not, and before they are fetched."""
    from botocore.credentials import RefreshableCredentials

    if not isinstance(credentials, RefreshableCredentials):
        return None
    end: datetime | None = _END.take(credentials)[0]
    return end


@functools.cache
def make_classes_once() -> None:
    """Let clients whose loader remembers what was made of its models share that; all others are made as ever."""
    client = _CREATOR.take(None)

    class Creator(client.ClientCreator):  # type: ignore[misc, name-defined]  # botocore is untyped
        """botocore's, which makes a class with a method for each operation of a service for each client."""

        def _load_service_model(self, service_name: str, api_version: str | None = None) -> Any:
            make = partial(super()._load_service_model, service_name, api_version)
            remembered = getattr(self._loader, "remembered", None)
            return remembered(("model", service_name, api_version), make) if remembered else make()

        def _create_client_class(self, service_name: str, service_model: Any) -> Any:
            make = partial(super()._create_client_class, service_name, service_model)
            remembered = getattr(self._loader, "remembered", None)
            return remembered(("class", service_name, service_model), make) if remembered else make()

    client.ClientCreator = Creator


def tls_context() -> ssl.SSLContext:
    """A TLS context as botocore makes one for a client."""
    made: ssl.SSLContext = _TLS.take(None)()
    return made


def verified_directly(client: Any) -> tuple[bool | str, dict[str, Any]] | None:
    """By what a client verifies (True or a bundle's path) and its pool's arguments.

    None for a client that verifies nothing, has a certificate of its own or goes through a proxy.
    """
    session = _SESSION.take(client)
    if not session._verify or session._cert_file or session._proxy_config._proxies:
        return None
    return session._verify, session._manager.connection_pool_kw
