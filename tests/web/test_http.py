"""What is an answer of a host, what is none, and what was not looked at."""

from __future__ import annotations

import gzip
import threading

import pytest
import requests
import responses

from opschecks.core.observation import CouldNotLook
from opschecks.web.health import certificate_end
from opschecks.web.http import Http
from tests.web.hosts import SITE, URL, _answering, _free_port


def test_an_answer_has_status_type_headers_body_and_latency(http: Http, mocked: responses.RequestsMock) -> None:
    mocked.get(URL, body="<p>x</p>", status=404, content_type="text/html; charset=utf-8", headers={"X-Cache": "Hit"})
    answer = http.get(URL, 5)
    assert (answer.status, answer.text, answer.failure) == (404, "<p>x</p>", "")
    assert answer.content_type == "text/html; charset=utf-8"
    assert answer.headers["X-Cache"] == "Hit"
    assert answer.said == "answered 404"
    assert answer.latency_ms > 0
    assert mocked.calls[0].request.headers["User-Agent"] == "opschecks"


def test_redirects_are_followed_to_where_they_end(http: Http, mocked: responses.RequestsMock) -> None:
    mocked.get(URL, status=301, headers={"Location": "/moved"})
    mocked.get(f"{SITE}/moved", status=302, headers={"Location": "http://other.test/end"})
    mocked.get("http://other.test/end", status=503, body="no")
    answer = http.get(URL, 5)
    assert (answer.url, answer.status, answer.text) == ("http://other.test/end", 503, "no")


def test_redirects_without_an_end_are_no_answer_of_the_page(http: Http, mocked: responses.RequestsMock) -> None:
    mocked.get(URL, status=302, headers={"Location": URL})
    answer = http.get(URL, 5)
    assert answer.status is None
    assert answer.said == "redirects without an end, at least 11 times"


@pytest.mark.parametrize(
    "error",
    [
        requests.exceptions.ConnectTimeout("slow"),
        requests.exceptions.ConnectionError("no route"),
        requests.exceptions.ProxyError("the proxy is down"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_host_out_of_reach_is_not_looked_at(http: Http, mocked: responses.RequestsMock, error: Exception) -> None:
    mocked.get(URL, body=error)
    with pytest.raises(CouldNotLook) as told:
        http.get(URL, 5)
    assert str(told.value).startswith(f"GET {URL}: {type(error).__name__}: ")


def test_a_refused_connection_is_not_looked_at(http: Http) -> None:
    url = f"http://127.0.0.1:{_free_port()}/health"
    with pytest.raises(CouldNotLook, match="refused") as told:
        http.get(url, 5)
    assert told.value.call == f"GET {url}"


@pytest.mark.usefixtures("no_names")
def test_a_name_that_does_not_resolve_is_not_looked_at(http: Http) -> None:
    with pytest.raises(CouldNotLook, match="Name or service not known"):
        http.get(URL, 5)
    with pytest.raises(CouldNotLook, match="Name or service not known"):
        certificate_end("https://backend.test/", 5)


def test_silence_is_an_answer_without_a_status(http: Http) -> None:
    with _answering(b"", until=threading.Event()) as url:
        answer = http.get(url, 0.1)
    assert answer.status is None
    assert answer.said == "gave no answer within 0.1 s"


def test_silence_in_the_middle_of_the_body_is_one_too(http: Http, mocked: responses.RequestsMock) -> None:
    mocked.get(URL, body=requests.exceptions.ReadTimeout("slow"))
    answer = http.get(URL, 2)
    assert (answer.status, answer.said) == (None, "gave no answer within 2 s")


BROKEN_OFF = {
    "without a word": b"",
    "in the body": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n<html>",
    "in a chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n<html>",
    "between chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n<html>\r\n",
    "not HTTP": b"220 smtp.test ESMTP\r\n\r\n",
}


@pytest.mark.parametrize("raw", BROKEN_OFF.values(), ids=BROKEN_OFF)
def test_an_answer_that_breaks_off_has_no_status(http: Http, raw: bytes) -> None:
    with _answering(raw) as url:
        answer = http.get(url, 5)
    assert answer.status is None
    assert answer.said.startswith("broke off: ")
    assert answer.body == b""


def test_a_connection_that_is_reset_has_no_status(http: Http) -> None:
    with _answering(b"", reset=True) as url:
        answer = http.get(url, 5)
    assert answer.status is None
    assert answer.said.startswith("broke off: ")


def test_a_body_that_cannot_be_unpacked_has_no_status(http: Http) -> None:
    with _answering(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc") as url:
        answer = http.get(url, 5)
    assert answer.status is None
    assert answer.said.startswith("broke off: ")


def test_a_packed_body_is_unpacked(http: Http) -> None:
    packed = gzip.compress(b'{"status": "ok"}')
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
    with _answering(head.encode() + packed) as url:
        assert http.get(url, 5).text == '{"status": "ok"}'


def test_a_huge_body_is_read_to_its_first_megabyte_only(http: Http, mocked: responses.RequestsMock) -> None:
    mocked.get(URL, body="x" * 3_000_000)
    assert len(http.get(URL, 5).body) == 1_000_000
