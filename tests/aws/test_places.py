"""The ARNs of what a stack names, by kind: named, found at run time, or none; and what is granted for them."""

from __future__ import annotations

from typing import Any

from opschecks.aws.permissions import Grant, granted, of_keys
from opschecks.aws.places import Places
from tests.canned import Raw, stack
from tests.cases import cases

TAGS: Raw = {"tags": {"app": "shop"}}
FOUND: Raw = {"cloudformation_stack": "Shop"}
KEYS: Raw = {"rotated_keys": [{"user": "ci", "secret": "shop/ci", "services": ["web", "other/api"]}]}
DDB, ECS, LOGS = ("arn:aws:{}:us-west-2:*:{}".format(*one) for one in (("dynamodb", ""), ("ecs", ""), ("logs", "")))


def _arns(kind: str, **keys: Any) -> list[str]:
    return list(getattr(Places(stack(**keys)), kind)())


def test_an_arn_has_the_stacks_account_and_region_or_any() -> None:
    assert Places(stack()).arn("s", "r") == "arn:aws:s:us-west-2:*:r"
    whole = Places(stack(account_id="123456789012"), "aws-cn")
    assert whole.arn("s", "r") == "arn:aws-cn:s:us-west-2:123456789012:r"
    assert whole.arn("s", "r", region="", account="") == "arn:aws-cn:s:::r"
    assert whole.arn("s", "r", region="*", account="*") == "arn:aws-cn:s:*:*:r"
    assert Places(stack().model_copy(update={"region": None})).arn("s", "r") == "arn:aws:s:*:*:r"


INCIDENTS: Raw = {"incidents_table": "incidents"}
OF_ANOTHER: Raw = {"wanted_indexes": [{"name": "by-team", "hash_key": "team", "table": "other"}]}


@cases({
    "nothing": ({}, []),
    "named": ({"tables": ["a", "b"]}, ["a", "b"]),
    "that of incidents": (INCIDENTS, ["incidents"]),
    "both, once": ({"tables": ["a", "incidents"], **INCIDENTS}, ["a", "incidents"]),
    "that of an index": ({"tables": ["a"], **OF_ANOTHER}, ["a", "other"]),
    "found": (TAGS, ["*"]),
    "found by a stack of CloudFormation": ({**FOUND, **INCIDENTS}, ["*"]),
    "named, and more could be found": ({**TAGS, "tables": ["a"]}, ["a"]),
})  # fmt: skip
def test_tables_with_their_indexes_and_backups(keys: Raw, tables: list[str]) -> None:
    own = [f"{DDB}table/{one}" for one in tables]
    assert _arns("tables", **keys) == own
    assert _arns("indexes", **keys) == [*own, *(f"{one}/index/*" for one in own if not one.endswith("*"))]
    assert _arns("table_backups", **keys) == [f"{one}/backup/*" for one in own]


def test_what_is_the_same_for_every_stack() -> None:
    assert _arns("restored_tables") == [f"{DDB}table/*"]
    assert _arns("drill_tables") == [f"{DDB}table/opschecks-drill-*"]
    assert _arns("mute_rules") == ["arn:aws:cloudwatch:*:*:alarm-mute-rule:*"]
    assert _arns("own_mute_rules") == ["arn:aws:cloudwatch:*:*:alarm-mute-rule:opschecks-*"]
    assert _arns("insight_rules") == ["arn:aws:cloudwatch:us-west-2:*:insight-rule/DynamoDBContributorInsights*"]
    assert _arns("topics") == ["arn:aws:sns:*:*:*"]
    assert _arns("rules") == ["arn:aws:events:us-west-2:*:rule/*"]
    flow_logs = "arn:aws:ec2:us-west-2:*:vpc-flow-log/*"
    assert _arns("flow_logs") == [flow_logs]
    assert _arns("vpcs") == ["arn:aws:ec2:us-west-2:*:vpc/*", flow_logs]
    assert _arns("flow_log_role") == []
    role = "arn:aws:iam::123456789012:role/flow"
    assert _arns("flow_log_role", flow_log_role=role) == [role]


def test_log_groups_have_two_forms_unless_they_are_any() -> None:
    assert _arns("log_groups", log_groups=["/a", "/b", "/a"]) == [
        f"{LOGS}log-group:{one}" for one in ("/a", "/a:*", "/b", "/b:*")
    ]
    assert _arns("log_groups") == []
    assert _arns("log_groups", **TAGS) == [f"{LOGS}log-group:*"]


@cases({
    "nothing": ({}, [], []),
    "named": ({"cluster": "shop", "services": ["web", "api"]}, ["shop/web", "shop/api"], ["shop"]),
    "of another cluster": (
        {"cluster": ["shop", "two"], "services": ["shop/web", "two/api"]}, ["shop/web", "two/api"], ["shop", "two"]),
    "all of the clusters": ({"cluster": ["shop", "two"]}, ["shop/*", "two/*"], ["shop", "two"]),
    "found": (TAGS, ["*/*"], ["*"]),
    "found in a cluster": ({**TAGS, "cluster": "shop"}, ["shop/*"], ["shop"]),
    "of development": (
        {"cluster": "shop", "services": ["web"], "dev_services": ["dev/web", "dev/api"]},
        ["shop/web", "dev/web", "dev/api"],
        ["shop", "dev"]),
    "that take a key": (KEYS, ["*/web", "other/api"], ["*", "other"]),
    "that take a key, beside others": ({**KEYS, "cluster": "shop", "services": ["web"]}, ["shop/web"], ["shop"]),
})  # fmt: skip
def test_services_with_their_deployments_tasks_and_clusters(
    keys: Raw, services: list[str], clusters: list[str]
) -> None:
    own = [f"{ECS}service/{one}" for one in services]
    assert _arns("services", **keys) == own
    for kind in ("deployment", "revision"):
        below = [f"{ECS}service-{kind}/{one.removesuffix('/*')}/*" for one in services]
        assert _arns(f"{kind}s", **keys) == [*own, *below]
    assert _arns("clusters", **keys) == [f"{ECS}cluster/{one}" for one in clusters]
    assert _arns("tasks", **keys) == [f"{ECS}task/{one}/*" for one in clusters]
    targets = ["arn:aws:application-autoscaling:us-west-2:*:scalable-target/*"] if services else []
    assert _arns("scalable_targets", **keys) == targets
    assert _arns("dev_services", **keys) == [f"{ECS}service/{one}" for one in keys.get("dev_services", [])]


def test_target_groups_and_alarms_are_those_that_the_stack_names_or_any() -> None:
    elb, cloudwatch = "arn:aws:elasticloadbalancing:us-west-2:*:targetgroup", "arn:aws:cloudwatch:*:*:alarm"
    assert _arns("target_groups") == [f"{elb}/*/*"]
    assert _arns("target_groups", target_groups=["a", "b-*"]) == [f"{elb}/a/*", f"{elb}/b-*/*"]
    assert _arns("alarms") == [f"{cloudwatch}:*"]
    assert _arns("alarms", alarm_prefix=["a-", "b-"]) == [f"{cloudwatch}:a-*", f"{cloudwatch}:b-*"]
    assert _arns("muted_alarms", alarm_prefix="a-") == [f"{cloudwatch}-mute-rule:opschecks-*", f"{cloudwatch}:a-*"]


def test_distributions_are_of_no_region() -> None:
    cdn = "arn:aws:cloudfront::*:distribution"
    assert _arns("distributions") == []
    assert _arns("distributions", distribution_id=["E1", "E2"]) == [f"{cdn}/E1", f"{cdn}/E2"]
    assert _arns("distributions", **FOUND) == [f"{cdn}/*"]


def test_cloudformation_stacks_come_with_those_nested_in_them() -> None:
    of = "arn:aws:cloudformation:us-west-2:*:stack"
    whole = "arn:aws:cloudformation:us-west-2:123456789012:stack/Base/0f-1"
    assert _arns("formation") == []
    assert _arns("formation", **FOUND) == [f"{of}/Shop/*", f"{of}/Shop-*/*"]
    here = of.replace("*", "123456789012")  # as the ARN says
    assert _arns("formation", cloudformation_stacks=["Shop", whole], **FOUND) == [
        f"{here}/{one}" for one in ("Shop/*", "Shop-*/*", "Base/*", "Base-*/*")
    ]


def test_users_and_secrets() -> None:
    iam, secret = "arn:aws:iam::*:user", "arn:aws:secretsmanager:us-west-2:*:secret:shop/ci"
    assert _arns("users") == [f"{iam}/*"]
    assert _arns("users", iam_users=["a", "b-*"]) == [f"{iam}/{one}" for one in ("a", "*/a", "b-*", "*/b-*")]
    assert _arns("users", iam_users=["a", "*"]) == [f"{iam}/a", f"{iam}/*"]
    assert _arns("rotated_users") == []
    assert _arns("rotated_users", **KEYS) == [f"{iam}/ci", f"{iam}/*/ci"]
    assert _arns("secrets", **KEYS) == [f"{secret}-??????"]
    whole = f"{secret}-AbCdEf".replace("*", "123456789012")
    assert _arns("secrets", rotated_keys=[{"user": "ci", "secret": whole}]) == [whole]


@cases({
    "nothing": ({}, []),
    "ids": ({"security_groups": ["sg-1", "sg-2"]}, ["sg-1", "sg-2"]),
    "a pattern": ({"security_groups": ["app-*"]}, ["*"]),
    "an id and a pattern": ({"security_groups": ["sg-1", "app-*"]}, ["*"]),
    "found": (TAGS, ["*"]),
})  # fmt: skip
def test_security_groups_with_their_rules(keys: Raw, groups: list[str]) -> None:
    own = [f"arn:aws:ec2:us-west-2:*:security-group/{one}" for one in groups]
    rules = ["arn:aws:ec2:us-west-2:*:security-group-rule/*"] if groups else []
    assert _arns("security_groups", **keys) == own
    assert _arns("security_group_rules", **keys) == rules
    assert _arns("groups_with_rules", **keys) == [*own, *rules]


RDS = "rds:us-west-2:*"
OTHERS: Raw = {
    "resources": {
        "queues": ["q"],
        "certificates": ["c"],
        "functions": ["f", "arn:aws:lambda:us-west-2:123456789012:function:g"],
        "databases": ["d"],
        "quotas": ["ecs/L-1"],
    }
}
QUEUES, DATABASES, CLUSTERS = (
    "arn:aws:sqs:us-west-2:*:*",
    "arn:aws:rds:us-west-2:*:db:*",
    "arn:aws:rds:us-west-2:*:cluster:*",
)
FUNCTION, CERTIFICATES = "arn:aws:lambda:us-west-2:*:function:", "arn:aws:acm:*:*:certificate/*"


@cases([
    ("queues", [QUEUES], [QUEUES]),
    ("certificates", [CERTIFICATES], [CERTIFICATES]),
    ("functions", [f"{FUNCTION}f", f"{FUNCTION}g"], [f"{FUNCTION}*"]),
    ("databases", [DATABASES], [DATABASES]),
    ("databases_and_clusters", [DATABASES, CLUSTERS], [DATABASES, CLUSTERS]),
    ("quotas", ["arn:aws:servicequotas:us-west-2:*:ecs/L-1"], []),
])  # fmt: skip
def test_other_resources_are_named_found_or_none(kind: str, named: list[str], found: list[str]) -> None:
    assert _arns(kind, **OTHERS) == named
    assert _arns(kind, **TAGS) == found
    assert _arns(kind) == []


WITH_BUCKETS = stack(
    dashboard_bucket="site",
    buckets=["a", "b"],
    bucket_expire_days={"old": 3, "a": 9},
    archive="s3://archive/incidents/",
    backups="s3://backups",
    state="s3://state/opschecks",
)


@cases({
    "the site": (Places(WITH_BUCKETS), ("site",), ["site"], ["site/*"]),
    "those that are listed": (Places(WITH_BUCKETS), ("listed",), ["a", "b", "old"], ["a/*", "b/*", "old/*"]),
    "the archive": (Places(WITH_BUCKETS), ("archive",), ["archive"], ["archive/incidents/*"]),
    "backups and site": (Places(WITH_BUCKETS), ("backups", "site"), ["backups", "site"], ["backups/*", "site/*"]),
    "the state": (Places(WITH_BUCKETS), ("state",), ["state"], ["state/opschecks/here/*"]),
    "a state in a folder": (Places(stack(state="reports")), ("state",), [], []),
    "no place": (Places(stack()), ("site", "archive", "backups", "state", "listed"), [], []),
    "the site of a distribution": (Places(stack(distribution_id="E1")), ("site",), ["*"], ["*"]),
    "what is found": (Places(stack(**TAGS)), ("site", "listed"), ["*"], ["*"]),
    "what is found, without the site": (Places(stack(**FOUND)), ("listed",), ["*"], ["*"]),
    "what is listed, and could be found": (Places(stack(**TAGS, buckets=["a"])), ("listed",), ["a"], ["a/*"]),
})  # fmt: skip
def test_buckets_and_what_lies_in_them(
    places: Places, which: tuple[str, ...], buckets: list[str], objects: list[str]
) -> None:
    assert places.buckets(*which) == [f"arn:aws:s3:::{one}" for one in buckets]
    assert places.objects(*which) == [f"arn:aws:s3:::{one}" for one in objects]


SHOP = Places(stack(cluster="shop", services=["web"], tables=["a"], dev_services=["dev/x"], **KEYS))
BARE = Places(stack())
SEARCHES = [{"group": "*", "by": "insights"}]
COUNTED = [{"group": "*", "by": "metric", "metric": "A/B"}]
FULL = Places(WITH_BUCKETS)


@cases({
    "tags": ("tag:GetResources", [TAGS]),
    "tags of balancers": ("elasticloadbalancing:DescribeTags", [TAGS]),
    "Logs Insights": ("logs:GetQueryResults", [{"log_searches": SEARCHES}]),
    "filters": ("logs:DescribeMetricFilters", [{"log_searches": COUNTED}]),
    "certificates": ("acm:ListCertificates", [{"resources": {"certificates": ["a"]}}]),
    "functions": ("lambda:GetAccountSettings", [{"resources": {"functions": ["a"]}}, TAGS, FOUND]),
    "quotas": ("servicequotas:GetAWSDefaultServiceQuota", [{"resources": {"quotas": ["ecs/L-1"]}}]),
    "resources of a stack": ("cloudformation:ListStackResources", [FOUND]),
    "a distribution": ("cloudfront:GetDistribution", [{"distribution_id": "E1"}, TAGS, FOUND]),
})  # fmt: skip
def test_some_actions_are_only_granted_where_the_stack_says_so(action: str, where: list[Raw]) -> None:
    others: list[Raw] = [{}, {"log_searches": [{"group": "*"}]}, {"resources": {"queues": ["q"]}}]
    assert [granted(action, "x", Places(stack(**keys))) for keys in others] == [None] * 3
    for keys in where:
        assert granted(action, "x", Places(stack(**keys))) is not None
    assert granted("logs:StartQuery", "x", Places(stack(log_searches=COUNTED, log_groups=["a"]))) is None
    assert granted("logs:StartQuery", "x", Places(stack(log_searches=SEARCHES, log_groups=["a"]))) is not None


def test_an_action_is_granted_for_what_the_stack_names_and_not_where_it_names_nothing() -> None:
    assert granted("dynamodb:DescribeTable", "tables", SHOP) == Grant("dynamodb:DescribeTable", (f"{DDB}table/a",))
    assert granted("dynamodb:DescribeTable", "tables", BARE) is None
    assert granted("sts:GetCallerIdentity", "x", SHOP) is None
    assert granted("cloudwatch:GetMetricData", "x", BARE) == Grant("cloudwatch:GetMetricData", ("*",))
    assert granted("dynamodb:DescribeTable", "restore-table", SHOP) == Grant(
        "dynamodb:DescribeTable", (f"{DDB}table/*",)
    )
    assert granted("dynamodb:PutItem", "delete-restored-table", SHOP) == Grant(
        "dynamodb:PutItem", (f"{DDB}table/opschecks-drill-*",)
    )
    assert granted("ecs:UpdateService", "scale-dev-to-zero", SHOP) == Grant(
        "ecs:UpdateService", (f"{ECS}service/dev/x",)
    )
    scan = Grant("dynamodb:Scan", (f"{DDB}table/a", f"{DDB}table/a/index/*"))
    assert granted("dynamodb:Scan", "back-up-everything", SHOP) == scan
    keys = granted("iam:ListAccessKeys", "rotate-access-key", SHOP)
    assert keys == Grant("iam:ListAccessKeys", ("arn:aws:iam::*:user/ci", "arn:aws:iam::*:user/*/ci"))


@cases({
    "a bucket": ("s3:ListBucket", "site_objects", ("site",)),
    "its objects": ("s3:GetObject", "site_objects", ("site/*",)),
    "lifecycles": ("s3:GetLifecycleConfiguration", "buckets", ("site", "a", "b", "old")),
    "backups are read everywhere": ("s3:GetObject", "back-up-everything", ("backups/*", "site/*")),
    "backups are written to their place": ("s3:PutObject", "back-up-everything", ("backups/*",)),
    "a page is written to the site": ("s3:PutObject", "sync-dashboard", ("site/*",)),
    "the state": ("s3:PutObject", "state", ("state/opschecks/here/*",)),
    "the archive's bucket": ("s3:GetBucketVersioning", "restore-incidents", ("archive",)),
})  # fmt: skip
def test_in_s3_an_action_is_granted_for_the_places_of_who_needs_it(action: str, by: str, arns: tuple[str, ...]) -> None:
    assert granted(action, by, FULL) == Grant(action, tuple(f"arn:aws:s3:::{one}" for one in arns))
    assert granted(action, by, BARE) is None
    assert granted("s3:ListAllMyBuckets", "x", BARE) == Grant("s3:ListAllMyBuckets", ("*",))


def test_the_conditions_of_a_grant() -> None:
    clusters = (f"{ECS}cluster/shop", f"{ECS}cluster/dev")
    assert granted("ecs:ListTasks", "tasks", SHOP) == Grant(
        "ecs:ListTasks", ("*",), (("ArnLike", "ecs:cluster", clusters),)
    )
    assert granted("ecs:ListTasks", "tasks", BARE) is None
    role = "arn:aws:iam::123456789012:role/flow"
    assert granted("iam:PassRole", "x", Places(stack(flow_log_role=role))) == Grant(
        "iam:PassRole", (role,), (("StringEquals", "iam:PassedToService", ("vpc-flow-logs.amazonaws.com",)),)
    )
    made = ("StringEquals", "ec2:CreateAction", ("AuthorizeSecurityGroupIngress",))
    rules = ("arn:aws:ec2:us-west-2:*:security-group-rule/*",)
    named = Places(stack(security_groups=["sg-1"]))
    assert granted("ec2:CreateTags", "x", named) == Grant("ec2:CreateTags", rules, (made,))


@cases([("aws", "amazonaws.com"), ("aws-us-gov", "amazonaws.com"), ("aws-cn", "amazonaws.com.cn")])
def test_keys_are_used_through_services_only(partition: str, suffix: str) -> None:
    places = Places(stack(), partition)
    via = tuple(f"{one}.us-west-2.{suffix}" for one in ("dynamodb", "s3", "secretsmanager", "sqs"))
    condition = (("StringLike", "kms:ViaService", via),)
    assert of_keys(iter(["k"]), places) == [
        Grant("kms:Decrypt", ("k",), condition),
        Grant("kms:GenerateDataKey", ("k",), condition),
    ]
    anywhere = Places(stack().model_copy(update={"region": None}))
    assert of_keys(["k"], anywhere)[0].conditions[0][2][0] == "dynamodb.*.amazonaws.com"
