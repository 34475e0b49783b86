"""What the way to AWS uses of botocore that botocore does not publish: every such name, with its reason."""

from __future__ import annotations

import ssl
from typing import Any

from ..core.bets import Bet, LostBet

BOTOCORE = "botocore 1.43.106"


def _endpoint_session(client: Any) -> Any:
    session = client._endpoint.http_session
    _ = session._verify, session._cert_file, session._manager.connection_pool_kw, session._proxy_config._proxies
    return session


def _context(_: Any) -> Any:
    from botocore import httpsession

    return httpsession.create_urllib3_context


def _credentials(_: Any) -> Any:
    from botocore.session import Session

    session, mine = Session(), object()
    session._credentials = mine
    return session if session.get_credentials() is mine else None


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
_ROLE = Bet(
    "botocore.session.Session._credentials",
    BOTOCORE,
    "aws/session.py",
    "a role's credentials are refreshed while a run goes on; set_credentials takes only such as end",
    _credentials,
)
BETS = (_SESSION, _TLS, _ROLE)


def use_credentials(session: Any, credentials: Any) -> None:
    """Let a botocore session sign with these; LostBet where it would go on with others."""
    session._credentials = credentials
    if session.get_credentials() is not credentials:
        raise LostBet(_ROLE, "the session signs with other credentials")


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
