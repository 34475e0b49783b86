"""`opschecks list limits`: which limit holds for what, and what says so."""

from __future__ import annotations

from opschecks.cli.about_stack import limits_of
from tests.canned import stack


def test_which_limit_holds_and_why() -> None:
    limits = {
        "cpu_percent": 70,
        "jobs/*": {"min_tasks": 1, "max_tasks": 1},
        "jobs/mail": {"max_tasks": 2},
        "/ecs/found-later": {"log_errors_per_hour": 3},
    }
    shop = stack(cluster=["shop", "jobs"], services=["shop/web", "jobs/mail"], limits=limits)
    told = {(row["resource"], row["limit"]): row["why"] for row in limits_of(shop)}
    assert told == {
        ("every resource", "cpu_percent = 70"): "limits of the stack; default: 80",
        ("jobs/mail", "min_tasks = 1"): 'limits."jobs/*"',
        ("jobs/mail", "max_tasks = 2"): 'limits."jobs/mail", the most specific; "jobs/*" has 1',
        ("/ecs/found-later", "log_errors_per_hour = 3"): "of what is found in a run: stacks.toml does not name it",
    }


def test_what_holds_is_what_checks_are_given() -> None:
    limits = {"*": {"cpu_percent": 50}, "prod/*": {"cpu_percent": 60}, "prod/web": {"cpu_percent": 65}}
    prod = stack(cluster="prod", services=["web", "api"], limits=limits)
    told = {row["resource"]: row["limit"] for row in limits_of(prod)}
    for name in ("prod/web", "prod/api"):
        assert told[name] == f"cpu_percent = {prod.limits.named(name).cpu_percent:g}"
