"""Access to AWS: one session per stack, one client per service; errors name the call and explain the cause."""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..core.answer import Answer
from ..core.change import Refused, Unknown
from ..core.iam import iam_action
from ..core.observation import CouldNotLook, NotThere, WrongAccount

if TYPE_CHECKING:
    from ..config.stack import Stack

CONNECT_TIMEOUT_S = 5
READ_TIMEOUT_S = 20

_DENIED = frozenset((
    "403", "AccessDenied", "AccessDeniedException", "AuthorizationError", "Forbidden", "NotAuthorized",
    "UnauthorizedOperation", "UnauthorizedException",
))  # fmt: skip
_BAD_CREDENTIALS = frozenset((
    "ExpiredToken", "ExpiredTokenException", "RequestExpired", "InvalidClientTokenId", "UnrecognizedClientException",
    "AuthFailure", "SignatureDoesNotMatch", "InvalidAccessKeyId", "IncompleteSignature", "InvalidSignatureException",
))  # fmt: skip
_NOT_FOUND = (
    "NoSuchBucket", "NoSuchEntity", "NoSuchLifecycleConfiguration", "NoSuchPublicAccessBlockConfiguration",
    "NotFound", "NotFoundException", "NotFoundFault", "NotFoundError",
)  # fmt: skip
"""Ends of error codes."""


class UnusableProfile(Exception):  # noqa: N818 - the stack is wrong, not the program
    """The AWS configuration lacks the stack's profile or region, which is known without the network."""


class Aws:
    """Reads of one stack's account and region.

    Safe to use from many threads. `call`, `pages` and `items` name the call in their errors and never return a partial
    answer.
    """

    _elsewhere: str | None = None
    """Another region than the stack's that is read."""

    def __init__(self, stack: Stack, credentials: Mapping[str, str] | None = None) -> None:
        """`credentials` are boto3.Session's arguments; without them the usual AWS chain finds some."""
        self.stack = stack
        self.calls: list[str] = []
        self._shared = _Clients(stack, credentials or {})

    def scoped(self, calls: list[str]) -> Aws:
        """The same clients, recording calls in another list."""
        other = copy.copy(self)
        other.calls = calls
        return other

    def refuse(self, error: CouldNotLook) -> None:
        """Answer every further call with this error: the account is unknown."""
        self._shared.refused = error

    @property
    def region(self) -> str:
        """The region that is read."""
        return self._elsewhere or str(self._shared.session.region_name)

    def elsewhere(self, region: str) -> Aws:
        """The same account in another region, recording calls in the same list."""
        other = copy.copy(self)
        other._elsewhere = region
        return other

    def call(self, service: str, operation: str, /, **parameters: Any) -> Answer:
        """One read, such as `call("ecs", "DescribeServices", cluster=…)`; CouldNotLook when it fails."""
        from botocore import xform_name
        from botocore.exceptions import BotoCoreError, ClientError

        if self._shared.refused:
            raise self._shared.refused.again()
        name = iam_action(service, operation)
        self.calls.append(name)
        try:
            client = self._shared.client(service, region=self._elsewhere)
            answer: dict[str, Any] = getattr(client, xform_name(operation))(**parameters)
        except ClientError as error:
            raise _explained(name, error) from None
        except BotoCoreError as error:
            raise CouldNotLook(name, f"{type(error).__name__}: {error}") from None
        except CouldNotLook:
            raise
        except Exception as error:  # botocore's parsers trip over cut answers in many ways
            reason = f"the answer could not be read: {type(error).__name__}: {error}"
            raise CouldNotLook(name, reason) from error
        answer.pop("ResponseMetadata", None)
        return Answer(answer, name)

    def pages(self, service: str, operation: str, /, **parameters: Any) -> Iterator[Answer]:
        """Every page of a list, by the tokens of botocore's paginators; TypeError where it has none.

        An empty page may still have a next one. A list longer than the stack's page budget and a repeated token raise
        CouldNotLook.
        """
        from .paging import paging

        name, how = iam_action(service, operation), paging(service, operation)
        given: set[str] = set()
        for _ in range(self.stack.limits.pages):
            answer = self.call(service, operation, **parameters)
            yield answer
            try:
                following = how.following(answer)
            except ValueError as error:
                raise CouldNotLook(name, str(error)) from None
            if not following:
                return
            if str(following) in given:
                raise CouldNotLook(name, "the same next page was named twice")
            given.add(str(following))
            parameters |= following
        raise CouldNotLook(
            name, f"cut short after {self.stack.limits.pages} pages (limit pages); later pages were not read"
        )

    def items(self, service: str, operation: str, key: str, /, **parameters: Any) -> list[Any]:
        """`key` of every page, in one list; a page that lacks the key raises CouldNotLook."""
        return [one for page in self.pages(service, operation, **parameters) for one in page[key]]

    def send(self, service: str, operation: str, /, **parameters: Any) -> Answer:
        """One change, sent once: botocore's own retries could repeat it.

        Refused where AWS refuses it or it was never sent; Unknown where the answer was lost or is a server error.
        """
        from botocore import exceptions, xform_name
        from botocore.parsers import ResponseParserError

        never_sent = (
            exceptions.ConnectTimeoutError,
            exceptions.EndpointConnectionError,
            exceptions.NoCredentialsError,
            exceptions.ParamValidationError,
            exceptions.PartialCredentialsError,
        )

        if self._shared.refused:
            raise Refused(str(self._shared.refused))
        name = iam_action(service, operation)
        self.calls.append(name)
        try:
            client = self._shared.client(service, once=True)
        except CouldNotLook as error:
            raise Refused(f"{name}: not sent: {error}") from None
        try:
            answer: dict[str, Any] = getattr(client, xform_name(operation))(**parameters)
        except exceptions.ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
            if status >= 500:
                raise Unknown(f"{name}: {_explained(name, error)}") from None
            raise Refused(str(_explained(name, error))) from None
        except never_sent as error:
            raise Refused(f"{name}: not sent: {type(error).__name__}: {error}") from None
        except ResponseParserError as error:  # its text is the answer, which may be a secret that was made
            raise Unknown(f"{name}: the answer could not be read: {type(error).__name__}") from None
        except Exception as error:  # noqa: BLE001 - whatever else went wrong, AWS may have got it
            raise Unknown(f"{name}: {type(error).__name__}: {error}") from None
        answer.pop("ResponseMetadata", None)
        return Answer(answer, name)

    def s3(self) -> Any:
        """A client of S3, for the state shared there."""
        return self._shared.client("s3")

    def warm(self, services: Sequence[str]) -> None:
        """Create clients in advance, while AWS answers the first call."""
        for service in services:
            self._shared.client(service)


class _Clients:
    """One session, and one client per service, created once."""

    def __init__(self, stack: Stack, credentials: Mapping[str, str]) -> None:
        import boto3
        from botocore.exceptions import ProfileNotFound

        self._stack = stack
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, bool, str | None], Any] = {}
        self.refused: CouldNotLook | None = None
        try:
            self.session = boto3.Session(profile_name=stack.profile, region_name=stack.region, **credentials)
        except ProfileNotFound:
            known = boto3.Session().available_profiles
            from ..core.wording import nearest

            raise UnusableProfile(
                f"stacks.{stack.name}.profile: the AWS configuration has no profile {stack.profile!r}; "
                f"{nearest(stack.profile or '', known)}"
            ) from None
        if not self.session.region_name:
            raise UnusableProfile(
                f"stacks.{stack.name}.region: not set, and neither profile nor environment names one; "
                'set region = "…" or AWS_DEFAULT_REGION'
            )
        self._assumed = not stack.role_arn
        self._source: Any = None

    def client(self, service: str, *, once: bool = False, region: str | None = None) -> Any:
        """The service's client; with `once`, one that never retries. `region`: another one than the session's."""
        with self._lock:
            if not self._assumed:
                self._assume()
            if (service, once, region) not in self._clients:
                attempts = 1 if once else self._stack.limits.aws_attempts
                self._clients[service, once, region] = self._make(service, attempts, None, region)
            return self._clients[service, once, region]

    def _make(self, service: str, attempts: int, session: Any = None, region: str | None = None) -> Any:
        from botocore.config import Config

        from .tls import share_connections

        client = (session or self.session).client(
            service,
            region_name=region,
            endpoint_url=self._stack.endpoint_url,
            config=Config(
                connect_timeout=CONNECT_TIMEOUT_S,
                read_timeout=READ_TIMEOUT_S,
                retries={"mode": "standard", "total_max_attempts": attempts},
                max_pool_connections=32,
                user_agent_extra="opschecks",
            ),
        )
        share_connections(client)
        return client

    def _assume(self) -> None:
        import boto3
        import botocore.session
        from botocore.credentials import RefreshableCredentials

        from .botocore_private import use_credentials

        own: Any = botocore.session.get_session()
        # the role's session ends after an hour, and a fix must not stop half-way because of that
        role = RefreshableCredentials.create_from_metadata(
            self._role(), refresh_using=self._role, method="sts-assume-role"
        )
        use_credentials(own, role)
        self._source, region = self.session, self.session.region_name
        self.session = boto3.Session(botocore_session=own, region_name=region)
        self._assumed = True

    def _role(self) -> dict[str, str]:
        """Credentials of the role, as botocore keeps them; CouldNotLook where it may not be assumed."""
        from botocore.exceptions import BotoCoreError, ClientError

        name, call = f"opschecks-{self._stack.name}"[:64], "sts:AssumeRole"
        try:
            sts = self._make("sts", self._stack.limits.aws_attempts, self._source or self.session)
            answer = sts.assume_role(RoleArn=self._stack.role_arn, RoleSessionName=name)
        except ClientError as error:
            raise _explained(call, error) from None
        except BotoCoreError as error:
            raise CouldNotLook(call, f"{type(error).__name__}: {error}") from None
        given: Mapping[str, Any] = Answer(answer, call)["Credentials"]
        keys = {"access_key": "AccessKeyId", "secret_key": "SecretAccessKey", "token": "SessionToken"}
        told = {ours: str(given[theirs]) for ours, theirs in keys.items()}
        return {**told, "expiry_time": given["Expiration"].isoformat()}


def _explained(name: str, error: Any) -> CouldNotLook:
    code = str(error.response.get("Error", {}).get("Code", ""))
    text = str(error.response.get("Error", {}).get("Message", "")).strip()
    reason = f"{code}: {text}" if text else code
    if code in _BAD_CREDENTIALS:
        return CouldNotLook(name, f"{reason} – the credentials are expired or wrong: log in again")
    if code.endswith(_NOT_FOUND):
        return NotThere(name, reason)
    return CouldNotLook(name, reason, action=name if code in _DENIED else "")


def identify(aws: Aws) -> str:
    """The account id that the credentials belong to; WrongAccount when it is not the stack's."""
    account = str(aws.call("sts", "GetCallerIdentity")["Account"])
    wanted = aws.stack.account_id
    if wanted and account != wanted:
        raise WrongAccount(
            f"stacks.{aws.stack.name}.account_id is {wanted}, but the credentials belong to {account}; "
            "use that account's credentials, or correct account_id"
        )
    return account
