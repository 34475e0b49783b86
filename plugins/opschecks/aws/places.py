"""The ARNs of what a stack names, by kind, as IAM policies take them.

Their forms: https://docs.aws.amazon.com/service-authorization/latest/reference/ (each service's "Resource types"). What
a stack does not name itself, but finds by CloudFormation or tags, is only limited to its account and region.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from ..core.dataclass import dataclass

if TYPE_CHECKING:
    from ..config.stack import Stack

    _Narrow = Callable[["Places"], list[str]]


def _always(service: str, resource: str, region: str | None = None, account: str | None = None) -> _Narrow:
    """A kind of which the ARN is the same for every stack, but for account and region."""

    def arns(places: Places) -> list[str]:
        return [places.arn(service, resource, region=region, account=account)]

    return arns


@dataclass(frozen=True)
class Places:
    """The ARNs of a stack's resources. A kind that it neither names nor can find has none."""

    stack: Stack
    partition: str = "aws"

    def arn(self, service: str, resource: str, *, region: str | None = None, account: str | None = None) -> str:
        """An ARN in the stack's account and region, or in any where it names none; `region` and `account` override."""
        where = region if region is not None else self.stack.region or "*"
        whose = account if account is not None else self.stack.account_id or "*"
        return f"arn:{self.partition}:{service}:{where}:{whose}:{resource}"

    @property
    def _finds(self) -> bool:
        """Whether resources are found at run time, by CloudFormation or tags."""
        return bool(self.stack.cloudformation_stack or self.stack.tags)

    def _known(self, named: Iterable[str]) -> list[str]:
        """The names; any where they are only found at run time."""
        return list(dict.fromkeys(filter(None, named))) or (["*"] if self._finds else [])

    def _tables(self) -> list[str]:
        stack = self.stack
        others = [stack.incidents_table, *(index.table for index in stack.indexes)]
        found = [] if stack.tables or not self._finds else ["*"]
        return found or list(dict.fromkeys([*stack.tables, *filter(None, others)]))

    def tables(self) -> list[str]:
        """DynamoDB tables."""
        return [self.arn("dynamodb", f"table/{name}") for name in self._tables()]

    def indexes(self) -> list[str]:
        """Tables with all of their indexes: what a query of an index is checked against."""
        own = [self.arn("dynamodb", f"table/{name}/index/*") for name in self._tables() if name != "*"]
        return [*self.tables(), *own]

    def table_backups(self) -> list[str]:
        """The tables' own backups."""
        return [self.arn("dynamodb", f"table/{name}/backup/*") for name in self._tables()]

    restored_tables = _always("dynamodb", "table/*")
    """The tables, their backups and any other table: a restore makes a table under a name that is said then."""
    drill_tables = _always("dynamodb", "table/opschecks-drill-*")
    """The copies that a drill restores, by what their names begin with (remedies/operations/restore.py)."""

    def log_groups(self) -> list[str]:
        """Log groups, in both forms that AWS uses: policies take the one with :* at its end for most calls.

        https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
        """
        names = self._known([*self.stack.log_groups])
        ends = {name: ("",) if name == "*" else ("", ":*") for name in names}
        return [self.arn("logs", f"log-group:{name}{end}") for name in names for end in ends[name]]

    def _services(self) -> list[str]:
        stack = self.stack
        clusters = stack.every("cluster") or ("*",)
        named = [name if "/" in name else f"{clusters[0]}/{name}" for name in stack.services]
        own = named or ([f"{cluster}/*" for cluster in clusters] if stack.cluster or self._finds else [])
        rotated = [f"{'*/' * ('/' not in name)}{name}" for key in stack.rotated_keys for name in key.services]
        return list(dict.fromkeys([*own, *stack.dev_services, *(rotated if not own else [])]))

    def services(self) -> list[str]:
        """ECS services, those of development with them."""
        return [self.arn("ecs", f"service/{name}") for name in self._services()]

    def dev_services(self) -> list[str]:
        """ECS services of development alone."""
        return [self.arn("ecs", f"service/{name}") for name in self.stack.dev_services]

    def deployments(self) -> list[str]:
        """Services with their deployments."""
        return [*self.services(), *self._below_services("service-deployment")]

    def revisions(self) -> list[str]:
        """Services with their revisions."""
        return [*self.services(), *self._below_services("service-revision")]

    def _below_services(self, kind: str) -> list[str]:
        return [self.arn("ecs", f"{kind}/{name.removesuffix('/*')}/*") for name in self._services()]

    def _clusters(self) -> dict[str, None]:
        return dict.fromkeys(name.partition("/")[0] for name in self._services())

    def tasks(self) -> list[str]:
        """The tasks of the clusters."""
        return [self.arn("ecs", f"task/{name}/*") for name in self._clusters()]

    def clusters(self) -> list[str]:
        """The clusters of the services."""
        return [self.arn("ecs", f"cluster/{name}") for name in self._clusters()]

    def target_groups(self) -> list[str]:
        """Target groups, by their patterns where the stack names some."""
        names = self.stack.target_groups or ("*",)
        return [self.arn("elasticloadbalancing", f"targetgroup/{name}/*") for name in names]

    def alarms(self) -> list[str]:
        """The stack's alarms, in any region: those of CloudFront are in us-east-1."""
        beginnings = self.stack.every("alarm_prefix") or ("",)
        return [self.arn("cloudwatch", f"alarm:{one}*", region="*") for one in beginnings]

    mute_rules = _always("cloudwatch", "alarm-mute-rule:*", region="*")
    own_mute_rules = _always("cloudwatch", "alarm-mute-rule:opschecks-*", region="*")
    """The rules that silence-alarm makes."""
    insight_rules = _always("cloudwatch", "insight-rule/DynamoDBContributorInsights*")
    """Contributor Insights of tables."""

    def muted_alarms(self) -> list[str]:
        """The rules of silence-alarm, and the alarms that they are for."""
        return [*self.own_mute_rules(), *self.alarms()]

    def distributions(self) -> list[str]:
        """The distribution of the dashboards."""
        ids = self._known(self.stack.every("distribution_id"))
        return [self.arn("cloudfront", f"distribution/{one}", region="") for one in ids]

    def formation(self) -> list[str]:
        """The CloudFormation stacks, and those nested in them, whose names begin with theirs."""
        stack = self.stack
        named = [*stack.cloudformation_stacks, *stack.every("cloudformation_stack")]
        short = [one.rpartition(":stack/")[2].partition("/")[0] for one in named]
        ends = ("/*", "-*/*")
        return list(dict.fromkeys(self.arn("cloudformation", f"stack/{name}{end}") for name in short for end in ends))

    def users(self) -> list[str]:
        """The IAM users that are checked."""
        names = self.stack.iam_users
        paths = ("",) if "*" in names else ("", "*/")
        return [self.arn("iam", f"user/{path}{name}", region="") for name in names for path in paths]

    def rotated_users(self) -> list[str]:
        """The IAM users whose keys may be rotated, below any path."""
        names = [one.user for one in self.stack.rotated_keys]
        return [self.arn("iam", f"user/{path}{name}", region="") for name in names for path in ("", "*/")]

    def secrets(self) -> list[str]:
        """The secrets that hand keys over; Secrets Manager ends their names with six characters of its own."""
        named = [one.secret for one in self.stack.rotated_keys]
        return [one if one.startswith("arn:") else self.arn("secretsmanager", f"secret:{one}-??????") for one in named]

    topics = _always("sns", "*", region="*", account="*")
    """Topics that alarms call, which only the alarms say."""
    rules = _always("events", "rule/*")
    """EventBridge rules of every bus."""

    def security_groups(self) -> list[str]:
        """Security groups by their ids; any where the stack names patterns."""
        names = self._known(self.stack.security_groups)
        ids = [one for one in names if one.startswith("sg-")]
        return [self.arn("ec2", f"security-group/{one}") for one in (ids if len(ids) == len(names) else ["*"])]

    def security_group_rules(self) -> list[str]:
        """Their rules, which get new ids whenever they are made."""
        return [self.arn("ec2", "security-group-rule/*")] if self.security_groups() else []

    def groups_with_rules(self) -> list[str]:
        """Both: a rule is made with its tags."""
        return [*self.security_groups(), *self.security_group_rules()]

    flow_logs = _always("ec2", "vpc-flow-log/*")

    def vpcs(self) -> list[str]:
        """VPCs with their flow logs; which VPCs, only the balancers say."""
        return [self.arn("ec2", "vpc/*"), *self.flow_logs()]

    def flow_log_role(self) -> list[str]:
        """The role that flow logs write with."""
        return [self.stack.flow_log_role] if self.stack.flow_log_role else []

    def scalable_targets(self) -> list[str]:
        """Scalable targets, whose ids AWS makes up."""
        return [self.arn("application-autoscaling", "scalable-target/*")] if self._services() else []

    def _others(self, key: str) -> list[str]:
        """The names of `resources.KEY`, or any where they are only found at run time; of an ARN, its end."""
        return self._known(self.stack.resources.get(key, ()))

    def queues(self) -> list[str]:
        """SQS queues of the account and region: dead-letter queues are only named by the queues before them."""
        return [self.arn("sqs", "*")] if self._others("queues") else []

    def certificates(self) -> list[str]:
        """Certificates of ACM, which have ids, and in us-east-1 where CloudFront uses them."""
        return [self.arn("acm", "certificate/*", region="*")] if self._others("certificates") else []

    def functions(self) -> list[str]:
        """Lambda functions."""
        names = (one.rpartition(":function:")[2] for one in self._others("functions"))
        return [self.arn("lambda", f"function:{name}") for name in names]

    def databases(self) -> list[str]:
        """DB instances of the account and region: AWS lists them all."""
        return [self.arn("rds", "db:*")] if self._others("databases") else []

    def databases_and_clusters(self) -> list[str]:
        """The same and the clusters of Aurora: AWS lists what waits for any of them."""
        return [*self.databases(), self.arn("rds", "cluster:*")] if self._others("databases") else []

    def quotas(self) -> list[str]:
        """Service quotas, as SERVICE/CODE."""
        return [self.arn("servicequotas", name) for name in self._others("quotas") if name != "*"]

    def _buckets(self, *places: str) -> list[str]:
        """Bucket and prefix of the places: `site`, `archive`, `backups`, `state`, `listed`."""
        stack = self.stack
        site = [stack.dashboard_bucket] if stack.dashboard_bucket else ["*"] * bool(self.distributions())
        others = [*stack.buckets, *stack.bucket_expire_days] or (["*"] if self._finds else [])
        known: dict[str, list[str | None]] = {
            "site": [*site],
            "archive": [stack.archive],
            "backups": [stack.backups],
            "state": [f"{stack.state}/{stack.name}"] if stack.state_in_s3 else [],
            "listed": [*others],
        }
        named = [one for place in places for one in known[place] if one]
        return list(dict.fromkeys(one.removeprefix("s3://").rstrip("/") for one in named))

    def buckets(self, *places: str) -> list[str]:
        """The buckets themselves."""
        names = dict.fromkeys(one.partition("/")[0] for one in self._buckets(*places))
        return [self.arn("s3", name, region="", account="") for name in names]

    def objects(self, *places: str) -> list[str]:
        """What lies in them, below the prefix that the stack names."""
        below = ["*" if one == "*" else f"{one}/*" for one in self._buckets(*places)]
        return [self.arn("s3", one, region="", account="") for one in below]
