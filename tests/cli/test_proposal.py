"""What is proposed of an account as it was surveyed: stacks, prefixes, what is set aside, and what is new since."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from opschecks.aws.inventory import inventory
from opschecks.aws.survey import Survey
from opschecks.cli.check_files import CheckSource
from opschecks.cli.difference import Known, differences
from opschecks.cli.parts import grouped
from opschecks.cli.prefixes import common_prefix, prefixes
from opschecks.cli.proposal import propose, set_aside
from opschecks.cli.proposed_file import Line, Proposal, text_of
from opschecks.config.load import stacks_of
from opschecks.core.observation import CouldNotLook, NotConfigured, names_no
from tests.canned import Aws, stack


def _service(name: str, *groups: str, task: str = "t") -> dict[str, Any]:
    return {"serviceName": name, "loadBalancers": [{"targetGroupArn": one} for one in groups], "taskDefinition": task}


SHOP = Survey(
    account="210987654321",
    region="eu-west-1",
    clusters=[
        {"clusterName": "batch"},
        {"clusterName": "shop", "tags": [{"key": "aws:cloudformation:stack-name", "value": "ShopStack"}]},
    ],
    services={
        "batch": [_service("worker")],
        "shop": [_service("web", "tg1"), _service("api", "tg2"), _service("mail")],
    },
    log_groups_of={"t": ["/shop/all"]},
    balancers=[
        {"LoadBalancerName": "nlb", "LoadBalancerArn": "l2", "Type": "network"},
        {"LoadBalancerName": "front", "LoadBalancerArn": "l1", "Type": "application", "SecurityGroups": ["sg-1"]},
        {"LoadBalancerName": "other", "LoadBalancerArn": "l3", "Type": "application"},
    ],
    target_groups=[
        {"TargetGroupArn": "tg1", "LoadBalancerArns": ["l1"]},
        {"TargetGroupArn": "tg2", "LoadBalancerArns": ["l2"]},
        {"TargetGroupArn": "tg3", "LoadBalancerArns": ["l3"]},
    ],
    tables=["shop-orders", "crm"],
    alarms=["shop-api-5xx", "shop-web-5xx", "crm-errors"],
    distributions=[{"Id": "E1"}, {"Id": "E2"}],
)


def test_clusters_that_do_not_belong_together_are_stacks_of_one_file() -> None:
    shop, batch = propose(SHOP, given={"profile": "on-call", "role_arn": None})
    reach = {"account_id": "210987654321", "region": "eu-west-1", "profile": "on-call"}
    assert (shop.name, batch.name) == ("shop", "batch")
    assert shop.table == {
        **reach,
        "cluster": "shop",
        "services": ["api", "mail", "web"],
        "log_groups": ["/shop/all"],
        "cloudformation_stacks": ["ShopStack"],
        "load_balancer": ["front", "nlb"],
        "security_groups": ["sg-1"],
        "tables": ["shop-orders"],
        "alarm_prefix": "shop",
    }
    assert batch.table == {**reach, "cluster": "batch", "services": ["worker"], "log_groups": ["/shop/all"]}
    text = text_of([replace(shop, without={"dashboard_url": 'no "dashboards"'}), batch], ["not seen: a\nb"])
    told = tomllib.loads(text)
    assert told["defaults"] == reach
    assert told["stacks"]["shop"]["without"] == {"dashboard_url": 'no "dashboards"'}
    read = stacks_of(told, Path("stacks.toml"))
    assert (read.default, read.stacks["batch"].account_id) == ("shop", "210987654321")
    assert read.stacks["shop"].every("load_balancer") == ("front", "nlb")
    for said in ("1 other table", "2 of 3 alarms", "there are E1, E2", "# not seen: a b"):
        assert said in text, said


def survey_of(*clusters: str, tags: Mapping[str, Mapping[str, str]] | None = None, **more: Any) -> Survey:
    """An account with these clusters, each with one service; `tags` are of clusters."""
    listed = [
        {"clusterName": one, "tags": [{"key": key, "value": value} for key, value in (tags or {}).get(one, {}).items()]}
        for one in clusters
    ]
    services = {one: [_service("web")] for one in clusters}
    return Survey(
        **{"account": "210987654321", "region": "eu-west-1", "clusters": listed, "services": services, **more}
    )


def behind(balancer: str, *groups: str) -> dict[str, Any]:
    return {
        "balancers": [{"LoadBalancerName": balancer, "LoadBalancerArn": "l1", "Type": "application"}],
        "target_groups": [{"TargetGroupArn": one, "LoadBalancerArns": ["l1"]} for one in groups],
        "services": {"a": [_service("web", "tg1")], "b": [_service("api", "tg2")]},
    }


OF = "aws:cloudformation:stack-name"
SHOPS = {"web": {OF: "Shop"}, "mail": {OF: "Shop"}}
OWNED = {"web": {"App": "x"}, "mail": {"App": "x"}}
EXPRESS = replace(
    survey_of("a", "b", **behind("ecs-express-gateway-alb", "tg1", "tg2")),
    services={
        "a": [{**_service("web", "tg1"), "resourceManagementType": "ECS"}],
        "b": [{**_service("api", "tg2"), "resourceManagementType": "ECS"}],
    },
)
TOGETHER: dict[str, tuple[Survey, list[list[str]]]] = {
    "one name": (survey_of("shop", "shop-jobs"), [["shop", "shop-jobs"]]),
    "other names": (survey_of("crm", "shop"), [["crm"], ["shop"]]),
    "two stages": (survey_of("shop-prod", "shop-staging"), [["shop-prod"], ["shop-staging"]]),
    "the stage first": (
        survey_of("prod-shop", "dev-shop", "prod-shop-jobs"),
        [["prod-shop", "prod-shop-jobs"], ["dev-shop"]],
    ),
    "one CloudFormation stack": (survey_of("web", "mail", tags=SHOPS), [["mail", "web"]]),
    "one owner": (survey_of("web", "mail", tags=OWNED), [["mail", "web"]]),
    "other owners": (
        survey_of("shop", "shop-2", tags={"shop": {"app": "x"}, "shop-2": {"app": "y"}}),
        [["shop"], ["shop-2"]],
    ),
    "one balancer": (survey_of("a", "b", **behind("front", "tg1", "tg2")), [["a", "b"]]),
    "one balancer of Express services": (EXPRESS, [["a"], ["b"]]),
    "none": (survey_of(), []),
}


@pytest.mark.parametrize(("found", "groups"), TOGETHER.values(), ids=TOGETHER)
def test_clusters_of_one_application_are_one_stack(found: Survey, groups: list[list[str]]) -> None:
    assert grouped(found) == groups


NAMED = {
    "shop": "shop",
    "ShopStack-Cluster8C2F6E1A-IH6WYT4ZCMMP": "ShopStack",
    "Shop-Stack-Cluster-aB3dEf6hIj9k": "Shop-Stack",
    "my-team-applications": "my-team-applications",
    "shop-eu-2026": "shop-eu-2026",
}


@pytest.mark.parametrize(("cluster", "name"), NAMED.items(), ids=NAMED)
def test_a_stack_is_called_as_its_cluster_or_as_what_named_that(cluster: str, name: str) -> None:
    (one,) = propose(survey_of(cluster), given={})
    assert one.name == name
    (tagged,) = propose(survey_of("Shop-cluster", tags={"Shop-cluster": {OF: "Shop"}}), given={})
    assert tagged.name == "Shop"


def test_an_account_without_alarms_is_without_alarms() -> None:
    (one,) = propose(survey_of("shop"), given={})
    assert one.without == {"alarm_prefix": "no alarms found; set alarm_prefix to have them checked"}
    (all_of_it,) = propose(survey_of("shop", alarms=["a-1", "b-2"]), given={})
    assert not all_of_it.without


def test_a_balancer_that_ecs_shares_out_is_of_each_stack() -> None:
    balancers = [one.table["load_balancer"] for one in propose(EXPRESS, given={})]
    assert balancers == ["ecs-express-gateway-alb"] * 2


def test_a_stack_of_two_clusters_names_both_and_the_cluster_of_each_service() -> None:
    found = survey_of("shop", "shop-jobs", tables=["crm", "shop-orders"], alarms=["shop-5xx", "shop-4xx", "edge-5xx"])
    (shop,) = propose(found, given={})
    assert shop.table["cluster"] == ["shop", "shop-jobs"]
    assert shop.table["services"] == ["shop-jobs/web", "shop/web"]
    assert (shop.table["tables"], shop.table["alarm_prefix"]) == (["shop-orders"], "shop")
    assert stacks_of({"stacks": {"shop": shop.table}}, Path("stacks.toml")).stacks["shop"].every("cluster")


def test_tags_say_whose_a_table_is_whatever_it_is_called() -> None:
    tags = {("table", "orders"): {"app": "shop"}, ("table", "shop-mail"): {"app": "crm"}}
    clusters = {"shop": {"app": "shop"}, "crm": {"app": "crm"}}
    found = survey_of("shop", "crm", tags=clusters, tables=["orders", "shop-mail"])
    crm, shop = propose(replace(found, tags=tags), given={})
    assert (crm.table["tables"], shop.table["tables"]) == (["shop-mail"], ["orders"])


def known(**keys: Any) -> Known:
    one = stack(**keys)
    return Known(one, inventory(one, Aws({})))


ALL = {"cluster": ["shop", "batch"], "services": ["shop/web", "shop/api", "shop/mail", "batch/worker"]}
REST = {"load_balancer": ["nlb", "front", "other"], "tables": ["shop-orders", "crm"], "log_groups": ["/shop/all"]}


def test_what_is_new_and_what_is_gone_is_told_by_key() -> None:
    whole = known(**ALL, **REST, distribution_id=["E1", "E2"], alarm_prefix=["shop-", "crm-"])
    assert differences(SHOP, [whole]) == []
    services, tables = ["web", "api", "old"], ["shop-orders"]
    shop = known(cluster="shop", services=services, load_balancer="front", alarm_prefix="shop", tables=tables)
    lines = [line for one in differences(SHOP, [shop]) for line in one.lines()]
    assert lines == [
        "+ cluster: batch",
        "+ services: batch/worker",
        "+ services: shop/mail",
        "- services: shop/old",
        "+ load_balancer: nlb",
        "+ load_balancer: other",
        "+ tables: crm",
        "+ log_groups: /shop/all",
        "+ alarm_prefix: crm-errors",
        "+ distribution_id: E1",
        "+ distribution_id: E2",
    ]
    denied = replace(SHOP, services={}, refused={"ECS services": CouldNotLook("ecs:ListServices", "AccessDenied")})
    assert not any("services" in line for one in differences(denied, [shop]) for line in one.lines())


def test_alarms_that_nobody_can_tell_are_new_and_those_of_a_stack_that_has_all_are_not() -> None:
    def new(one: Known) -> list[str]:
        return [line for told in differences(SHOP, [one]) for line in told.lines() if "alarm_prefix" in line]

    crm = known()
    assert new(crm) == []
    assert new(replace(crm, stack=crm.stack.model_copy(update={"others_alarms": ("shop",)}))) == []
    beside = replace(crm, stack=crm.stack.model_copy(update={"alarms_beside": ("shop",)}))
    assert new(beside) == [f"+ alarm_prefix: {name}" for name in sorted(SHOP.alarms)] != []


def test_a_list_that_is_long_is_cut() -> None:
    many = Survey(account="210987654321", region="eu-west-1", tables=[f"t{n:03}" for n in range(90)])
    (one,) = differences(many, [known()])
    assert len(list(one.lines())) == 21
    assert list(one.lines())[-1] == "+ tables: and 70 more"


def test_an_account_without_a_cluster_has_a_stack_too() -> None:
    only = Survey(account="210987654321", region="eu-west-1", tables=["orders"], balancers=SHOP.balancers)
    (proposal,) = propose(only, given={})
    assert (proposal.name, proposal.table["tables"]) == ("production", ["orders"])
    assert "# no ECS cluster in eu-west-1" in text_of([proposal], [])
    assert "there are nlb, front, other" in text_of([proposal], [])
    assert Survey(account="210987654321", region="eu-west-1").is_empty
    assert not only.is_empty


@pytest.mark.parametrize(
    ("names", "prefix"),
    [
        (["shop-api-5xx", "shop-api-4xx"], "shop-api"),
        (["shop-api", "shopping-api"], ""),
        (["shop", "shop-api"], "shop"),
        (["a-b", "a-c"], ""),
        (["shop-api"], ""),
        ([], ""),
        (["/aws/a", "/aws/b"], "/aws"),
    ],
)
def test_a_prefix_is_of_whole_words(names: list[str], prefix: str) -> None:
    assert common_prefix(names) == prefix


def test_several_beginnings_where_one_is_not_enough() -> None:
    assert prefixes(["shop-1", "shop-2", "edge-1", "edge-2"], ["crm-1"]) == ["edge", "shop"]
    assert prefixes(["shop-1", "shop-2"], ["shopping-1"]) == ["shop-"]
    assert prefixes(["shop-1", "shop-2"], ["shop-mail"]) == ["shop-1", "shop-2"]
    assert prefixes(["shop-1", "shop"], ["shopping-1"]) == []
    assert prefixes([f"{n}-a" for n in range(13)], ["a"]) == []
    assert prefixes([], ["a"]) == []


def test_what_is_set_aside_is_named_by_the_narrowest_word() -> None:
    def check(name: str, slug: str) -> CheckSource:
        return CheckSource(name, Path("x.py"), slug, "", ())

    checks = [check("test_a", "pages"), check("test_b", "sockets"), check("test_c", "sockets"), check("test_d", "odd")]
    lacking = [
        (names_no("s", "dashboards", "dashboard_url and dashboards"), checks[:1]),
        (NotConfigured("", "no cache behavior serves from a bucket"), checks[1:2]),
        (NotConfigured("", "nothing odd"), checks[3:]),
    ]
    told = set_aside(Proposal("s", [Line("dashboard_url", "https://x", "")]), lacking, checks)
    assert told.without == {
        "dashboards": "no dashboards found; set dashboard_url and dashboards to have it checked",
        "odd": "nothing odd",
        "test_b": "no cache behavior serves from a bucket",
    }
