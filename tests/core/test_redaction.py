"""Secrets appear in no output, whatever carried them; and what is no secret stays as it was."""

from __future__ import annotations

import html
import json
import math
import re
import time
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from opschecks.core.redaction import MASK, plain, redact_text
from tests.scratch import Project

SECRET = "S3cr3tV4lue9"
KEY_ID = "AKIAIOSFODNN7EXAMPLE"
JWT = ".".join(("eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiIxMjM0NTY3ODkwIn0", "dozjgNryP4J3jVmNHl0w5N"))
BASE64 = "dXNlcjpwYXNzd29yZA=="

MASKED: dict[str, tuple[str, str]] = {
    "access key": (f"the key {KEY_ID} is old", KEY_ID),
    "temporary access key": ("ASIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPLE"),
    "bearer header": (f"Authorization: Bearer {SECRET}", SECRET),
    "bearer header in small letters": (f"authorization: bearer {SECRET}", SECRET),
    "bearer header in capitals": (f"AUTHORIZATION: BEARER {SECRET}", SECRET),
    "bearer without its header": (f"sent Bearer {SECRET} and got 401", SECRET),
    "bearer after a tab": (f"sent Bearer\t{SECRET}", SECRET),
    "bearer after two spaces": (f"sent Bearer  {SECRET}", SECRET),
    "basic header": (f"Authorization: Basic {BASE64}", BASE64),
    "basic header of a proxy": (f"proxy-authorization: basic {BASE64}", BASE64),
    "token header": (f"Authorization: Token {SECRET}", SECRET),
    "token header as Python": (f"{{'Authorization': 'token {SECRET}'}}", SECRET),
    "bare header": (f"Authorization: {SECRET}", SECRET),
    "signed header": (f"Authorization: AWS4-HMAC-SHA256 Credential={KEY_ID}/x, Signature={SECRET}", SECRET),
    "security token header": (f"X-Amz-Security-Token: {SECRET}", SECRET),
    "cookie that is set": (f"Set-Cookie: AWSALB={SECRET}; Path=/", SECRET),
    "JSON": (f'{{"password": "{SECRET}", "user": "me"}}', SECRET),
    "JSON in JSON": (f'{{"body": "{{\\"dbPassword\\": \\"{SECRET}\\"}}"}}', SECRET),
    "JSON of credentials": (f'{{"SecretAccessKey": "{SECRET}"}}', SECRET),
    "JSON whose value begins with punctuation": (f'{{"password": "a,{SECRET}"}}', SECRET),
    "JSON whose value has punctuation": (f'{{"password": "first,{SECRET}"}}', SECRET),
    "JSON whose value has spaces": (f'{{"password": "correct horse {SECRET}"}}', SECRET),
    "JSON whose value is a list": (f'{{"passwords": ["{SECRET}"]}}', SECRET),
    "JSON whose list is cut": (f'{{"passwords": ["first", "{SECRET}', SECRET),
    "Python bytes": (f"{{'SessionToken': b'{SECRET}'}}", SECRET),
    "Python bytes by name": (f"{{b'SessionToken': b'{SECRET}'}}", SECRET),
    "environment": (f"AWS_SECRET_ACCESS_KEY={SECRET}", SECRET),
    "environment, exported": (f"export DB_PASSWORD='{SECRET}'", SECRET),
    "environment, short": (f"MYSQL_PWD={SECRET}", SECRET),
    "environment, many": (f"A=1 API_TOKEN={SECRET} B=2", SECRET),
    "properties": (f"spring.datasource.password: {SECRET}", SECRET),
    "connection string": (f"Server=db;User=me;Password={SECRET};", SECRET),
    "signed URL": (f"https://b.s3.test/k?X-Amz-Credential={KEY_ID}%2Fx&X-Amz-Signature={SECRET}&a=1", SECRET),
    "URL whose password has an @": (f"https://me:p@{SECRET}@host.test/x", SECRET),
    "URL whose password has an escape": (f"amqp://me:p%40{SECRET}@mq.test", SECRET),
    "URL with a password and no user": (f"redis://:{SECRET}@cache.test:6379/0", SECRET),
    "option": (f"mysql --password {SECRET} --host db", SECRET),
    "option with =": (f"mysql --password={SECRET}", SECRET),
    "GitHub": (f"cloned with {'ghp_' + SECRET * 3}", SECRET),
    "GitHub, fine-grained": ("github_pat_" + SECRET * 3, SECRET),
    "GitLab": ("glpat-" + SECRET, SECRET),
    "Slack": (f"xoxb-1234-{SECRET}", SECRET),
    "JWT": (f"got {JWT}", JWT.rpartition(".")[2]),
    "private key": (f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\n-----END RSA PRIVATE KEY-----", SECRET),
    "private key that is cut": (f"-----BEGIN PRIVATE KEY-----\n{SECRET}", SECRET),
}


@pytest.mark.parametrize(("text", "secret"), MASKED.values(), ids=MASKED)
def test_a_secret_is_masked(text: str, secret: str) -> None:
    assert secret in text
    told = redact_text(text)
    assert secret not in told
    assert MASK in told
    assert redact_text(told) == told


RANDOM = "wJalrXUtnFEMI7MDENGbPxRfiCYzK3"
"""As a secret access key looks."""
LEAKS = (  # around <S>, which is a secret
    "password: <S>",
    "- token: <S>",
    "export API_TOKEN: <S>",
    "could not log in as me, password: <S>",
    "could not log in (password: <S>)",
    "user: me; password: <S>; host: db",
    "Token: <S>\r\nHost: db.test",
    "X-Api-Key: <S>\nHost: db.test",
    "curl -H 'X-Auth-Token: <S>' https://host.test",
    "curl -H 'Authorization: Bearer <S>' https://host.test",
    "Cookie: theme=dark; session=<S>",
    '{"Token": "<S>"}',
    '{"nested": {"db_password":"<S>"}}',
    "{'api_key': u'x', 'password': '<S>'}",
    "{'password': <S>}",
    '{"Cookie": "session=<S>"}',
    '{"set-cookie": "AWSALB=<S>; Path=/"}',
    "password => '<S>'",
    "PASSWORD='correct horse <S>'",
    "mysql --password 'correct horse <S>' shop",
    'tool --api-token="correct horse <S>"',
    "<SecretAccessKey><S></SecretAccessKey>",
    "<db:password>correct horse <S></db:password>",
    "https://host.test/x?token=<S>&page=2",
    "https://host.test/x#access_token=<S>",
    "client_secret = <S>",
    "Pwd=<S>;Encrypt=yes",
    "amqp://me:<S>@mq.test",
    '{"log":"DB_PASSWORD: <S>\\n","stream":"stderr"}',
    '{"message":"headers: Authorization: Bearer <S>\\r\\nHost: x"}',
    "[password: <S>]",
    "- password: <S> # of the shop",
    "\x1b[33mDB_PASSWORD: <S>\x1b[0m",
    "started with DB_PASSWORD: <S> DB_HOST: db",
    "GET / x-api-key: <S> user-agent: curl",
    "spring.datasource.password: <S> (from env)",
    "user:bob password:<S> host:x",
    "curl -H x-api-key:<S> https://host.test",
    '{"name": "DB_PASSWORD", "value": "<S>"}',
    "[{'name': 'PORT', 'value': '8000'}, {'name': 'API_TOKEN', 'value': '<S>'}]",
    '{"Key": "db:password", "Value": "correct horse <S>"}',
    '{"value": "<S>", "name": "session-token"}',
    '{"body": "{\\"name\\": \\"API_KEY\\", \\"value\\": \\"<S>\\"}"}',
    '["app", "--password", "<S>", "--port", "80"]',
    "Popen(['mysql', '--password', 'correct horse <S>'])",
    "['-api-key', '<S>']",
    "curl -H 'X-Auth: <S>' https://host.test",
    "{'X-Vault-Auth': '<S>'}",
    "https://host.test/hook?sig=<S>&page=2",
    "https://bucket.test/o?X-Goog-Signature=<S>",
    "{'Set-Cookie': 'AWSALB=<S>; Path=/'}",
    "{'set-cookie': ['AWSALB=<S>; Path=/', 'b=<S>']}",
    "('Set-Cookie', 'AWSALB=<S>; Path=/')",
    "headers = [(b'set-cookie', b'AWSALB=<S>')]",
    "[('x-amz-security-token', '<S>')]",
)
ANYWHERE = (  # around <R>, which looks as nothing but a secret does
    "the token <R> was refused",
    "the secret key <R> was refused",
    "the password is <R>, as ever",
    "The secret is: <R>",
    "refused: token: <R> is not known",
    "request had Authorization: Bearer <R> from 10.0.0.1",
    "Authorization: token <R> was sent",
    "curl -H Authorization:Bearer\\ <R> https://host.test",
    "token: 2026-11-29-<R> is of today",
    "/prod/db/password: <R>",
    "https://host.test/login?code=<R>&page=2",
    "https://host.test/page?k=<R>",
)


@pytest.mark.parametrize("text", LEAKS + ANYWHERE)
def test_a_secret_is_masked_for_its_place(text: str) -> None:
    for secret in ("correcthorse", "hunter2", SECRET) if text in LEAKS else (RANDOM,):
        told = redact_text(text.replace("<S>", secret).replace("<R>", secret))
        assert secret not in told
        assert MASK in told
        assert redact_text(told) == told


LONG: dict[str, str] = {
    "a word": "a",
    "a word of names": "-token",
    "names and colons": "token:",
    "names and equals": "token=",
    "names of options": "--token",
    "names in a property": "secret.",
    "names and quotes": 'token="',
    "names and lists": "token=[",
    "names and spaces": "token ",
    "spaces": " ",
    "newlines": "\n",
    "dashes": "-",
    "backslashes": "\\",
    "beginnings of a JWT": "-eyJ",
    "parts of a JWT": "eyJ.abcdefghijkl.",
    "addresses": "://a:",
    "users": "a:",
    "at signs": "@",
    "bearers": "bearer ",
    "cookies": "cookie: ",
    "private keys": "-----BEGIN ",
    "ends of private keys": "-----END A",
    "base64": "QUJD",
    "letters and digits": "a1",
    "letters and signs": "a@",
    "quotes and names": "'token: ",
    "elements": "<token>",
    "random texts": "token aB1 ",
    "prose": "the security token included in the request is expired. ",
}


def _seconds(text: str) -> float:
    """What redacting it costs, of this process's own time: other processes do not matter."""
    best = math.inf
    for _ in range(3):
        begun = time.process_time()
        redact_text(text)
        best = min(best, time.process_time() - begun)
    return best


@pytest.mark.parametrize("begin", ["", "token=", 'token="', "://", "eyJ"])
@pytest.mark.parametrize("part", LONG.values(), ids=LONG)
def test_four_times_the_text_costs_four_times_the_time(begin: str, part: str) -> None:
    """And not sixteen times: names of 10 KB and logs of 1 MB must end."""
    few, many = (f"key {begin}{part * (size // len(part))} key" for size in (2_500, 10_000))
    assert _seconds(many) < 9 * max(_seconds(few), 0.0002)


def test_what_stands_around_a_secret_is_kept() -> None:
    assert redact_text(f"GET https://me:{SECRET}@host.test:8443/health: refused") == (
        f"GET https://{MASK}@host.test:8443/health: refused"
    )
    assert redact_text(f'{{"user": "me", "password": "{SECRET}", "host": "db"}}') == (
        f'{{"user": "me", "password": "{MASK}", "host": "db"}}'
    )
    assert redact_text(f"A=1 API_TOKEN={SECRET} B=2") == f"A=1 API_TOKEN={MASK} B=2"
    assert redact_text(f"the key {KEY_ID} is 97 days old") == f"the key {MASK} is 97 days old"


KEPT = (
    "sts:GetCallerIdentity: ExpiredTokenException: The security token included in the request is expired",
    "sts:GetCallerIdentity: InvalidClientTokenId: The security token included in the request is invalid",
    "sts:GetCallerIdentity: NoCredentialsError: Unable to locate credentials",
    "ecs:ListTasks: UnrecognizedClientException: The security token included in the request is invalid.",
    "s3:GetObject: SignatureDoesNotMatch: The request signature we calculated does not match",
    "secretsmanager:GetSecretValue: AccessDenied",
    "secretsmanager:GetSecretValue: AccessDenied: no – allow secretsmanager:GetSecretValue",
    "sts:GetSessionToken: AccessDenied",
    "iam:ListAccessKeys: AccessDenied",
    "ssm:GetParameter: ParameterNotFound: /prod/db/password",
    "cognito-idp:InitiateAuth: NotAuthorizedException: Incorrect username or password.",
    "dynamodb:DescribeTable: ResourceNotFoundException: Requested resource not found: Table: user-tokens not found",
    "elasticloadbalancing:DescribeTargetGroups: the answer has no 'Token' (it has Password, Secret)",
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed",
    "The basic authentication of the proxy failed",
    "the bearer authentication scheme is not supported",
    "arn:aws:secretsmanager:us-west-2:123456789012:secret:prod/db-AbCdEf",
    "arn:aws:dynamodb:us-west-2:123456789012:table/user-tokens",
    "arn:aws:iam::123456789012:role/token-reader",
    "arn:aws:ecs:us-west-2:123456789012:service/cluster/secret-service",
    "incident-commander-tokens: limit 0",
    "user-tokens: 3 throttled reads",
    "auth-tokens: TableStatus is UPDATING, wanted ACTIVE",
    "service token-service: 1 of 2 tasks run",
    "alarm secret-rotation-failed: ALARM since 5 h",
    "log group /ecs/token-service: 30 ERROR events",
    "Table=user-tokens",
    "aws dynamodb describe-table --table-name user-tokens --region us-west-2",
    "aws secretsmanager list-secrets --region us-west-2",
    "test_passwords_expire: failed",
    "test_access_keys_are_young: failed",
    "test_secrets_rotate: could not look",
    "the password policy wants 14 characters",
    "websocket.task_field is not set in stacks.toml",
    "password: ''",
    '{"password": ""}',
    "token: ",
    "KeyError: 'nothing'",
    "the limit is 80 %, key: AWS/ECS CPUUtilization",
    "GET https://host.test:8443/health?since=1@noon: ConnectTimeout: x",
    "https://host.test/@someone",
    "WebSocket ws://host.test/ws?client_id=opschecks-ab12cd34: the handshake was refused",
    "AKIA is how the ids of access keys begin",
    "Ein Gedankenstrich – und 日本語",
    '{"name": "PORT", "value": "8000"}',
    '[{"name": "networkInterfaceId", "value": "eni-0123456789abcdef0"}, {"name": "subnetId", "value": "subnet-1"}]',
    '{"Key": "Name", "Value": "token-service"}',
    "['pytest', '--tokens', '--port', '80']",
    "https://host.test/search?q=tasks+of+the+service&page=20261124070000",
    "https://host.test/x?id=0f8fad5b-d9cb-469f-a165-70867728950e",
    "",
)


PROSE = (
    "The security token included in the request is expired",
    "The SSO session associated with this profile has expired or is otherwise invalid.",
    "Error loading SSO Token: Token for corp does not exist",
    "Error when retrieving token from sso: Token has expired and refresh failed",
    "Token for corp does not exist",
    "token: the provided token has expired",
    "ExpiredToken: The provided token has expired.",
    "ExpiredToken: The provided token has expired, sign in again",
    "InvalidToken: The provided token is malformed or otherwise invalid.",
    "/etc/passwd: a folder",
    "/etc/passwd: Is a directory, not a file",
    "cat: /run/secrets/db-password: Permission denied",
    "Your password policy: at least 14 characters",
    "Your password policy requires a number; the password was changed 97 days ago",
    "The password: it must be changed by Friday",
    "Password not long enough. Password must have uppercase characters",
    "secret: prod/db has no rotation",
    "Secrets Manager can't find the specified secret.",
    "You can't perform this operation on the secret because it was marked for deletion.",
    "The authorization header is malformed; a non-empty Access Key (AKID) must be provided in the credential.",
    "Authorization: header is missing from the request",
    "authorization: denied for the role backend",
    "Credential should be scoped to a valid region, not 'us-east-1'.",
    "Credential: should be scoped to a valid region",
    "Signature expired: 20261124T070000Z is now earlier than 20261124T080000Z",
    "The request signature: it does not match the signature you provided.",
    "Basic authentication failed: bearer tokens only",
    "Unexpected token: '}' at line 3",
    "unexpected token < in JSON at position 0",
    "api key: not found",
    "The API key is not valid. Please pass a valid API key.",
    "the option --token is not known; --password takes a value",
    "the stickiness cookie: its duration is 60 s",
    "Cookie: the browser did not send it",
    "the answer has no 'Token': it has Name and Arn",
    "private key: neither PEM nor DER",
    "DB_PASSWORD: missing in the environment",
    "sts.GetSessionToken: Access denied",
    "arn:aws:secretsmanager:us-west-2:123456789012:secret:prod/db-AbCdEf is there",
    "iam:CreateAccessKey: AccessDenied: no",
    "token: 2026-11-29T10:00:00Z is when it ends",
    "pwd: the folder was not found",
    "<token> is a placeholder, and <password> is another",
    "access key: last used 97 days ago",
    "the NextToken of page 3 is that of page 2: the answer repeats itself",
)


@pytest.mark.parametrize("text", KEPT + PROSE)
def test_what_is_no_secret_stays_exactly_as_it_is(text: str) -> None:
    assert redact_text(text) == text
    assert plain(text) == text


def test_half_a_character_is_replaced() -> None:
    assert redact_text("a\ud800b\udfffc") == "a\ufffdb\ufffdc"
    assert redact_text("password=\ud800abcdef") == f"password={MASK}"


def test_half_a_character_is_replaced_in_values_and_in_names() -> None:
    told = plain({"a\ud800": ["b\udfff"]})
    assert json.dumps(told, ensure_ascii=False).encode()
    assert told == {"a\ufffd": ["b\ufffd"]}


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ({"name": "DB_PASSWORD", "value": "x"}, {"name": "DB_PASSWORD", "value": MASK}),
        ([{"Key": "api-key", "Value": "x"}], [{"Key": "api-key", "Value": MASK}]),
        ({"name": "PORT", "value": "80"}, {"name": "PORT", "value": "80"}),
        ({"command": ["app", "--password", "x", "-v"]}, {"command": ["app", "--password", MASK, "-v"]}),
        (["--token", "--port", "80"], ["--token", "--port", "80"]),
        (None, None),
        (True, True),
        (3, 3),
        (1.5, 1.5),
        ("text", "text"),
        (datetime(2026, 7, 1, 7, 30, tzinfo=UTC), "2026-07-01T07:30:00+00:00"),
        (datetime(2026, 7, 1, 7, 30, tzinfo=timezone(timedelta(hours=2))), "2026-07-01T07:30:00+02:00"),
        (date(2026, 7, 1), "2026-07-01"),
        (Decimal(12), 12),
        (Decimal("12.00"), 12),
        (Decimal("0.25"), 0.25),
        (b"bytes", "bytes"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        ({"one"}, ["one"]),
        (frozenset({1}), [1]),
        ((1, (2, [3])), [1, [2, [3]]]),
        ({1: {2: None}}, {"1": {"2": None}}),
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (float("-inf"), "-inf"),
        (Decimal("NaN"), "NaN"),
        (Decimal("Infinity"), "Infinity"),
        (timedelta(hours=1), "1:00:00"),
        (Path("/x/y"), "/x/y"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_every_value_becomes_plain_json(value: Any, wanted: Any) -> None:
    told = plain(value)
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert told == wanted
    assert type(told) is type(wanted)


def test_no_secret_survives_in_a_value_of_another_type() -> None:
    class Odd:
        def __str__(self) -> str:
            return f"password={SECRET}"

    value = [f"token={SECRET}", f"token={SECRET}".encode(), {f"token={SECRET}"}, Odd(), {"a": ({"b": Odd()},)}]
    assert SECRET not in json.dumps(plain(value))


NAMES_OF_SECRETS = """
password Password dbPassword MasterUserPassword SecretAccessKey SecretString aws_session_token
SessionToken access_token accessToken refreshToken SecurityToken x-amz-security-token idToken token Token
Authorization Proxy-Authorization Set-Cookie cookie x-api-key apiKey PrivateKey credentials
"""


@pytest.mark.parametrize("name", NAMES_OF_SECRETS.split())
def test_whatever_has_the_name_of_a_secret_is_masked(name: str) -> None:
    values: tuple[Any, ...] = (SECRET, [SECRET], {"value": SECRET}, SECRET.encode())
    for value in values:
        assert plain({"deep": [{name: value, "host": "db"}]}) == {"deep": [{name: MASK, "host": "db"}]}


def test_a_secret_in_a_name_is_masked() -> None:
    assert SECRET not in json.dumps(plain({f"https://me:{SECRET}@host.test": 1, KEY_ID: 2}))
    assert KEY_ID not in json.dumps(plain({KEY_ID: 2}))


@pytest.mark.parametrize("empty", [None, "", [], {}])
def test_a_secret_that_is_not_set_is_seen_to_be_so(empty: Any) -> None:
    assert plain({"password": empty}) == {"password": empty}


@pytest.mark.parametrize("name", ["tokens", "KeySchema", "task", "TableName", "environmentName"])
def test_whatever_has_another_name_is_kept(name: str) -> None:
    assert plain({name: "some-value"}) == {name: "some-value"}


def test_the_environment_of_a_task_definition_is_masked() -> None:
    definition = {
        "family": "backend",
        "containerDefinitions": [
            {
                "name": "app",
                "image": "app:1",
                "environment": [{"name": "LICENCE", "value": SECRET}],
                "environmentFiles": [{"type": "s3", "value": f"arn:aws:s3:::{SECRET}"}],
                "secrets": [{"name": "DB", "valueFrom": f"arn:{SECRET}"}],
            }
        ],
        "overrides": {"containerOverrides": [{"environment": [{"name": "X", "value": SECRET}]}]},
    }
    told = plain(definition)
    assert SECRET not in json.dumps(told)
    assert told["containerDefinitions"][0]["environment"] == MASK
    assert told["containerDefinitions"][0]["image"] == "app:1"


OUTPUTS = ("daily.json", "daily.html", "daily.xml", "daily.pytest.html", "terminal")


OBSERVATIONS = """\
import logging
from datetime import UTC, datetime

from opschecks import CouldNotLook, Resource, observation
from opschecks import Figure, Series

pytest_plugins = ["opschecks"]


@observation()
def things() -> list[Resource]:
    '''Two things.'''
    logging.getLogger("world").error("password=<log of an observation>")
    evidence = {
        "password": "<evidence by name>",
        "text": "SEEN-EVIDENCE Authorization: Bearer <evidence in text>",
        "raw": b"token=<evidence in bytes>",
        "containerDefinitions": [{"environment": [{"name": "A", "value": "<evidence in an environment>"}]}],
        "https://me:<evidence in a key>@host.test": 1,
    }
    points = tuple((datetime(2026, 7, 1, hour, tzinfo=UTC), float(hour)) for hour in range(3))
    return [
        Resource(
            arn="https://me:<resource>@host.test/x",
            name="SEEN-NAME token=<name>",
            evidence=evidence,
            figures=(Figure("a figure", "password=<figure>"),),
            series=(Series("password=<series>", "", points, 300, 1.0),),
        ),
        Resource(arn="thing/b", name="b", evidence={"name": "b"}),
    ]


@observation()
def broken() -> list[Resource]:
    '''Nothing.'''
    raise RuntimeError("SEEN-BROKEN password=<exception of an observation>")


@observation()
def unseen() -> list[Resource]:
    '''Nothing.'''
    raise CouldNotLook("GET https://me:<call>@host.test", "SEEN-REASON token=<reason>")
"""
CHECKS = """
import logging
import sys
import warnings


@promise("a")
def test_fails(things, examine):
    '''Why.'''
    print("SEEN-STDOUT password=<stdout>")
    print("SEEN-STDERR password=<stderr>", file=sys.stderr)
    logging.getLogger("check").warning("SEEN-LOG Authorization: Bearer <log>")
    logging.getLogger("botocore.auth").debug("CanonicalRequest:\\n%s", "x-amz-security-token:<debug log>")
    logging.getLogger("botocore.endpoint").debug("sending %r", {"X-Amz-Security-Token": b"<debug log of bytes>"})
    header = {"Set-Cookie": "AWSALB=<local variable>; Path=/"}
    arguments = ["mysql", "--password", "<local argument>"]
    told = "SEEN-WARNING password=<warning>"
    warnings.warn(told)
    for one in things:
        with examine(one) as note:
            note("SEEN-NOTE password=<note>")
            assert one.name == "b", "SEEN-MESSAGE password=<message>"

@promise("a")
def test_explains(things, examine):
    '''Why.'''
    with examine(things[1]):
        print("SEEN-EXPLAINED")
        assert "token=<explained assertion>" == "nothing"

@promise("a")
def test_has_a_bug(things, examine):
    '''Why.'''
    raise RuntimeError("SEEN-BUG password=<exception>")

@promise("a")
def test_is_broken(broken, examine):
    '''Why.'''

@promise("a")
def test_is_unseen(unseen, examine):
    '''Why.'''

@promise("a")
def test_passes(things, examine):
    '''Why.'''
    print("password=<stdout of a check that passes>")
    logging.getLogger("check").warning("password=<log of a check that passes>")
    with examine(things[1]):
        pass
"""
STACKS = """\
default = "here"

[stacks.here]
region = "us-west-2"
backend_url = "https://me:<address of the stack>@host.test"
"""


PLACES = tuple(dict.fromkeys(re.findall("<([a-z][a-z ]+)>", OBSERVATIONS + CHECKS + STACKS)))
"""What may carry a secret: every <place> above."""


def _secret(place: str) -> str:
    return f"S3cr3t{PLACES.index(place):02}x9"


def _filled(text: str) -> str:
    for place in PLACES:
        text = text.replace(f"<{place}>", _secret(place))
    return text


ALL = [
    "-vv", "--tb=long", "--showlocals", "-o", "log_cli=true", "--log-cli-level=DEBUG", "--log-file=log.txt",
    "--log-file-level=DEBUG",
]  # fmt: skip
"""Every option that makes pytest tell more."""


@pytest.fixture(scope="module", params=["alone", "junit with logs", "in workers", "told all"])
def outputs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    project = Project.make(tmp_path_factory.mktemp("secrets"))
    project.write("conftest.py", _filled(OBSERVATIONS))
    project.write("stacks.toml", _filled(STACKS))
    project.runbook("a")
    project.write(
        "checks/RUNBOOK.md",
        (project.folder / "checks/RUNBOOK.md").read_text(encoding="utf-8").replace("1. Look.", "1. GET <backend-url>"),
    )
    project.checks(_filled(CHECKS))
    options = {"alone": [], "junit with logs": ["-o", "junit_logging=all"], "in workers": ["-n", "1"], "told all": ALL}
    ended = project.run("checks/daily", *options[request.param])
    assert ended.code == 1, ended.all
    files = {name: project.page(name) for name in OUTPUTS if name != "terminal"}
    log = project.folder / "log.txt"
    more = {"log": log.read_text(encoding="utf-8")} if log.exists() else {}
    assert ("SEEN-LOG" in more.get("log", "")) == (request.param == "told all")
    return {**files, **more, "terminal": ended.all}


@pytest.mark.parametrize("place", PLACES)
def test_a_secret_reaches_no_output(outputs: Mapping[str, str], place: str) -> None:
    leaks = [name for name, text in outputs.items() if _secret(place) in text or _secret(place) in _unescaped(text)]
    assert leaks == []


def _unescaped(text: str) -> str:
    return html.unescape(html.unescape(text))


SEEN = {
    "daily.json": "EVIDENCE NAME NOTE MESSAGE BUG BROKEN REASON",
    "daily.html": "EVIDENCE NAME NOTE MESSAGE BUG BROKEN REASON",
    "daily.xml": "NAME NOTE MESSAGE BUG BROKEN REASON",
    "daily.pytest.html": "NAME NOTE MESSAGE BUG BROKEN REASON STDOUT STDERR LOG EXPLAINED",
    "terminal": "NAME NOTE MESSAGE BUG BROKEN REASON WARNING",
}


@pytest.mark.parametrize("output", OUTPUTS)
def test_what_carried_the_secrets_is_still_told(outputs: Mapping[str, str], output: str) -> None:
    missing = [word for word in SEEN[output].split() if f"SEEN-{word}" not in outputs[output]]
    assert missing == []
    assert MASK in outputs[output]


def test_half_characters_spoil_no_file(project: Project) -> None:
    project.write(
        "conftest.py",
        """\
        from opschecks import Resource, observation

        pytest_plugins = ["opschecks"]


        @observation()
        def things() -> list[Resource]:
            '''One thing.'''
            return [Resource(arn="thing/\\ud800", name="n\\udfff", evidence={"k\\ud800": "v\\ud800"})]
        """,
    )
    project.runbook("a")
    project.checks("""
    @promise("a")
    def test_fails(things, examine):
        '''Why.'''
        for one in things:
            with examine(one) as note:
                note("noted \\ud800")
                print("printed \\ud800")
                assert False, "told \\ud800"
    """)
    ended = project.run("checks/daily")
    assert ended.code == 1, ended.all
    assert project.outcomes() == {"test_fails": "failed"}
    (finding,) = project.told()["findings"]
    assert (finding["name"], finding["evidence"]) == ("n\ufffd", {"k\ufffd": "v\ufffd"})
    assert "unfinished" not in project.page()
    assert ET.parse(project.folder / "reports" / "daily.xml").getroot().find(".//failure") is not None
    assert "told \\ufffd" in html.unescape(project.page("daily.pytest.html"))
