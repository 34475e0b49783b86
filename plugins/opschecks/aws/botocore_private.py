"""What the way to AWS uses of botocore that botocore does not publish: every such name, with its reason."""

from __future__ import annotations

import functools
import inspect
import ssl
from collections.abc import Callable, Mapping
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


def _nothing(**_: Any) -> None:
    """A handler of an event."""


def _hooks(_: Any) -> Any:
    from botocore import hooks, session

    tree, aliaser = hooks._PrefixTrie, hooks.EventAliaser
    made = hooks.HierarchicalEmitter()
    made.register("a.b", _nothing)
    node = made._handlers._root["children"]["a"]["children"]["b"]
    known = {
        (tree, "append_item"): ["self", "key", "value", "section"],
        (tree, "remove_item"): ["self", "key", "value"],
    }
    same = all(list(inspect.signature(getattr(of, name)).parameters) == wanted for (of, name), wanted in known.items())
    same = same and [*inspect.signature(aliaser._alias_event_name).parameters] == ["self", "event_name"]
    same = same and vars(tree()).keys() == {"_root"} and node["values"] == hooks.NodeList([], [_nothing], [])
    same = same and node.keys() == {"chunk", "children", "values"}
    names = aliaser(made)
    same = same and names._event_aliases == hooks.EVENT_ALIASES and names._alias_name_cache == {}
    return (hooks, session) if same and issubclass(session.EventAliaser, aliaser) else None


def _json_parser(_: Any) -> Any:
    from botocore.parsers import BaseJSONParser

    known = {
        "_parse_body_as_json": ["self", "body_contents"],
        "_handle_structure": ["self", "shape", "value"],
        "_handle_list": ["self", "shape", "node"],
        "_parse_shape": ["self", "shape", "node"],
    }
    found = {name: list(inspect.signature(getattr(BaseJSONParser, name)).parameters) for name in known}
    return BaseJSONParser if found == known else None


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
_HOOKS = Bet(
    "botocore.hooks._PrefixTrie with ._root, HierarchicalEmitter._handlers, EventAliaser with ._event_aliases, "
    "._alias_name_cache and ._alias_event_name, botocore.session.EventAliaser",
    BOTOCORE,
    "aws/shared_classes.py",
    "each client copies 370 nodes of handlers and translates each event's name; without it that takes its time",
    _hooks,
)
_JSON = Bet(
    "botocore.parsers.BaseJSONParser with ._parse_body_as_json, ._handle_structure, ._handle_list and ._parse_shape",
    BOTOCORE,
    "aws/shared_classes.py",
    "what JSON has already is taken as it is; without it the type of each value of an answer is looked up",
    _json_parser,
)
BETS = (_SESSION, _TLS, _CREATOR, _HOOKS, _JSON)
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


def json_parser() -> type:
    """botocore's parser of answers in JSON, whose methods may be replaced by quicker ones; LostBet if it has others."""
    parser: type = _JSON.take(None)
    return parser


def share_handlers(hooks: Any) -> None:
    """Let all copies of these handlers of events share what they do not change, and sessions the names of events.

    What an event is called by another name depends on botocore's aliases alone.
    """
    known, session = _HOOKS.take(None)
    names: dict[str, str] = {}

    class Tree(known._PrefixTrie):  # type: ignore[misc, name-defined]  # botocore is untyped
        """Nodes belong to all copies: who changes one replaces those on the way to it by nodes of its own."""

        _root: Any

        def __copy__(self) -> Any:
            other = type(self)()
            other._root = self._root
            return other

        def append_item(self, key: str, value: Callable[..., Any], section: int = 1) -> None:
            self._own(key)
            super().append_item(key, value, section)

        def remove_item(self, key: str, value: Callable[..., Any]) -> None:
            self._own(key)
            super().remove_item(key, value)

        def _own(self, key: str) -> None:
            self._root = node = _copied(self._root)
            for part in key.split("."):
                if (there := node["children"].get(part)) is None:
                    return
                node["children"][part] = node = _copied(there)

    class Aliaser(known.EventAliaser):  # type: ignore[misc, name-defined]  # botocore is untyped
        """Remembers names for all sessions."""

        def __init__(self, event_emitter: Any, event_aliases: Any = None) -> None:
            super().__init__(event_emitter, event_aliases)
            if self._event_aliases == known.EVENT_ALIASES:
                self._alias_name_cache = names

        def _alias_event_name(self, event_name: str) -> Any:
            kept = self._alias_name_cache
            if event_name not in kept and not _has_alias(event_name, self._event_aliases):
                kept[event_name] = event_name  # botocore's cuts the name in pieces for each of its hundred aliases
            return super()._alias_event_name(event_name)

    tree = Tree()
    tree._root = hooks._handlers._root
    hooks._handlers = tree
    session.EventAliaser = Aliaser


def _has_alias(event_name: str, aliases: Mapping[str, str]) -> bool:
    """Whether a part of the name, or several that follow each other, may have another name."""
    if not aliases.keys().isdisjoint(event_name.split(".")):
        return True
    return any(old in event_name for old in aliases if "." in old)


def _copied(node: dict[str, Any]) -> dict[str, Any]:
    values = node["values"]
    return {**node, "children": {**node["children"]}, "values": values and type(values)(*map(list, values))}


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
