"""A trial of the way to AWS: what each call came to, where it went, and how far AWS's clock is ahead."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from ..core import clock
from ..core.answer import Answer
from ..core.dataclass import dataclass
from ..core.iam import iam_action
from ..core.observation import CouldNotLook, NotThere
from .botocore_private import ends_at
from .clients import NoClients
from .session import Aws


@dataclass
class Endpoint:
    """Where the calls of a service go. `failure` says why none was answered, until one is."""

    url: str
    answered: bool = False
    failure: str = ""


@dataclass
class Noted:
    """What was met on the way.

    `actions` has each IAM action that was used, with the first refusal or failure, None where all calls were answered.
    `ahead` is AWS's clock less this machine's; None before any answer with a date.
    """

    actions: dict[str, CouldNotLook | None] = field(default_factory=dict)
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    ahead: timedelta | None = None

    def note_answer(self, service: str, response: Mapping[str, Any] | None, failure: Exception | None) -> None:
        """An answer of any kind, a refusal too; or that there was none."""
        endpoint = self.endpoints[service]
        if response is None:
            endpoint.failure = f"{type(failure).__name__}: {failure}"
            return
        endpoint.answered = True
        headers = {str(name).lower(): value for name, value in response.get("headers", {}).items()}
        with contextlib.suppress(TypeError, ValueError):  # an answer without a date tells no time
            self.ahead = parsedate_to_datetime(str(headers.get("date"))) - clock.now()


class Trial(Aws):
    """Reads as `Aws` does, but one page of each list only, and notes how each call ended."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.noted = Noted()

    @property
    def _session(self) -> Any:
        if isinstance(self._shared, NoClients):
            raise CouldNotLook("", "a recording has no credentials that could be tried")
        return self._shared.session

    @property
    def partition(self) -> str:
        """That of the region: aws, aws-cn, aws-us-gov; BotoCoreError for a region that botocore does not know."""
        return str(self._session.get_partition_for_region(self.region))

    @property
    def credentials_end(self) -> datetime | None:
        """When the credentials in use end; None where nobody says so, as of an access key."""
        return ends_at(self._session.get_credentials())

    @property
    def is_temporary(self) -> bool:
        """Whether the credentials are those of a session."""
        return bool(self.handed_on()["aws_session_token"])

    def call(self, service: str, operation: str, /, **parameters: Any) -> Answer:
        """As `Aws.call`."""
        self._listen(service)
        action = iam_action(service, operation)
        try:
            answer = super().call(service, operation, **parameters)
        except NotThere:
            self.noted.actions.setdefault(action, None)
            raise
        except CouldNotLook as error:
            self.noted.actions[action] = self.noted.actions.get(action) or error
            raise
        self.noted.actions.setdefault(action, None)
        return answer

    def pages(self, service: str, operation: str, /, **parameters: Any) -> Iterator[Answer]:
        """The first page only: whether a list may be read does not depend on its length."""
        yield next(super().pages(service, operation, **parameters))

    def every_page(self, service: str, operation: str, /, **parameters: Any) -> Iterator[Answer]:
        """All pages, as `Aws.pages`."""
        return super().pages(service, operation, **parameters)

    def _listen(self, service: str) -> None:
        from botocore.exceptions import BotoCoreError

        with contextlib.suppress(BotoCoreError, OSError, CouldNotLook):  # the call itself, which follows, says so
            client = self._shared.client(service, region=self._elsewhere)
            place = f"{service} in {self._elsewhere}" if self._elsewhere else service
            if place not in self.noted.endpoints:
                self.noted.endpoints[place] = Endpoint(str(client.meta.endpoint_url))

                def heard(response_dict: Any, exception: Any, **_: Any) -> None:
                    self.noted.note_answer(place, response_dict, exception)

                client.meta.events.register("response-received", heard)
