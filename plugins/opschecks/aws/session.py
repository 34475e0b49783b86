"""Access to AWS: reads and changes of one stack's account; errors name the call and explain the cause."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from ..core import clock
from ..core.answer import Answer
from ..core.change import Refused, Unknown
from ..core.iam import iam_action
from ..core.observation import CouldNotLook, WrongAccount
from ..core.tape import LIVE, Tape
from ..core.wording import plural
from .bounds import AGAIN, WAITED_S, Bounds, was_throttled
from .clients import Clients, NoClients
from .clock_skew import compare, date_of
from .configuration import UnusableProfile as UnusableProfile
from .credentials import Ask

if TYPE_CHECKING:
    from ..config.stack import Stack


class Aws:
    """Reads of one stack's account and region.

    Safe to use from many threads. `call`, `pages` and `items` name the call in their errors and never return a partial
    answer.
    """

    _elsewhere: str | None = None
    """Another region than the stack's that is read."""
    account = ""
    """The account that the credentials belong to, once it is known."""
    waited: Callable[[], None] | None = None
    """Called when a call begins that had to wait because others share its limits."""

    def __init__(
        self,
        stack: Stack,
        credentials: Mapping[str, str] | None = None,
        *,
        ask: Ask | None = None,
        signed: Mapping[str, str] | None = None,
        tape: Tape = LIVE,
        bounds: Bounds | None = None,
        unusable: CouldNotLook | None = None,
    ) -> None:
        """Made without the network; UnusableProfile where the AWS configuration is wrong or diverts calls.

        `credentials` are named as a botocore client's arguments; without them the usual AWS chain finds some, and the
        stack's role is assumed with them. `ask` asks a person for an MFA code; without it, what needs one raises
        NobodyToAsk. `signed` are credentials of the role itself, which another process got (`handed_on`).
        Every answer passes `tape`; where that replays a recording, there are no clients and no credentials.
        `bounds` are those of all stacks of the process. With `unusable`, every call is refused with that.
        """
        self.stack = stack
        self.calls: list[str] = []
        self._tape = tape
        self._bounds = bounds
        none = tape.replays or unusable
        self._shared = NoClients(stack) if none else Clients(stack, credentials or {}, ask, signed)
        self._shared.refused = unusable

    @property
    def asks(self) -> str:
        """What asks for an MFA code before the first call; "" where nothing does."""
        return self._shared.asks

    def handed_on(self) -> dict[str, str]:
        """The credentials that calls are signed with now, as `signed` for another process that can ask nobody."""
        return self._shared.frozen()

    def scoped(self, calls: list[str]) -> Aws:
        """The same clients, recording calls in another list."""
        other = copy.copy(self)
        other.calls = calls
        return other

    def refuse(self, error: CouldNotLook) -> None:
        """Answer every further call with this error: the account is unknown.

        Never as a NotThere, which would be taken for an answer about what each call asks for.
        """
        self._shared.refused = CouldNotLook(error.call, error.reason, action=error.action)

    def release(self) -> None:
        """Close the clients and forget them; one that is needed again is made again."""
        self._shared.release()

    @property
    def region(self) -> str:
        """The region that is read."""
        return self._elsewhere or self._shared.region

    def elsewhere(self, region: str) -> Aws:
        """The same account in another region, recording calls in the same list."""
        other = copy.copy(self)
        other._elsewhere = region
        return other

    def call(self, service: str, operation: str, /, **parameters: Any) -> Answer:
        """One read, such as `call("ecs", "DescribeServices", cluster=…)`; CouldNotLook when it fails."""
        if self._shared.refused:
            raise self._shared.refused.again()
        name = iam_action(service, operation)
        self.calls.append(name)
        asked = {"stack": self.stack.name, "service": service, "operation": operation, "parameters": parameters}
        if self._elsewhere:
            asked["region"] = self._elsewhere
        answer = dict(self._tape.ask("aws", name, asked, lambda: self._ask(name, service, operation, parameters)))
        return Answer(answer, name, date_of(answer.pop("ResponseMetadata", {})))

    def _ask(self, name: str, service: str, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        from botocore import xform_name
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            client = self._shared.client(service, region=self._elsewhere)
            answer = self._bounded(service, partial(getattr(client, xform_name(operation)), **parameters))
        except ClientError as error:
            raise self._shared.refusal(name, operation, error) from None
        except (BotoCoreError, OSError) as error:
            raise self._shared.failure(name, error) from None
        except CouldNotLook:
            raise
        except Exception as error:  # botocore's parsers trip over cut answers in many ways
            raise CouldNotLook(name, f"the answer could not be read: {type(error).__name__}: {error}") from error
        date = date_of(answer.pop("ResponseMetadata", {}))
        return {**answer, "ResponseMetadata": {"HTTPHeaders": {"date": date}}} if date else answer

    def _bounded(self, service: str, call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The call, made when it may be; asked again where AWS throttles it, if several stacks share its limits."""
        if self._bounds is None:
            return call()
        account = self.account or self.stack.account_id or f"stack {self.stack.name}"
        bound = self._bounds.of(account, self.region, service)
        for left in range(AGAIN, -1, -1):
            try:
                with bound.call() as made:
                    if made.waited_s >= WAITED_S and self.waited:
                        self.waited()
                    made.answer = answer = call()
                    return answer
            except Exception as error:
                if not left or not was_throttled(getattr(error, "response", {})):
                    raise
        raise AssertionError  # the last attempt returns or raises

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
            parameters = {key: value for key, value in parameters.items() if key not in how.asked} | following
        read = plural(self.stack.limits.pages, "page")
        raise CouldNotLook(name, f"cut short after {read} (limit pages); later pages were not read")

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
            exceptions.CredentialRetrievalError,
            exceptions.InvalidConfigError,
            exceptions.LoginError,
            exceptions.NoCredentialsError,
            exceptions.ParamValidationError,
            exceptions.PartialCredentialsError,
            exceptions.ProxyConnectionError,
            exceptions.RefreshWithMFAUnsupportedError,
            exceptions.SSOError,
            exceptions.TokenRetrievalError,
        )

        if self._shared.refused:
            raise Refused(str(self._shared.refused))
        if self._tape.replays:
            raise Refused(f"{service}:{operation}: not sent: a recording is replayed, which changes nothing")
        name = iam_action(service, operation)
        self.calls.append(name)
        try:
            client = self._shared.client(service, once=True)
        except CouldNotLook as error:
            raise Refused(f"{name}: not sent: {error}") from None
        except exceptions.BotoCoreError as error:
            raise Refused(f"{name}: not sent: {self._shared.failure('', error)}") from None
        try:
            answer: dict[str, Any] = getattr(client, xform_name(operation))(**parameters)
        except exceptions.ClientError as error:
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
            refusal = self._shared.refusal(name, operation, error)
            if status >= 500 and error.operation_name == operation:
                raise Unknown(f"{name}: {refusal}") from None
            raise Refused(str(refusal)) from None
        except never_sent as error:
            raise Refused(f"{name}: not sent: {self._shared.failure('', error)}") from None
        except CouldNotLook as error:  # nobody to ask for an MFA code
            raise Refused(f"{name}: not sent: {error}") from None
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
        for service in () if self._tape.replays else services:
            self._shared.client(service)


def identify(aws: Aws, say: Callable[[str], None] = lambda line: None) -> str:
    """The account id that the credentials belong to; WrongAccount when it is not the stack's.

    CouldNotLook where this machine's clock differs from AWS's by minutes; a smaller difference is said.
    """
    answer = aws.call("sts", "GetCallerIdentity")
    account = str(answer["Account"])
    wanted = aws.stack.account_id
    if wanted and account != wanted:
        why = f"stacks.{aws.stack.name}.account_id is {wanted}, but the credentials belong to {account}"
        raise WrongAccount(f"{why}; use that account's credentials, or correct account_id")
    compare(answer.date, clock.now(), say)
    return account
