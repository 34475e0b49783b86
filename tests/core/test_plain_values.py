"""Whatever value becomes plain JSON, without its secrets."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from markupsafe import Markup

from opschecks.core.redaction import MASK, plain, redact_text
from tests.cases import cases
from tests.core.test_redaction import KEY_ID, SECRET


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
        ({"command": ["app", "--password", "two words", "-v"]}, {"command": ["app", "--password", MASK, "-v"]}),
        ([f"token={SECRET}".encode()], [f"token={MASK}"]),
        ({f"https://me:{SECRET}@host.test": 1, KEY_ID: 2}, {f"https://{MASK}@host.test": 1, MASK: 2}),
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


class Text(str):
    """As an enumeration's, or what is marked as safe in HTML."""

    __slots__ = ()


class Colour(StrEnum):
    RED = "red"


def test_texts_of_a_class_of_their_own_are_masked_and_plain() -> None:
    told = plain([Text("--password"), Text("hunter2"), Colour.RED, {Text("token"): Text("abc"), "a": Markup("<b>")}])
    assert told == ["--password", MASK, "red", {"token": MASK, "a": "<b>"}]
    assert {type(one) for one in (*told[:3], *told[3], *told[3].values())} == {str}
    assert type(redact_text(Markup("<script>"))) is str
    assert type(redact_text(Text("é"))) is str


@cases([
    ("CREDENTİAL=abcdef", "CREDENTİAL=(redacted)"),
    ("sıgnature=abcdef123", "sıgnature=(redacted)"),
    ("paſſword=abcdef", "paſſword=(redacted)"),
    ("toKen=abcdef1", "toKen=(redacted)"),
])  # fmt: skip
def test_a_name_is_that_of_a_secret_in_the_letters_of_any_language(text: str, wanted: str) -> None:
    """A JVM in Turkish writes CREDENTİALS."""
    assert redact_text(text) == wanted
    name, _, value = text.partition("=")
    assert plain({name.replace("sıgnature", "cookıe"): value})[name.replace("sıgnature", "cookıe")] == MASK
