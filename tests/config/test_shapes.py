"""Keys that take one value or a list, those of a role, log searches, what a stack is without: as in stacks.toml."""

from __future__ import annotations

import re
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from opschecks.config.fitting import OF_A_ROLE
from opschecks.config.lacking import LACKABLE
from opschecks.config.load import StackError, stacks_of
from opschecks.config.stack import Stack
from opschecks.config.toml_tables import LogSearch
from opschecks.recording import about

FILE = Path("stacks.toml")


def read(text: str) -> Stack:
    """The one stack of a file with these lines."""
    return stacks_of(tomllib.loads(f"[stacks.here]\n{text}\n"), FILE).stacks["here"]


def test_a_key_takes_one_value_or_a_list() -> None:
    one, several = read('cluster = "prod"\nservices = ["prod/web"]'), read('cluster = ["prod", "jobs"]')
    assert (one.cluster, one.every("cluster"), one.services) == ("prod", ("prod",), ("web",))
    assert (several.cluster, several.every("cluster")) == ("prod", ("prod", "jobs"))
    assert read('cluster = ["prod"]') == read('cluster = "prod"')
    lists = read('load_balancer = ["a", "b"]\nalarm_prefix = ["a-", "b-"]\ndistribution_id = ["E1", "E2"]')
    assert [lists.every(key) for key in ("load_balancer", "alarm_prefix", "distribution_id")] == [
        ("a", "b"),
        ("a-", "b-"),
        ("E1", "E2"),
    ]
    assert Stack(name="bare").every("cluster") == Stack(name="bare").every("alarm_prefix") == ()


def test_services_of_several_clusters_keep_theirs() -> None:
    stack = read('services = ["arn:aws:ecs:us-west-2:123456789012:service/prod/web", "jobs/mail"]')
    assert (stack.every("cluster"), stack.services) == (("prod", "jobs"), ("prod/web", "jobs/mail"))
    assert stack.tokens()["cluster"] == "prod"
    assert stack.tokens()["service"] == "web"
    assert stack.placed == ("prod/web", "jobs/mail")


def test_what_was_read_is_read_again_as_the_same() -> None:
    stack = read('cluster = ["prod", "jobs"]\nservices = ["prod/web"]\nwithout = { websocket = "none" }')
    told = stack.model_dump(mode="json", exclude_unset=True)
    assert Stack.model_validate(told) == stack


WRONG = {
    "a service without its cluster": (
        'cluster = ["prod", "jobs"]\nservices = ["web"]',
        "services: web does not say its cluster, and the stack has several: write prod/web or jobs/web",
    ),
    "a service of another cluster": (
        'cluster = ["prod", "jobs"]\nservices = ["stage/web"]',
        "services: stage/web is of cluster stage, the stack's are prod, jobs",
    ),
    "an empty list": ("load_balancer = []", "load_balancer: expected a name, or a list of names"),
    "a number in a list": ('alarm_prefix = ["a", 5]', "alarm_prefix: expected a name, or a list of names"),
    "one name twice": ('cluster = ["a", "b", "a"]', "cluster: a is listed twice"),
    "a list in a sandbox": ('sandbox = true\ncluster = ["a", "b"]', "cluster: a sandbox has one, not a list"),
    "a limit of no service": (
        'cluster = ["prod", "jobs"]\nservices = ["prod/web"]\nlimits."prod/wbe".min_tasks = 1',
        "limits.\"prod/wbe\": the stack has no such resource; did you mean 'prod/web'?",
    ),
    "dev services that are production": (
        'cluster = ["a", "b"]\nservices = ["b/web"]\ndev_services = ["b/web"]',
        "dev_services: b/web is one of the stack's own services",
    ),
    "a key and its lack": (
        'backend_url = "https://a.example"\nwithout = ["backend_url"]',
        "without: backend_url is set as well; remove one of them",
    ),
    "a lack without a reason": ("without = { websocket = 5 }", "without.websocket: expected the reason, a text"),
    "what only we set": ("further = { cluster = ['a'] }", "stacks.here.further: unknown key"),
    "reasons by themselves": ("reasons = { websocket = 'a' }", "stacks.here.reasons: unknown key"),
    "a port": ('backend_url = "https://a.example:99999"', "backend_url: its port is not a number from 1 to 65535, not"),
    "a port of a WebSocket": (
        'websocket = { url = "wss://a.example:0" }',
        "websocket.url: its port is not a number from 1 to 65535",
    ),
    "an address with a space": ('dashboard_url = "https://a b.example"', "dashboard_url: an address has no spaces"),
    "a region with spaces": ('region = "us west 2"', "region: expected a region, such as us-west-2, not 'us west 2'"),
    "a region in capitals": ('region = "EU-CENTRAL-1"', "expected a region, such as eu-central-1"),
    "an empty region": ('region = ""', "expected a region, such as us-west-2"),
    "a text for a list": ('services = "web"', "services: expected a list, not 'web'"),
    "a list for a text": ('incidents_table = ["a"]', "incidents_table: expected a text, in quotes"),
    "a text for a table": ('contacts = "me"', "contacts: expected a table, not 'me'"),
    "a text for a number": ('limits.min_tasks = "two"', "limits.min_tasks: expected a whole number, not 'two'"),
    "a text for true": ('single_page_application = "maybe"', "expected true or false, not 'maybe'"),
    "an account": ('account_id = "12345"', "account_id: expected 12 digits, in quotes, not '12345'"),
    "a role": ('role_arn = "reader"', "role_arn: expected the ARN of a role, arn:PARTITION:iam::ACCOUNT:role/NAME"),
    "a limit among the keys": ("min_tasks = 1", "min_tasks: unknown key; it is a limit: limits.min_tasks"),
    "a path": ('health_path = "health"', "health_path: expected a path that begins with /, not 'health'"),
    "a number below its bound": (
        "limits.min_tasks = -3",
        "limits.min_tasks: expected greater than or equal to 0, not -3",
    ),
    "rotated keys, root": (
        'rotated_keys = [{ user = "<root_account>", secret = "s" }]',
        "rotated_keys.0.user: expected the name of an IAM user",
    ),
    "rotated keys, no name": (
        'rotated_keys = [{ user = "u", secret = "a secret" }]',
        "the name of a secret, or arn:PARTITION:secretsmanager:",
    ),
    "rotated keys, one field": (
        'rotated_keys = [{ user = "u", secret = "s", id_field = "a", secret_field = "a" }]',
        "are the same field",
    ),
    "rotated keys, twice": (
        'rotated_keys = [{ user = "u", secret = "s" }, { user = "u", secret = "t" }]',
        "rotated_keys: u is listed twice",
    ),
    "rotated keys, shared": (
        'rotated_keys = [{ user = "u", secret = "s" }, { user = "v", secret = "s" }]',
        "two users share AWS_",
    ),
    "rotated keys, unknown": (
        'rotated_keys = [{ user = "u", secret = "s", service = ["x"] }]',
        "unknown key; did you mean 'services'?",
    ),
}


ROLE = 'role_arn = "arn:aws:iam::210987654321:role/opschecks"\n'
WRONG_OF_A_ROLE = {
    'external_id = "abc-123"': "external_id goes with role_arn; a profile has its own in the AWS configuration",
    'mfa_serial = "arn:aws:iam::123456789012:mfa/somebody"': "mfa_serial goes with role_arn",
    'duration = "4h"': "duration goes with role_arn",
    'sandbox = true\nrole_session_name = "me"': "role_session_name goes with role_arn",
    f'{ROLE}duration = "10m"': "duration: expected 30m to 12h, and no more than the role's own maximum, not '10m'",
    f'{ROLE}duration = "1d"': "expected 30m to 12h",
    f'{ROLE}duration = "4"': "'4': expected 90m, 2h or 1d",
    f"{ROLE}duration = 3600": "expected 30m to 12h, and no more than the role's own maximum, not 3600",
    f'{ROLE}external_id = "a b"': "external_id: expected letters, digits or any of",
    f'{ROLE}role_session_name = "a/b"': "role_session_name: expected 2 to 64 letters, digits or",
    "session_policy = '{\"Statement\": []}'": "session_policy goes with role_arn",
    f"{ROLE}session_policy = 'daily.json'": "session_policy: not JSON",
    f"{ROLE}session_policy = '[]'": "session_policy: expected a policy, as `opschecks policy --session` prints it",
    f'{ROLE}session_policy = \'{{"Statement": "{"x" * 2048}"}}\'': "are more than the 2,048 that AWS takes",
    f'{ROLE}mfa_serial = "123"': "mfa_serial: expected at least 9 letters, not '123'",
}


@pytest.mark.parametrize(("text", "says"), [*WRONG.values(), *WRONG_OF_A_ROLE.items()], ids=[*WRONG, *WRONG_OF_A_ROLE])
def test_what_is_wrong_is_one_line_with_the_key_and_no_python(text: str, says: str) -> None:
    with pytest.raises(StackError, match=re.escape(says)) as it:
        read(text)
    (line,) = str(it.value).splitlines()
    assert line.startswith("stacks.toml: stacks.here")
    for python in ("Input should", "instance of", "tuple", "pattern", "NoneType", "dict"):
        assert python not in line


GOOD_REGIONS = ["us-gov-west-1", "eusc-de-east-1", "us-iso-east-1", "cn-north-1", "local"]


@pytest.mark.parametrize("region", GOOD_REGIONS)
def test_regions_of_every_partition_are_regions(region: str) -> None:
    assert Stack(name="here", region=region).region == region


def test_without_is_a_list_or_a_table_with_reasons() -> None:
    listed = read('without = ["websocket", "test_a", "dashboards"]')
    assert listed.lacks("dashboards", "test_b") == "stack here is without dashboards"
    assert listed.lacks("backend_url") == ""
    told = read('without = { incidents_table = "kept in another system" }')
    assert told.without == ("incidents_table",)
    assert told.lacks("x", "incidents_table") == "stack here is without incidents_table: kept in another system"


def test_what_goes_with_another_key_is_lacking_unless_it_is_named() -> None:
    """A WebSocket may be somewhere else than the backend, which is somebody else's."""
    bare = read("without = ['backend_url', 'tables']")
    assert bare.lacks("websocket") == "stack here is without backend_url"
    settings = read("without = ['backend_url']\nwebsocket.task_field = 'task'")
    assert settings.lacks("websocket") == "stack here is without backend_url"
    named = read("without = ['backend_url', 'tables']\nwebsocket.url = 'wss://a.example/ws'\nincidents_table = 'open'")
    assert (named.lacks("websocket"), named.lacks("incidents_table")) == ("", "")


def test_what_can_be_lacking_is_a_key() -> None:
    assert set(LACKABLE) <= set(Stack.model_fields)


def test_a_backend_alone_has_no_websocket() -> None:
    assert Stack(name="here", backend_url="https://a.example").websocket_url is None
    assert Stack(name="here", backend_url="https://a.example", websocket={}).websocket_url == "wss://a.example/ws"
    assert Stack(name="here", websocket={"url": "wss://b.example"}).websocket_url == "wss://b.example"


def test_services_of_several_clusters_may_have_one_name() -> None:
    stack = read(
        'cluster = ["a", "b"]\nservices = ["a/web", "b/web"]\nlimits."b/web".min_tasks = 1\nlimits.max_tasks = 4'
    )
    assert stack.limits.named("a/web", "service/a/web").min_tasks == 2
    assert stack.limits.named("b/web", "service/b/web").min_tasks == 1


def test_a_rotated_key_says_the_cluster_of_its_services() -> None:
    key: dict[str, Any] = {"user": "bot", "secret": "s", "services": ["web"]}
    assert Stack(name="here", cluster="a", rotated_keys=[key]).rotated_keys[0].services == ("web",)
    with pytest.raises(ValidationError, match="rotated_keys: web does not say its cluster: write CLUSTER/web"):
        Stack(name="here", cluster=["a", "b"], rotated_keys=[key])


@pytest.mark.parametrize("key", [{"account_id": "١٢٣٤٥٦٧٨٩٠١٢"}, {"dev_services": ["dév/web"]}])
def test_letters_and_digits_are_those_that_aws_takes(key: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="should match pattern"):
        Stack(name="here", **key)


@pytest.mark.parametrize(("written_as", "length"), [("30m", 30), ("90m", 90), ("1h", 60), ("12h", 720)])
def test_a_duration_is_written_as_elsewhere(written_as: str, length: int) -> None:
    stack = read(f'{ROLE}duration = "{written_as}"')
    assert stack.duration == timedelta(minutes=length)


def test_a_device_may_be_a_number_as_of_a_hardware_token() -> None:
    stack = read(f'{ROLE}mfa_serial = "GAHT12345678"')
    assert stack.mfa_serial == "GAHT12345678"


def test_a_session_policy_is_kept_in_as_few_characters_as_it_takes() -> None:
    written_out = '{ "Version": "2012-10-17",  "Statement": [ ] }'
    stack = read(f"{ROLE}session_policy = '{written_out}'")
    assert stack.session_policy == '{"Version":"2012-10-17","Statement":[]}'


def test_no_recording_keeps_how_a_role_is_assumed() -> None:
    assert {*OF_A_ROLE, "role_arn"} <= about._OF_ACCESS


GOOD_SEARCHES: tuple[dict[str, Any], ...] = (
    {"group": "/ecs/*", "pattern": '{ $.level = "error" }'},
    {"group": "/ecs/*", "by": "insights"},
    {"group": "/ecs/*", "by": "insights", "pattern": r"(?i)failed \/ lost"},
    {"group": "/ecs/*", "by": "metric", "metric": "My/App/Errors"},
)
WRONG_SEARCHES: tuple[tuple[dict[str, Any], str], ...] = (
    ({"group": "/ecs/*", "by": "metric"}, 'metric goes with by = "metric", and only with it'),
    ({"group": "/ecs/*", "metric": "App/Errors"}, 'metric goes with by = "metric", and only with it'),
    ({"group": "/ecs/*", "by": "metric", "metric": "Errors"}, "metric is namespace and name"),
    ({"group": "/ecs/*", "by": "insights", "pattern": "a/ | stats"}, "write a slash as"),
    ({"group": "/ecs/*", "by": "grep"}, "Input should be 'search', 'insights' or 'metric'"),
    ({"by": "insights"}, "Field required"),
)


@pytest.mark.parametrize("told", GOOD_SEARCHES)
def test_a_log_search_is_taken(told: dict[str, Any]) -> None:
    assert Stack(name="here", log_searches=[told]).log_searches == (LogSearch(**told),)


@pytest.mark.parametrize(("told", "message"), WRONG_SEARCHES)
def test_a_log_search_is_refused(told: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        LogSearch(**told)
