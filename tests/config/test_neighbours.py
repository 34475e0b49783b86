"""Two stacks of one account: one that does not say which alarms are its own is not given the other's."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from opschecks.aws.cloudwatch_alarms import alarms
from opschecks.config.load import stacks_of
from opschecks.config.stack import Stack
from opschecks.core.observation import NotConfigured
from tests.canned import daily, names, verdicts
from tests.canned_alarms import cloudwatch, metric_alarm
from tests.real.alarm_regions import EDGE, in_two_regions, of_cloudfront
from tests.real.alarms import RINGS

AWS = cloudwatch(metric_alarm("shop-5xx", "ALARM"), metric_alarm("High latency"), metric_alarm("Disk"))


def stacks(of_shop: str, of_crm: str = "", defaults: str = 'account_id = "123456789012"') -> dict[str, Stack]:
    """crm and shop, by their lines; the one that is looked at is crm."""
    text = f'default = "crm"\ndefaults = {{ {defaults} }}\n[stacks.crm]\n{of_crm}\n[stacks.shop]\n{of_shop}\n'
    return stacks_of(tomllib.loads(text), Path("stacks.toml")).stacks


OTHERS = ["Disk", "High latency"]
ALL = [*OTHERS, "shop-5xx"]
HERE = 'region = "us-west-2"'
TELLS = {
    "the other one names its alarms": (f'{HERE}\nalarm_prefix = ["shop", "pay-"]', HERE, OTHERS),
    "the other one has none": (f'{HERE}\nwithout = ["alarm_prefix"]', HERE, ALL),
    "the other one is elsewhere": ('region = "eu-west-1"\nalarm_prefix = "shop"', HERE, ALL),
    "the other one is of another account": (f'{HERE}\nalarm_prefix = "shop"\naccount_id = "210987654321"', HERE, ALL),
    "the other one is a sandbox": ('sandbox = true\nalarm_prefix = "shop"', HERE, ALL),
    "the regions are those of profiles": ('profile = "us"\nalarm_prefix = "shop"', 'profile = "eu"', ALL),
    "the regions are those of profiles, neither names": ('profile = "us"', 'profile = "eu"', ALL),
    "the region is that of one profile": ('profile = "us"\nalarm_prefix = "shop"', 'profile = "us"', OTHERS),
    "it names its own": (f'{HERE}\nalarm_prefix = "shop"', f'{HERE}\nalarm_prefix = "High"', ["High latency"]),
}


@pytest.mark.parametrize("case", TELLS.values(), ids=TELLS)
def test_alarms_that_another_stack_names_are_that_ones(case: tuple[str, str, list[str]]) -> None:
    of_shop, of_crm, seen = case
    crm = stacks(of_shop, of_crm)["crm"]
    assert sorted(one.name for one in alarms(crm, AWS, names())) == seen


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        (HERE, "shop-crm-cpu"),
        (f'{HERE}\ncluster = "front"', "shop-front-cpu"),
        (f'{HERE}\ncluster = "c"\nservices = ["letters"]', "shop letters"),
    ],
)
def test_an_alarm_with_a_name_of_its_own_is_its_own_whatever_it_begins_with(lines: str, name: str) -> None:
    """Else nobody would judge it: "shop-staging" begins as production's, which judges its own."""
    crm = stacks(f'{HERE}\nalarm_prefix = "shop"', lines)["crm"]
    there = cloudwatch(metric_alarm(name, "ALARM"), metric_alarm("shop-5xx"))
    assert [one.name for one in alarms(crm, there, names())] == [name]


NOBODY_TELLS = {
    "neither names its alarms": HERE,
    "CloudFormation has the other's": f'{HERE}\ncloudformation_stack = "shop"',
    "CloudFormation has the other's, which names none": (
        f'{HERE}\ncloudformation_stack = "shop"\nwithout = ["alarm_prefix"]'
    ),
    "tags have the other's, which names none": f'{HERE}\ntags = {{ app = "shop" }}\nwithout = ["alarm_prefix"]',
    "tags have the other's": f'{HERE}\ntags = {{ app = "shop" }}',
}


@pytest.mark.parametrize("of_shop", NOBODY_TELLS.values(), ids=NOBODY_TELLS)
def test_where_nobody_can_tell_its_checks_are_blind_and_say_what_to_set(of_shop: str) -> None:
    crm = stacks(of_shop, HERE)["crm"]
    said = "stack crm names no alarms, and its account may have those of shop: set alarm_prefix in stacks.toml"
    with pytest.raises(NotConfigured, match=said) as told:
        alarms(crm, AWS, names())
    assert told.value.keys == ("alarm_prefix",)


def test_without_an_account_how_it_is_reached_says_where_it_is() -> None:
    named = f'{HERE}\nalarm_prefix = "shop"'
    assert stacks(named, HERE, defaults='profile = "ops"')["crm"].others_alarms == ("shop",)
    assert stacks(f'{named}\nprofile = "shop"', HERE, defaults='profile = "ops"')["crm"].others_alarms == ()


def test_of_two_that_are_reached_alike_one_may_name_the_account() -> None:
    by_profile = f'profile = "ops", {HERE}'
    account = 'account_id = "123456789012"'
    for of_shop, of_crm in ((account, ""), ("", account)):
        named = stacks(f'alarm_prefix = "shop"\n{of_shop}', of_crm, defaults=by_profile)
        assert named["crm"].others_alarms == ("shop",)
        neither = stacks(of_shop, of_crm, defaults=by_profile)
        assert (neither["crm"].alarms_beside, neither["shop"].alarms_beside) == (("shop",), ("crm",))
    role = 'role_arn = "arn:aws:iam::123456789012:role/ops"\nalarm_prefix = "shop"'
    assert stacks(role, account, defaults=by_profile)["crm"].others_alarms == ()


AT_HOME = 'region = "us-east-1"'
EDGES = {
    "a distribution": (AT_HOME, 'region = "eu-west-1"\ndistribution_id = "E1"', True),
    "of a profile's region": (AT_HOME, 'distribution_id = "E1"', True),
    "CloudFormation may have one": (AT_HOME, 'region = "eu-west-1"\ncloudformation_stack = "shop"', True),
    "tags may be those of one": (AT_HOME, 'region = "eu-west-1"\ntags = { app = "shop" }', True),
    "in China": ('region = "cn-northwest-1"', 'region = "cn-north-1"\ndistribution_id = "E1"', True),
    "no distribution": (AT_HOME, 'region = "eu-west-1"', False),
    "the alarms of CloudFront are elsewhere": (HERE, 'region = "eu-west-1"\ndistribution_id = "E1"', False),
    "of another account": (AT_HOME, 'account_id = "210987654321"\ndistribution_id = "E1"', False),
}


@pytest.mark.parametrize(("of_crm", "of_shop", "are_there"), EDGES.values(), ids=EDGES)
def test_alarms_of_anothers_distribution_are_that_ones_where_cloudfront_has_them(
    of_crm: str, of_shop: str, are_there: bool
) -> None:
    crm = stacks(f'{of_shop}\nalarm_prefix = "shop"', of_crm)["crm"]
    assert sorted(one.name for one in alarms(crm, AWS, names())) == (OTHERS if are_there else ALL)
    unnamed = stacks(of_shop, of_crm)["crm"]
    assert (unnamed.others_alarms, unnamed.alarms_beside) == ((), ())


def test_where_all_alarms_are_anothers_it_is_blind_and_not_said_to_have_lost_its_own() -> None:
    crm = stacks(f'{HERE}\nalarm_prefix = "shop"', HERE)["crm"]
    with pytest.raises(NotConfigured, match="stack crm names no alarms: set alarm_prefix") as told:
        alarms(crm, cloudwatch(metric_alarm("shop-5xx")), names())
    assert told.value.keys == ("alarm_prefix",)


def test_where_nobody_can_tell_alarms_of_its_own_distribution_are_judged_all_the_same() -> None:
    crm = stacks(HERE, HERE)["crm"]
    at_the_edge = of_cloudfront("edge", **RINGS)
    found = alarms(crm, in_two_regions([at_the_edge], [metric_alarm("Disk")], ()), names(distributions=(EDGE,)))
    assert verdicts(daily("alarms").test_no_alarm_is_ringing, alarms=found) == {
        "alarms in us-west-2": "blind",
        "edge": "failed",
    }
    said = "stack crm names no alarms, and its account may have those of shop: set alarm_prefix in stacks.toml"
    assert str(next(one for one in found if one.unread).unread) == said


def test_what_was_read_says_it_again() -> None:
    """As a recording keeps a stack."""
    crm = stacks(f'{HERE}\nalarm_prefix = "shop"', HERE)["crm"]
    assert Stack.model_validate(crm.model_dump(mode="json", exclude_unset=True)) == crm
