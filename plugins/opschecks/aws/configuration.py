"""AWS's configuration of this machine, as variables and files give it: read once; what is wrong, in one line."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core import environment
from .endpoints import diversion
from .shared_classes import new_session

if TYPE_CHECKING:
    from ..config.stack import Stack

_PROFILE_VARIABLES = ("AWS_DEFAULT_PROFILE", "AWS_PROFILE")
"""In the order in which botocore reads them."""


class UnusableProfile(Exception):  # noqa: N818 - the stack or the machine is wrong, not the program
    """The AWS configuration cannot be used for the stack, which is known without the network."""


def configured_session(stack: Stack, *, isolated: bool = False) -> Any:
    """A botocore session with the stack's profile and region; UnusableProfile for what is wrong with them.

    With `isolated`, no variable and no file of the machine is read: all that it needs is given.
    """
    from botocore.exceptions import BotoCoreError, ConfigParseError, ProfileNotFound

    session: Any = new_session()
    if isolated:
        isolate(session)
    elif region := os.environ.get("AWS_REGION"):  # boto3 does not read it, AWS's other tools do, before all else
        session.set_config_variable("region", region)
    for variable in ("profile", "region"):
        if value := getattr(stack, variable):
            session.set_config_variable(variable, value)
    try:
        session.get_scoped_config()
        _usable(session, stack, isolated=isolated)
        diverted = "" if isolated else diversion(session, stack)
    except ProfileNotFound:
        raise UnusableProfile(_no_profile(session, stack)) from None
    except ConfigParseError as error:
        raise UnusableProfile(_no_file(error)) from None
    except (BotoCoreError, ValueError) as error:
        raise UnusableProfile(f"stacks.{stack.name}: {_named(error)}the AWS configuration is wrong: {error}") from None
    if diverted:
        raise UnusableProfile(diverted)
    _settle(session)
    return session


def _settle(session: Any) -> None:
    """Let each setting be looked up once, not for each client again: nothing of a stack's session changes any more.

    But for endpoints, which are each service's own; and where defaults depend on a mode, which has a say after them.
    """
    from botocore.exceptions import BotoCoreError

    settings = session.get_component("config_store")
    if (settings.get_config_variable("defaults_mode") or "legacy") != "legacy":
        return
    for name in {*type(session).SESSION_VARIABLES, "s3", "proxies_config"} - {"endpoint_url"}:
        with contextlib.suppress(BotoCoreError, ValueError):  # the client that needs it says what is wrong
            settings.set_config_variable(name, settings.get_config_variable(name))


def isolate(session: Any) -> None:
    """Let a new botocore session ignore every AWS variable of the environment, and every file."""
    nowhere = dict.fromkeys(("config_file", "credentials_file"))
    for name, (_, _, default, convert) in type(session).SESSION_VARIABLES.items():
        session.session_var_map[name] = (None, None, nowhere.get(name, default), convert)


def isolated_session() -> Any:
    """A botocore session that only knows what it is given."""
    import botocore.session

    session: Any = botocore.session.Session()
    isolate(session)
    return session


def profiles_in_use(session: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The session's profile and those that it takes credentials from, each with its settings.

    None where variables hold a key and no profile is named by the stack: botocore takes the key.
    """
    if os.environ.get("AWS_ACCESS_KEY_ID") and "profile" not in session.instance_variables():
        return
    known, name, met = session.full_config.get("profiles", {}), session.profile or "default", set[str]()
    while name in known and name not in met:
        settings = known[name]
        met.add(name)
        yield name, settings
        if "role_arn" not in settings or "web_identity_token_file" in settings:
            return
        name = settings.get("source_profile", "")
        if "aws_access_key_id" in known.get(name, {}):
            return


def configuration_files() -> str:
    """The files that are read, as a person would name them."""
    return f"{os.environ.get('AWS_CONFIG_FILE') or '~/.aws/config'}"


def _usable(session: Any, stack: Stack, *, isolated: bool) -> None:
    from botocore.utils import validate_region_name

    if not (region := session.get_config_variable("region")):
        why = f"stacks.{stack.name}.region: not set, and neither profile nor environment names one"
        raise UnusableProfile(f'{why}; set region = "…" or AWS_REGION')
    validate_region_name(region)
    bundles = {
        "AWS_CA_BUNDLE (or ca_bundle of the profile)": session.get_config_variable("ca_bundle"),
        "REQUESTS_CA_BUNDLE": None if isolated else os.environ.get("REQUESTS_CA_BUNDLE"),
    }
    for name, path in bundles.items():
        if path and not Path(path).expanduser().exists():
            raise UnusableProfile(f"stacks.{stack.name}: {name} names {path}, which does not exist")
    # made for nobody, so that a setting which no client can be made with is told now and once
    session.create_client("sts", aws_access_key_id="nobody", aws_secret_access_key="nobody")  # noqa: S106 - no secret


def _no_profile(session: Any, stack: Stack) -> str:
    from ..core.wording import nearest

    known = session.full_config.get("profiles", {})
    if stack.profile:
        why = f"stacks.{stack.name}.profile: the AWS configuration has no profile {stack.profile!r}"
        return f"{why}; {nearest(stack.profile, known)}"
    variable = next(name for name in _PROFILE_VARIABLES if name in os.environ)
    if not (given := os.environ[variable]):
        return f"{variable} is set to nothing, and no profile has that name; unset it"
    why = f"{variable}={given}: the AWS configuration ({configuration_files()}) has no such profile"
    return f"{why}; {nearest(given, known)}; or unset it, or set profile for stacks.{stack.name}"


def _no_file(error: Any) -> str:
    """Which file and line; never the line itself, which may be half of a key."""
    cause = error.kwargs.get("error")
    listed = getattr(cause, "errors", None) or [(getattr(cause, "lineno", 0), "")]
    line = f", line {listed[0][0]}" if listed[0][0] else ""
    return f"{error.kwargs['path']}{line}: not a valid AWS configuration file ({type(cause).__name__}); correct it"


def _named(error: Exception) -> str:
    """The variables that hold the value which an error quotes."""
    text = str(error)
    named = [name for name, value in environment.variables("AWS_").items() if value and repr(value) in text]
    return f"{', '.join(named)}: " if named else ""
