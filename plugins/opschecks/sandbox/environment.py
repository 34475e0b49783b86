"""The sandbox as a whole: an account, a backend, a site; started, pointed at, broken, stopped."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from ..aws.configuration import isolated_session
from ..aws.proxies import reach_directly
from ..config.stack import Stack
from ..core import clock
from ..core.faults import sow_own
from . import service_models  # noqa: F401 - before moto, which reads models while it is imported
from .correction import Ties
from .corrections import cloudfront, correct
from .corrections.ecs import place_of, run_service
from .moto_server import ACCOUNT, MotoServer, aware, backend
from .seed import BUCKET, TASKS, Seeded, put_metrics, scaling, seed, tasks_of
from .series import Samples, Told
from .web import StoredObject, Web

CREDENTIALS = dict.fromkeys(("aws_access_key_id", "aws_secret_access_key", "aws_session_token"), "sandbox")
USUAL: Mapping[str, Any] = {
    "cluster": "incident-commander",
    "services": ("backend",),
    "tables": ("incident-commander-incidents",),
    "log_groups": ("/ecs/incident-commander",),
}
"""What there is all the same where the stack does not name it: a task has a cluster, and writes somewhere."""
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
AGE = timedelta(days=6)
"""The age of the stack when the sandbox starts."""


@functools.cache
def _session() -> Any:
    """One for all sandboxes of the process, because a new session reads all service models again."""
    import boto3

    return boto3.Session(botocore_session=isolated_session(), **CREDENTIALS)


class Sandbox:
    """One stack, seeded and live on 127.0.0.1. Its parts are public: faults reach into them."""

    def __init__(self, stack: Stack) -> None:
        self.region = stack.region or "us-west-2"
        named = {key: getattr(stack, key) or usual for key, usual in USUAL.items()}
        named["load_balancer"] = stack.load_balancer or named["cluster"]
        if stack.incidents_table and not stack.tables:
            named["tables"] = (stack.incidents_table,)
        self.stack = stack.model_copy(update={"region": self.region, "account_id": ACCOUNT, **named})
        self.now = clock.now()
        self.server = MotoServer()
        self.target_states: dict[str, tuple[str, str, str]] = {}
        self.tasks: list[Any] = []
        self.keeps_stopped_tasks = self.refuses_who_was_cut = False
        self.distribution_id = ""
        self.seeded: Seeded
        self.web: Web
        self._clients: dict[tuple[str, str], Any] = {}
        self._undo: list[Callable[[], None]] = []

    def start(self) -> None:
        """Return when everything answers that the daily checks need."""
        reach_directly(os.environ)
        self.server.start()
        self._undo.append(self.server.stop)
        ties = Ties(
            self.target_states, self._follow_attributes, lambda paths: self.web.cdn.forget(paths), self._follow_task
        )
        self._undo.append(correct(ties))
        addresses = tuple(f"172.31.16.{10 + index}" for index in range(TASKS))
        self._push_image()
        self.seeded = seed(self.client, self.stack, self.now, addresses)
        self._distribute()
        scaling(self.client, self.stack)
        for service in self.stack.services:
            own = addresses[: tasks_of(self.stack, service)]
            self.tasks += run_service(self.backend("ecs"), self.stack.cluster or "", service, own, self.now - AGE)
        for alarm in self.backend("cloudwatch").alarms.values():
            # AWS evaluates alarms; moto never does. They have been OK since they were made
            alarm.history.clear()
            alarm.state_updated_timestamp = alarm.configuration_updated_timestamp = self.now - AGE
        self.web = Web([_id_of_task(task) for task in self.tasks], self._object)
        self.web.cdn.caches, self.web.cdn.compresses = cloudfront.caches, cloudfront.compresses
        self.web.start()
        self._undo.append(self.web.stop)
        sow_own(self)

    def stop(self) -> None:
        """Stop everything that was started, in reverse order."""
        while self._undo:
            self._undo.pop()()

    @property
    def facts(self) -> dict[str, Any]:
        """What a stack needs to reach it."""
        return {
            "endpoint_url": self.server.url,
            "backend_url": self.web.backend_url,
            "dashboard_url": self.web.dashboard_url,
            "distribution_id": self.distribution_id,
            "region": self.region,
            "credentials": dict(CREDENTIALS),
        }

    @property
    def partition(self) -> str:
        """Of the region: aws, aws-cn, aws-us-gov …"""
        name: str = isolated_session().get_partition_for_region(self.region)
        return name

    def client(self, service: str, region: str = "") -> Any:
        """A boto3 client of the sandbox's account, as the stack's owner would use it; `region`: another than its."""
        from botocore.config import Config

        if (service, region) not in self._clients:
            self._clients[service, region] = _session().client(
                service,
                region_name=region or self.region,
                endpoint_url=self.server.url,
                # to check weeks of samples takes half as long as to write them
                config=Config(retries={"total_max_attempts": 1}, parameter_validation=service != "cloudwatch"),
            )
        return self._clients[service, region]

    def backend(self, service: str) -> Any:
        """moto's own state of a service."""
        return backend(service, self.region)

    def replace_metrics(self, told: Told) -> None:
        """Replace what the metric measured since the first of these samples."""
        wanted = (told.name, sorted(told.dimensions.items()))

        def replaced(datum: Any) -> bool:
            return (datum.name, sorted((one.name, one.value) for one in datum.dimensions)) == wanted

        self.forget_metrics(told.namespace, min(one.time for one in told.samples), replaced)
        put_metrics(self.client("cloudwatch"), [told])

    def forget_metrics(
        self, namespace: str, since: datetime | None = None, these: Callable[[Any], bool] = lambda datum: True
    ) -> None:
        """Delete what a namespace's metrics measured: all of it, or since that moment, or of `these` only."""
        cloudwatch = self.backend("cloudwatch")
        cloudwatch.metric_data = [
            datum
            for datum in cloudwatch.metric_data
            if datum.namespace != namespace or (since and aware(datum.timestamp) < since) or not these(datum)
        ]

    def metric(
        self, namespace: str, name: str, value: float, /, ago: timedelta = timedelta(minutes=2), **dimensions: str
    ) -> None:
        """One value of a metric, `ago` before the sandbox's start, such as
        `metric("AWS/SQS", "NumberOfMessagesSent", 3, QueueName="orders")`. What was there before stays.
        """
        told = Told(namespace, name, dimensions, "None", (Samples(self.now - ago, (value,)),))
        put_metrics(self.client("cloudwatch"), [told])

    def service(self, name: str = "") -> Any:
        """moto's object of an ECS service; of the first one, unless it is named."""
        return self.backend("ecs").services[f"{self.stack.cluster}:{name or self.stack.services[0]}"]

    def table(self, name: str = "") -> Any:
        """moto's object of a table; of the incidents table, unless it is named."""
        return self.backend("dynamodb").tables[name or self.stack.incidents_table]

    def _push_image(self) -> None:
        """The pipeline's image, directly in moto's state, because a client would take longer than all the rest."""
        registry = self.backend("ecr")
        registry.create_repository(self.stack.cluster, None, {}, {}, "MUTABLE", [])
        self.push_image("v1")

    def push_image(self, tag: str) -> str:
        """Push a new image under the tag; returns its digest."""
        layers = [{"digest": f"sha256:{hashlib.sha256(tag.encode() + os.urandom(8)).hexdigest()}"}]
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": {"size": 7023}, "layers": layers}
        registry = self.backend("ecr")
        image = registry.put_image(self.stack.cluster, json.dumps(manifest), tag, MANIFEST)
        digest: str = image.get_image_digest()
        return digest

    def _distribute(self) -> None:
        """Make the distribution of the dashboard bucket."""
        domain = f"{BUCKET}.s3.{self.region}.amazonaws.com"
        origin = {"Id": "site", "DomainName": domain, "S3OriginConfig": {"OriginAccessIdentity": ""}}
        behavior = {"TargetOriginId": "site", "ViewerProtocolPolicy": "redirect-to-https", "Compress": True}
        config = {
            "CallerReference": "sandbox",
            "Origins": {"Quantity": 1, "Items": [origin]},
            "DefaultCacheBehavior": behavior,
            "Comment": "dashboards",
            "Enabled": True,
        }
        made, _, _ = backend("cloudfront", "aws").create_distribution(config, [])
        made.status, self.distribution_id = "Deployed", made.distribution_id

    def _follow_attributes(self, attributes: Mapping[str, str]) -> None:
        if hasattr(self, "web"):
            self.web.proxy.sticky = attributes.get("stickiness.enabled") == "true"

    def _follow_task(self, old: Any, new: Any) -> None:
        if hasattr(self, "web"):
            follow_task(self, old, new)

    def _object(self, key: str) -> StoredObject | None:
        # read from moto's state, because the loop that serves the site must never wait for the network
        found = backend("s3", "aws").get_object(BUCKET, key)
        if found is None:
            return None
        content_type, cache = found.metadata.get("Content-Type", "text/html"), found.metadata.get("Cache-Control", "")
        return StoredObject(found.value, content_type, found.etag, cache)


DRAINING = ("draining", "Target.DeregistrationInProgress", "Target deregistration is in progress")
INITIAL = ("initial", "Elb.RegistrationInProgress", "Target registration is in progress")
REGISTERING_S = 0.15


def follow_task(sandbox: Sandbox, old: Any, new: Any) -> None:
    """Let the web side and the target group follow: `old` was stopped, or `new` has replaced it."""
    if old not in sandbox.tasks:  # a task of another service is not served here
        return
    if new is None:
        drain_task(sandbox, _id_of_task(old), place_of(old)["value"])
    else:
        sandbox.tasks[sandbox.tasks.index(old)] = new
        register_task(sandbox, _id_of_task(new), place_of(old)["value"], place_of(new)["value"])


def drain_task(sandbox: Sandbox, task: str, address: str) -> None:
    """Its server closes every session, and its target takes no new ones."""
    web = sandbox.web
    if sandbox.refuses_who_was_cut:
        for other in web.tasks:
            other.accepts_websockets = False
    if sandbox.keeps_stopped_tasks:
        stopped, before = next(one for one in web.tasks if one.task_id == task), web.proxy.in_rotation
        web.proxy.in_rotation = lambda: [*before(), stopped]
    web.remove_task(task)
    sandbox.target_states[address] = DRAINING


def register_task(sandbox: Sandbox, task: str, was: str, address: str) -> None:
    """Start its server, and register its target, which is healthy a moment later."""
    web, group = sandbox.web, sandbox.backend("elbv2").target_groups[sandbox.seeded.target_group]
    started = web.add_task(task)
    started.accepts_websockets = not sandbox.refuses_who_was_cut
    web.proxy.in_rotation = lambda: list(web.tasks)
    group.deregister([{"Id": was}])
    sandbox.target_states.pop(was, None)
    sandbox.target_states[address] = INITIAL
    group.register([{"Id": address, "Port": group.port}])
    timer = threading.Timer(REGISTERING_S, lambda: sandbox.target_states.pop(address, None))
    timer.daemon = True
    timer.start()


def _id_of_task(task: Any) -> str:
    return str(task.task_arn).rsplit("/", 1)[-1]
