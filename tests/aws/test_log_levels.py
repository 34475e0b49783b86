"""Which events are errors; and that the search asks CloudWatch for every one of them."""

from __future__ import annotations

import json
import re

import pytest
from botocore.session import get_session

from opschecks.aws.log_levels import INSIGHTS, PATTERN, is_error
from opschecks.sandbox.corrections.logs import _Filter
from tests.cases import cases

ERRORS = [
    "ERROR it is broken",
    "[ERROR] 1f: it is broken",
    "FATAL: role does not exist",
    "error: it is broken",
    "Error: connect ECONNREFUSED",
    "2026-11-24 07:00:00,123 app.db CRITICAL gone",
    "2026/11/24 07:00:00 [error] 29#29: *1 connect() failed",
    "2026/11/24 07:00:00 [emerg] 1#1: bind() failed",
    "[Tue Nov 24 07:00:00 2026] [core:error] [pid 1] failed",
    'level=err msg="it is broken"',
    "ts=1 lvl=error broken",
    '{"level":"error","msg":"x"}',
    '{"level": "ERR", "error": "x"}',
    '{"level":50,"msg":"x"}',
    '{"time":1,"level": 60}',
    '{"version":"1.1","level":3,"short_message":"x"}',
    '{"short_message":"x","level":3}',
    '{"short_message":"x", "level": 2}',
    '{"level":0,"short_message":"x"}',
    '{"level": 1,"short_message":"x"}',
    '{"level":"emergency"}',
    '{"level": "severe"}',
    '{"level":"dpanic","msg":"x"}',
    '{"@t":"2026-11-24T07:00:00Z","@mt":"x","@l":"Error"}',
    '{"severity_text": "Fatal"}',
    'ts=1 level=emerg msg="x"',
    "SEVERE: thread died",
    "07:00:00 worker critical: gone",
    '2026-11-24 07:00:00 ERROR cannot save incident {"id":"INC-7","severity":"high"}',
    '[ERROR] it was refused {"level": 5}',
    "ERROR root: retry with level=info",
    '2026-11-24T07:00:00Z\t1f\tINFO\t{"level":"error","msg":"x"}',
    'ERROR {"a":' + '{"a":' * 2000 + "1" + "}" * 2001,
    '{"severity":"EMERGENCY"}',
    '{"severity":"ALERT"}',
    '{"log":{"level":"error"},"message":"x"}',
    '{"log.level":"fatal"}',
    '{"message":"ERROR without a level"}',
    "1f\t2026\tINFO\tx ERROR",
    json.dumps({"levelname": "CRITICAL", "message": "x"}),
]
FINE = [
    "",
    "INFO all is well",
    "WARN an Error was handled",
    "WARN an Error: it was handled",
    '{"level":"info","error":null}',
    "INFO retried after error 3 of 5",
    "mirror: 3 terrors",
    '{"level":"info","msg":"ERROR"}',
    '{"level":30,"msg":"no error"}',
    '{"level":"warn","error":"ERROR"}',
    'level=warn msg="ERROR"',
    '10.0.0.1 "GET /error: HTTP/1.1" 200',
    "{not json} no errors",
    '{"level":null,"level2":true}',
    '["error"]',
    '{"level":0,"msg":"started","v":0}',
    '{"level":2,"msg":"debug, by a library that counts up"}',
    '{"level":true,"msg":"x"}',
    'INFO retried {"level":"info","cause":"ERROR"}',
    "INFO after an ERROR level=info",
    '{"version":"1.1","level":6,"short_message":"x"}',
    '{"level":' + "9" * 400 + "}",
    '{"level":' + "1" * 5000 + "}",
]


@pytest.mark.parametrize("text", ERRORS)
def test_it_is_an_error_and_asked_for(text: str) -> None:
    assert is_error(text)
    assert _Filter(PATTERN).matches(text), "CloudWatch would not return it"


@pytest.mark.parametrize("text", ERRORS)
def test_logs_insights_counts_it(text: str) -> None:
    patterns = [one.strip("/") for one in INSIGHTS.split(" or @message like ")]
    assert any(re.search(one, text) for one in patterns)


@pytest.mark.parametrize("text", [one for one in FINE if "ERROR" not in one and not one.startswith("WARN")])
def test_logs_insights_does_not_count_it(text: str) -> None:
    patterns = [one.strip("/") for one in INSIGHTS.split(" or @message like ")]
    assert not any(re.search(one, text) for one in patterns)


@pytest.mark.parametrize("text", FINE)
def test_it_is_none(text: str) -> None:
    assert not is_error(text)


def test_events_that_have_a_field_for_errors_are_not_asked_for() -> None:
    assert not _Filter(PATTERN).matches('{"level":"info","error":null,"errors":0,"msg":"no error"}')


def test_the_pattern_is_not_too_long_for_cloudwatch() -> None:
    shape = get_session().get_service_model("logs").shape_for("FilterPattern")
    assert len(PATTERN) <= shape.metadata["max"]


@cases([
    ('{"level": 49}', False),
    ('{"level": 50}', True),
    ('{"level": 999}', True),
    ('{"level": 1000}', False),
    ('{"level": "50"}', True),
    ('{"level": " 60 "}', True),
    ('{"level": " Error "}', True),
    ('{"level": 3, "msg": "x"}', False),
    ('{"level": 3, "facility": "x"}', True),
    ('{"level": 4, "facility": "x"}', False),
    ('{"level": 3, "Short_Message": "x"}', True),
    ('{"level": 50.5}', True),
    ('{"level": true, "severity": "error"}', True),
    ('{"level": null, "lvl": "error"}', True),
    ('{"level": "info", "severity": "error"}', False),
    ('{"log": {"log": {"level": "error"}}}', True),
    ('{"log": "text ERROR"}', True),
    ('{"log": "text"}', False),
    ('{"message": "ERROR", "log": {"level": "info"}}', False),
    ('ERROR {"level": "info"}', True),
    ('INFO {"level": "error"}', True),
    ('INFO ERROR {"level": "info"}', False),
    ('x {"level": "info"} ERROR', True),
    ('{"level": "info"} \n', False),
    ("ERROR level=info", True),
    ("INFO level=error", True),
    ("level=info ERROR", False),
    ("WARN error: x", False),
    ("error: x WARN", True),
    ("[error] WARN", True),
    ("WARN [error]", False),
    ("one two three four error: x", True),
    ("one two three four five error: x", False),
    ("[mod_x.y-z:error] x", True),
    ("|level=error", True),
    ("xlevel=error", False),
    ("errors: x", False),
    ("an ERRORS x", False),
])  # fmt: skip
def test_an_event_is_an_error_by_its_level_before_its_words(text: str, error: bool) -> None:
    assert is_error(text) is error
