"""A scrubbed recording names nobody, what belongs together still does, and its checks end as they did."""

from __future__ import annotations

import gzip
import ipaddress
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from opschecks.core.observation import CouldNotLook
from opschecks.recording.addresses import Addresses
from opschecks.recording.coding import canonical, decoded, encoded
from opschecks.recording.file import Exchange, Recording, read_recording, write_recording
from opschecks.recording.scrubbing import scrubbed
from opschecks.recording.tapes import Recorder
from tests.recording.test_replay import FAULTS, SUITES, found, record, replay
from tests.scratch import Project

ABOUT = {
    "suite": "daily",
    "started": "2026-11-24T07:00:00+00:00",
    "partial": "",
    "versions": {"opschecks": "0.1.0"},
    "stacks": [],
    "waivers": [],
    "expected": {},
}


def recorded(*answers: Any, about: dict[str, Any] | None = None) -> Recording:
    """A recording of one ECS call for each answer."""
    question = {"stack": "s", "service": "ecs", "operation": "DescribeServices", "parameters": {}}
    exchanges = tuple(Exchange("aws", "ecs:DescribeServices", question, encoded(answer)) for answer in answers)
    return Recording({**ABOUT, **(about or {})}, exchanges)


def after(answer: Any) -> Any:
    """The answer after scrubbing."""
    return scrubbed(recorded(answer)).exchanges[0].answer


@pytest.mark.parametrize("suite", SUITES)
@pytest.mark.parametrize("broken", [False, True], ids=["healthy", "broken"])
def test_a_scrubbed_recording_replays_to_the_same_outcomes(tmp_path: Path, suite: str, broken: bool) -> None:
    project = Project.of_the_checks(tmp_path)
    record(project, suite, faults=FAULTS[suite] if broken else ())
    told = project.told(f"{suite}.json")
    replay(project, suite)
    replayed = project.told(f"replay/{suite}.json")
    assert [one[:1] + one[3:4] for one in found(replayed)] == [one[:1] + one[3:4] for one in found(told)]
    assert bool(told["counts"]["failed"]) is broken
    text = gzip.decompress((tmp_path / "it.rec").read_bytes()).decode()
    its = {one["resource"] for seen in told["observations"] for one in seen["resources"]}
    for name in ("ommander", "123456789012", "transparency", *(one for one in its if one.startswith(("sg-", "vpc-")))):
        assert name.lower() not in text.lower(), name


CANARY = "zanarq"
PLACES = {
    "a name": {"serviceName": CANARY},
    "an ARN": {"serviceArn": f"arn:aws:ecs:us-west-2:{'9' * 11}1:service/{CANARY}/x-{CANARY}"},
    "a tag's key": {"tags": [{"key": CANARY, "value": "x"}]},
    "a tag's value": {"tags": [{"Key": "Name", "Value": f"the {CANARY}"}]},
    "a key of a mapping": {"Item": {CANARY: {"S": "x"}, f"x{CANARY}": {CANARY: {CANARY: 1}}}},
    "one that looks like a tag of the file": {"Item": {"$moment": CANARY, "x": {"$date": CANARY}}},
    "one that is a tag of the file": {"Item": {"$moment": CANARY}, "Other": {"$map": {CANARY: CANARY}}},
    "a log line": {"events": [{"message": f"ERROR could not log in {CANARY.upper()} as {CANARY.title()}42"}]},
    "a log line in JSON": {"message": json.dumps({"level": "ERROR", CANARY: [f"a\n{CANARY}"], "check": CANARY})},
    "JSON within JSON": {"message": json.dumps({"inner": json.dumps({"u": f"\t{CANARY}é"})})},
    "a host": {"DNSName": f"internal-{CANARY}-123.eu-west-1.elb.amazonaws.com"},
    "an address of mail": {"email": f"{CANARY}@{CANARY}.example.com"},
    "a URL": {"u": f"https://{CANARY}:{CANARY}@x.org:8443/{CANARY}%2F{CANARY}?a={CANARY}&{CANARY};#{CANARY}"},
    "an error": {"StateReason": f"User: arn:aws:iam::1:user/{CANARY} is not authorized to perform: ecs:{CANARY}"},
    "a metric of one's own": {"Namespace": f"Acme/{CANARY}", "MetricName": f"My{CANARY.title()}ErrorCount"},
    "a secret": {"env": [{"name": "DB_PASSWORD", "value": f"{CANARY}9!x"}], "SecretString": CANARY},
    "a header": {"headers": {"Set-Cookie": f"a={CANARY}; Path=/{CANARY}", f"X-{CANARY}": "1", "ETag": f'"{CANARY}"'}},
    "bytes": {"body": f"<html><title>{CANARY}</title>".encode(), "raw": b"\xff\xfe" + CANARY.encode()},
    "a stream": {"Body": BytesIO(CANARY.encode())},
    "a CSV": {"Content": f"user,arn\n{CANARY},arn:aws:iam::1:user/{CANARY}".encode()},
    "camel case": {"name": f"the{CANARY.title()}Service"},
    "a log line like a metric": {"message": json.dumps({"Namespace": "AWS/X", "MetricName": CANARY})},
    "random letters": {"token": "aBcDeFgHiJkL" + CANARY.title(), "other": {"x": "zAnArQ"}},
    "underscores": {"name": f"_{CANARY}_{CANARY}__x"},
    "an invisible character": {"name": f"​{CANARY}‮"},
}


@pytest.mark.parametrize("place", PLACES)
def test_no_canary_is_found(place: str, tmp_path: Path) -> None:
    answers: tuple[Any, ...] = (PLACES[place], {"again": [PLACES[place]]})
    write_recording(tmp_path / "raw", recorded(*(dict(one) for one in answers)))
    assert CANARY in _plain(tmp_path / "raw"), "the canary was never there"
    write_recording(tmp_path / "it", scrubbed(recorded(*answers)))
    assert CANARY not in _plain(tmp_path / "it")


def test_ids_of_access_keys_are_told_apart() -> None:
    """What is asked by an id is found by it: with one mask for all, a key would get another's answer."""
    told = after({"Keys": ["AKIAIOSFODNN7EXAMPLE", "AKIAI44QH8DHBEXAMPLE"], "Of": "AKIAIOSFODNN7EXAMPLE"})
    first, second = told["Keys"]
    assert first != second
    assert told["Of"] == first
    assert "AKIA" not in f"{first}{second}"


def _plain(path: Path) -> str:
    """Everything in the file in lower case, also what is packed in it."""
    recording = read_recording(path)

    def texts(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            for key, item in value.items():
                yield str(key)
                yield from texts(item)
        elif isinstance(value, list):
            for one in value:
                yield from texts(one)
        elif isinstance(value, BytesIO):
            yield value.getvalue().decode("latin-1")
        elif isinstance(value, bytes):
            yield value.decode("latin-1")
        else:
            yield str(value)

    lines = gzip.decompress(path.read_bytes()).decode()
    return "\n".join([lines, *texts([decoded(one.answer) for one in recording.exchanges])]).lower()


def test_canaries_outside_of_answers_are_replaced_too(tmp_path: Path) -> None:
    recorder = Recorder()
    recorder.ask("aws", "ecs:ListTasks", _asked(cluster=CANARY), lambda: {"nextToken": f"AAAA{CANARY}=="})
    recorder.ask("http", f"GET https://{CANARY}.test/", {"method": "GET", "url": f"https://{CANARY}.test/"}, dict)
    recorder.ask("websocket", f"WebSocket wss://{CANARY}", {"url": f"wss://{CANARY}/ws"}, lambda: {"task": CANARY})
    recorder.ask("filed", "x", {"stack": CANARY}, lambda: {"stacks": [{"name": CANARY}], "check": "test_it"})
    with pytest.raises(CouldNotLook):
        recorder.ask("tls", f"TLS {CANARY}:443", {"url": CANARY}, _failing)
    stack = {
        "name": CANARY,
        "tags": {CANARY: CANARY},
        "contacts": {"on_call": CANARY},
        "websocket": {"headers": {CANARY: CANARY}},
        "limits": {CANARY: {"cpu_percent": 3}},
    }
    waiver = {"check": "test_it", "resource": CANARY, "owner": CANARY, "reason": CANARY, "stack": CANARY}
    about = {"stacks": [stack], "waivers": [waiver], "expected": {"images": [CANARY]}}
    outcomes = ({"check": "test_it", "stack": CANARY, "outcome": "failed"},)
    recording = replace(recorded(about=about), exchanges=recorder.exchanges(), outcomes=outcomes)
    write_recording(tmp_path / "it", scrubbed(recording))
    assert CANARY not in _plain(tmp_path / "it")
    assert read_recording(tmp_path / "it").about["waivers"][0]["check"] == "test_it"


def _asked(**parameters: Any) -> dict[str, Any]:
    return {"stack": CANARY, "service": "ecs", "operation": "ListTasks", "parameters": parameters}


def _failing() -> Any:
    raise CouldNotLook(f"TLS {CANARY}:443", f"gaierror: {CANARY}", action=f"x:{CANARY}")


def test_what_belongs_together_still_does() -> None:
    arn = "arn:aws:ecs:us-west-2:123456789012:service/shop-payments"
    answer = after(
        {
            "services": [{"serviceName": "shop-payments", "serviceArn": arn}],
            "host": "Shop-Payments.shop.example.com",
            "account": "123456789012",
            "pattern": "shop-*",
            "text": '{"who": "shop-payments"}',
            "body": b"shop-payments",
        }
    )
    name, arn = answer["services"][0]["serviceName"], answer["services"][0]["serviceArn"]
    assert arn == f"arn:aws:ecs:us-west-2:{answer['account']}:service/{name}"
    assert len(answer["account"]) == 12
    assert answer["account"].isdigit()
    assert answer["host"].lower().startswith(f"{name}.{name.partition('-')[0]}.")
    assert answer["pattern"] == f"{name.partition('-')[0]}-*"
    assert json.loads(answer["text"]) == {"who": name}
    assert decoded(answer["body"]).decode() == name


def test_ids_keep_their_shape() -> None:
    told = {"a": "sg-0a1b2c3d4e5f60718", "b": "eni-0123abcd", "c": "5a6bd92e-face-4fbc-beef-f3efd677449a"}
    made = after(told)
    for key, text in told.items():
        assert made[key] != text
        assert [len(part) for part in made[key].split("-")] == [len(part) for part in text.split("-")]
    assert made["a"].startswith("sg-0")
    assert made["b"].startswith("eni-")


def test_what_checks_judge_by_stays() -> None:
    told = {
        "status": "ACTIVE",
        "desiredCount": 2,
        "createdAt": datetime(2026, 11, 24, 7, tzinfo=UTC),
        "cost": Decimal("12.50"),
        "rolloutState": "IN_PROGRESS",
        "Namespace": "AWS/SQS",
        "MetricName": "ApproximateAgeOfOldestMessage",
        "sources": ["0.0.0.0/0", "::/0"],
        "window": "2026-11-24T07:00:00Z",
        "time": "1795000000000",
        "cache": "public, max-age=31536000, immutable",
        "title": "a &ndash; b",
    }
    assert after(told) == encoded(told)


@pytest.mark.parametrize("text", ["10.1.2.3", "203.0.113.7", "2a05:d014:1::7", "192.168.1.1", "52.94.236.248"])
def test_an_address_becomes_another_one_of_the_same_kind(text: str) -> None:
    addresses = Addresses(b"k" * 32)
    made = ipaddress.ip_address(addresses.stand_in(text))
    given = ipaddress.ip_address(text)
    assert made.version == given.version
    assert made.is_private == given.is_private or text.startswith("203")
    assert str(made) != text


def test_networks_still_contain_their_addresses() -> None:
    addresses = Addresses(b"s" * 32)
    for wide, narrow in (("10.0.0.0/8", "10.20.30.40"), ("52.94.0.0/20", "52.94.7.9"), ("10.1.0.0/16", "10.1.64.0/18")):
        inside = ipaddress.ip_network(addresses.stand_in(narrow))
        assert inside.subnet_of(ipaddress.ip_network(addresses.stand_in(wide)))  # type: ignore[arg-type]
    assert addresses.stand_in("127.0.0.1") == "127.0.0.1"


@pytest.mark.parametrize("text", ["aBcDeFgHiJkL", "李明", "hunter2", "AbCdEf", "4155550100", "02:ab:cd:ef:aa:bb"])
def test_what_is_short_or_in_pieces_is_replaced_too(text: str) -> None:
    assert text not in after({"message": f"for {text} it"})["message"]


def test_names_of_metrics_are_the_same_in_answers_and_in_the_stack() -> None:
    alarm = {"Namespace": "AWS/Kinesis", "MetricName": "GetRecords.Zanarq", "AlarmName": "zz-shop"}
    stack = {"name": "s", "silent_metrics": ["AWS/Kinesis", "Acme/Shop"]}
    told = scrubbed(recorded(alarm, {"Namespace": "Acme/Shop"}, about={"stacks": [stack]}))
    first, second = (one.answer for one in told.exchanges)
    assert (first["Namespace"], first["MetricName"]) == ("AWS/Kinesis", "GetRecords.Zanarq")
    assert told.about["stacks"][0]["silent_metrics"] == ["AWS/Kinesis", second["Namespace"]]
    assert "Shop" not in second["Namespace"]


def test_scrubbing_twice_is_scrubbing_once() -> None:
    once = scrubbed(recorded({"serviceName": "shop"}))
    assert scrubbed(once) == once


@pytest.mark.parametrize(
    "value",
    [
        {"a": [1, 2.5, None, True, "x"], "b": {"$moment": "mine"}, "c": {"$map": {"x": 1}}},
        {"at": datetime(2026, 11, 24, 7, 0, 0, 5, tzinfo=UTC), "n": Decimal("1E+3"), "raw": b"\x00\xff"},
    ],
)
def test_what_is_encoded_is_decoded(value: Any) -> None:
    assert decoded(json.loads(json.dumps(encoded(value)))) == value


def test_the_order_of_lists_and_keys_does_not_matter_to_a_question() -> None:
    assert canonical({"b": [{"x": 2}, {"x": 1}], "a": ["c", "b"]}) == canonical(
        {"a": ["b", "c"], "b": [{"x": 1}, {"x": 2}]}
    )


def test_ids_that_are_the_same_for_everybody_stay() -> None:
    told = {"CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6"}  # CachingOptimized, a managed policy
    assert after(told) == told
