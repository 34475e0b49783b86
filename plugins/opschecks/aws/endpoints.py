"""Whose endpoint a client calls: AWS's, or another that a variable or a profile names without the stack saying so."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..core import environment

if TYPE_CHECKING:
    from ..config.stack import Stack

SERVICES = (
    "sts", "sso", "sso-oidc", "acm", "application-autoscaling", "backup", "ce", "cloudcontrol", "cloudformation",
    "cloudfront", "cloudtrail", "cloudwatch", "codedeploy", "dynamodb", "ec2", "ecr", "ecs", "elbv2", "events",
    "health", "iam", "kms", "lambda", "logs", "organizations", "rds", "resourcegroupstaggingapi", "s3",
    "secretsmanager", "service-quotas", "sns", "sqs",
)  # fmt: skip
"""Clients that opschecks makes itself, and those of botocore that fetch credentials."""
VARIABLE = "AWS_ENDPOINT_URL"
_CUSTOMERS = re.compile(r"(elb|compute(-\d+)?|execute-api|lambda-url|vpce-svc-.*|s3-website.*|rds|cache|es|mq)")
"""Labels of hosts below AWS's domains behind which a customer's own program answers, where a name stands before it:
rds.eu-central-1.amazonaws.com is AWS's, orders.c1a2.eu-central-1.rds.amazonaws.com a customer's database."""
_CUSTOMERS_OF_VPCE = re.compile(r"(vpce-svc-.*|execute-api)")
"""The same of the names of VPC endpoints, where a service of AWS has its name after the endpoint's."""


def diversion(session: Any, stack: Stack) -> str:
    """Why one of our clients would not call AWS, naming the variable or profile that diverts it; "" where all do.

    Known without the network. An endpoint_url of the stack itself is meant, and so is a VPC endpoint, which is AWS's:
    https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
    """
    if stack.endpoint_url or session.get_config_variable("ignore_configured_endpoint_urls"):
        return ""
    variables = environment.variables(VARIABLE)
    if not variables and not {"endpoint_url", "services"} & set(session.get_scoped_config()):
        return ""
    for service in SERVICES:
        url = _configured(session, service, variables)
        if url and not is_of_aws(session, url, str(session.get_config_variable("region"))):
            return _words(stack.name, service, url, _source(session, service, url, variables))
    return ""


def foreign_client(session: Any, client: Any, stack: Stack) -> str:
    """As `diversion`, of one client by the endpoint that botocore resolved for it."""
    url, service = str(client.meta.endpoint_url), str(client.meta.service_model.service_name)
    variables = environment.variables(VARIABLE)
    # what nobody configures is botocore's own, which is vague about partitions without dual-stack
    region = str(client.meta.region_name) if _configured(session, service, variables) else ""
    if stack.endpoint_url or is_of_aws(session, url, region):
        return ""
    return _words(stack.name, service, url, _source(session, service, url, variables))


def is_of_aws(session: Any, url: str, region: str) -> bool:
    """Whether the host is one of AWS's in the region's partition (in any, without one); also FIPS, dual-stack, VPC."""
    host = (urlsplit(url).hostname or "").lower()
    for suffix in _suffixes(session, region):
        if host.endswith(f".{suffix}"):
            labels = host.removesuffix(f".{suffix}").split(".")
            customers = _CUSTOMERS_OF_VPCE if labels[-1] == "vpce" else _CUSTOMERS
            return not any(customers.fullmatch(label) for label in labels[1:])
    return False


def _suffixes(session: Any, region: str) -> list[str]:
    """AWS's domains by botocore's description of the partitions; an unknown region is one of `aws`."""
    known: list[Mapping[str, Any]] = session.get_component("data_loader").load_data("partitions")["partitions"]
    of = [one for one in known if not region or region in one["regions"] or re.match(one["regionRegex"], region)]
    chosen = of or [one for one in known if one["id"] == "aws"]
    return [one["outputs"][key] for one in chosen for key in ("dnsSuffix", "dualStackDnsSuffix")]


def _words(stack: str, service: str, url: str, source: str) -> str:
    variable = source.startswith(VARIABLE)
    how = f"{source} is set and would divert" if variable else f"{source} would divert"
    undo = "unset it" if variable else "remove it, or set AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true"
    why = f"stacks.{stack}: {how} calls from AWS: {service} would go to {url}"
    return f"{why}; {undo}, or set endpoint_url for this stack"


def _configured(session: Any, service: str, variables: Mapping[str, str]) -> str:
    """The URL that variables or profile give the service's clients, by botocore's own rules."""
    return _provided(service, session.full_config, session.get_scoped_config(), variables)


def _provided(service: str, full: Mapping[str, Any], scoped: Mapping[str, Any], variables: Mapping[str, str]) -> str:
    from botocore.configprovider import ConfiguredEndpointProvider

    return ConfiguredEndpointProvider(full, scoped, service, environ=variables).provide() or ""


def _source(session: Any, service: str, url: str, variables: Mapping[str, str]) -> str:
    """What gives the service this URL, the more particular first, as botocore does."""
    for name in sorted(variables, key=len, reverse=True):
        if _provided(service, {}, {}, {name: variables[name]}) == url:
            return name
    scoped, profile = session.get_scoped_config(), session.profile or "default"
    particular = {key: value for key, value in scoped.items() if key != "endpoint_url"}
    if _provided(service, session.full_config, particular, {}) == url:
        return f"[services {scoped['services']}] of the AWS profile {profile}"
    if scoped.get("endpoint_url") == url:
        return f"endpoint_url of the AWS profile {profile}"
    return "the AWS configuration"
