"""Two stacks of one account: one that does not say which alarms are its own is not given the other's."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from opschecks.aws.cloudwatch_alarms import alarms
from opschecks.config.load import stacks_of
from opschecks.config.stack import Stack
from opschecks.core.observation import NotConfigured
from tests.canned import names
from tests.canned_alarms import cloudwatch, metric_alarm

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
    "it names its own": (f'{HERE}\nalarm_prefix = "shop"', f'{HERE}\nalarm_prefix = "High"', ["High latency"]),
}


@pytest.mark.parametrize("case", TELLS.values(), ids=TELLS)
def test_alarms_that_another_stack_names_are_that_ones(case: tuple[str, str, list[str]]) -> None:
    of_shop, of_crm, seen = case
    crm = stacks(of_shop, of_crm)["crm"]
    assert sorted(one.name for one in alarms(crm, AWS, names())) == seen


NOBODY_TELLS = {
    "neither names its alarms": HERE,
    "CloudFormation has the other's": f'{HERE}\ncloudformation_stack = "shop"',
    "tags have the other's": f'{HERE}\ntags = {{ app = "shop" }}',
}


@pytest.mark.parametrize("of_shop", NOBODY_TELLS.values(), ids=NOBODY_TELLS)
def test_where_nobody_can_tell_its_checks_are_blind_and_say_what_to_set(of_shop: str) -> None:
    crm = stacks(of_shop, HERE)["crm"]
    said = "stack crm names no alarms, and its account has those of shop: set alarm_prefix in stacks.toml"
    with pytest.raises(NotConfigured, match=said) as told:
        alarms(crm, AWS, names())
    assert told.value.keys == ("alarm_prefix",)


def test_without_an_account_how_it_is_reached_says_where_it_is() -> None:
    named = f'{HERE}\nalarm_prefix = "shop"'
    assert stacks(named, HERE, defaults='profile = "ops"')["crm"].others_alarms == ("shop",)
    assert stacks(f'{named}\nprofile = "shop"', HERE, defaults='profile = "ops"')["crm"].others_alarms == ()


def test_what_was_read_says_it_again() -> None:
    """As a recording keeps a stack."""
    crm = stacks(f'{HERE}\nalarm_prefix = "shop"', HERE)["crm"]
    assert Stack.model_validate(crm.model_dump(mode="json", exclude_unset=True)) == crm
