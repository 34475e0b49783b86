"""The sandbox as a whole: an account, a backend, a site; started, pointed at, broken, stopped."""

from __future__ import annotations

import functools
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ..stack import Stack
from . import service_models  # noqa: F401 - before moto, which reads models while it is imported
from .corrections import cloudfront_config, correct
from .corrections.ecs import settle
from .faults import known_faults
from .moto_server import ACCOUNT, MotoServer, backend
from .replacement import follow_task
from .seed import BUCKET, TASKS, Seeded, put_metrics, scaling, seed
from .seeds import sow_all
from .series import Told
from .web import StoredObject, Web

CREDENTIALS = {
    "aws_access_key_id": "sandbox",
    "aws_secret_access_key": "sandbox",
    "aws_session_token": "sandbox",
}
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
AGE = timedelta(days=6)
"""How long the stack has been standing when the sandbox starts."""


@functools.cache
def _session() -> Any:
    """One for all sandboxes of the process: what a session costs is its reading of service models."""
    import boto3

    return boto3.Session(**CREDENTIALS)


class Sandbox:
    """One stack, seeded and live on 127.0.0.1. Its parts are public: faults reach into them."""

    def __init__(self, stack: Stack) -> None:
        self.region = stack.region or "us-west-2"
        self.stack = stack.model_copy(update={"region": self.region, "account_id": ACCOUNT})
        self.now = datetime.now(UTC)
        self.server = MotoServer()
        self.target_states: dict[str, tuple[str, str, str]] = {}
        self.tasks: list[Any] = []
        self.keeps_stopped_tasks = self.refuses_who_was_cut = False
        self.distribution_id = ""
        self.seeded: Seeded
        self.web: Web
        self._clients: dict[str, Any] = {}
        self._undo: list[Callable[[], None]] = []

    def start(self, *, whole: bool = False) -> None:
        """Return when everything answers; with `whole` also what only the weekly checks and the drills look at."""
        self.server.start()
        self._undo.append(self.server.stop)
        self._undo.append(correct(self.target_states, self._follow_attributes, self._forget, self._follow_task))
        addresses = tuple(f"172.31.16.{10 + index}" for index in range(TASKS))
        self._push_image()
        self.seeded = seed(self.client, self.stack, self.now, addresses)
        self.distribution_id = self._distribute()
        scaling(self.client, self.stack)
        for service in self.stack.services:
            self.tasks += settle(self.backend("ecs"), self.stack.cluster or "", service, addresses, self.now - AGE)
        for alarm in self.backend("cloudwatch").alarms.values():
            # AWS evaluates alarms; moto never does. They have been OK for as long as they stand
            alarm.history.clear()
            alarm.state_updated_timestamp = alarm.configuration_updated_timestamp = self.now - AGE
        self.web = Web([task.task_arn.rsplit("/", 1)[-1] for task in self.tasks], self._object)
        self.web.cdn.caches, self.web.cdn.compresses = cloudfront_config.caches, cloudfront_config.compresses
        self.web.start()
        self._undo.append(self.web.stop)
        if whole:
            sow_all(self)

    def stop(self) -> None:
        """Stop whatever was started, the last first."""
        while self._undo:
            self._undo.pop()()

    @property
    def facts(self) -> dict[str, Any]:
        """What points a stack at it."""
        return {
            "endpoint_url": self.server.url,
            "backend_url": self.web.backend_url,
            "dashboard_url": self.web.dashboard_url,
            "distribution_id": self.distribution_id,
            "region": self.region,
            "credentials": dict(CREDENTIALS),
        }

    def client(self, service: str) -> Any:
        """A boto3 client of the sandbox's account, as the stack's owner would use it."""
        from botocore.config import Config

        if service not in self._clients:
            self._clients[service] = _session().client(
                service,
                region_name=self.region,
                endpoint_url=self.server.url,
                config=Config(retries={"total_max_attempts": 1}),
            )
        return self._clients[service]

    def backend(self, service: str) -> Any:
        """moto's own state of a service."""
        return backend(service, self.region)

    def give_fault(self, name: str) -> None:
        """Break it in the named way; KeyError for one that does not exist."""
        known_faults()[name].function(self)

    def replace_metrics(self, told: Told) -> None:
        """Put these samples in place of what the metric measured since the first of them."""
        cloudwatch = self.backend("cloudwatch")
        first = min(one.time for one in told.samples)
        wanted = sorted(told.dimensions.items())

        def replaced(datum: Any) -> bool:
            time = datum.timestamp if datum.timestamp.tzinfo else datum.timestamp.replace(tzinfo=UTC)
            of = sorted((dimension.name, dimension.value) for dimension in datum.dimensions)
            return (datum.namespace, datum.name, of) == (told.namespace, told.name, wanted) and time >= first

        cloudwatch.metric_data = [datum for datum in cloudwatch.metric_data if not replaced(datum)]
        put_metrics(self.client("cloudwatch"), [told])

    def service(self, name: str = "") -> Any:
        """moto's object of an ECS service; of the first one, unless it is named."""
        return self.backend("ecs").services[f"{self.stack.cluster}:{name or self.stack.services[0]}"]

    def _push_image(self) -> None:
        """What the pipeline pushed: straight into moto's state, because a client costs more than all of the rest."""
        registry = self.backend("ecr")
        registry.create_repository(self.stack.cluster, None, {}, {}, "MUTABLE", [])
        self.push_image("v1")

    def push_image(self, tag: str) -> str:
        """Push an image of its own under the tag; its digest."""
        layers = [{"digest": f"sha256:{hashlib.sha256(tag.encode() + os.urandom(8)).hexdigest()}"}]
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": {"size": 7023}, "layers": layers}
        registry = self.backend("ecr")
        image = registry.put_image(self.stack.cluster, json.dumps(manifest), tag, MANIFEST)
        digest: str = image.get_image_digest()
        return digest

    def _distribute(self) -> str:
        """The distribution before the dashboard bucket; its id."""
        origin = {
            "Id": "site",
            "DomainName": f"{BUCKET}.s3.{self.region}.amazonaws.com",
            "S3OriginConfig": {"OriginAccessIdentity": ""},
        }
        config = {
            "CallerReference": "sandbox",
            "Origins": {"Quantity": 1, "Items": [origin]},
            "DefaultCacheBehavior": {
                "TargetOriginId": "site",
                "ViewerProtocolPolicy": "redirect-to-https",
                "Compress": True,
            },
            "Comment": "dashboards",
            "Enabled": True,
        }
        made, _, _ = backend("cloudfront", "aws").create_distribution(config, [])
        made.status = "Deployed"
        identity: str = made.distribution_id
        return identity

    def _forget(self, paths: Iterable[str]) -> None:
        self.web.cdn.forget(paths)

    def _follow_attributes(self, attributes: Mapping[str, str]) -> None:
        web: Web | None = getattr(self, "web", None)
        if web:
            web.proxy.sticky = attributes.get("stickiness.enabled") == "true"

    def _follow_task(self, old: Any, new: Any) -> None:
        if getattr(self, "web", None):
            follow_task(self, old, new)

    def _object(self, key: str) -> StoredObject | None:
        # read from moto's state: the site is served by the loop that must never wait for the network
        found = backend("s3", "aws").get_object(BUCKET, key)
        if found is None:
            return None
        return StoredObject(
            found.value,
            found.metadata.get("Content-Type", "text/html"),
            found.etag,
            found.metadata.get("Cache-Control", ""),
        )
