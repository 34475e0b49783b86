"""The sandbox's servers: what checks rely on in a load balancer and a CDN, and a clean end."""

from __future__ import annotations

import gzip
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import botocore.session
import pytest
import requests
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from opschecks.sandbox import service_models  # noqa: F401 - it is what makes them share
from opschecks.sandbox.web import StoredObject, Web

SCRIPT = StoredObject(b"x" * 3000, "text/javascript", '"tag"', "max-age=100")


@pytest.fixture
def web() -> Iterator[Web]:
    with Web(["task-1", "task-2"], {"app.js": SCRIPT}.get) as running:
        yield running


def _session_url(web: Web) -> str:
    return f"ws{web.backend_url.removeprefix('http')}/ws?client_id=me"


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [("gzip, br", "gzip"), ("br;q=1, gzip;q=0.5", "gzip"), ("gzip;q=0", None), ("br", None), ("identity", None)],
)
def test_the_cdn_compresses_if_the_client_accepts_it(web: Web, accepted: str, coding: str | None) -> None:
    url, headers = f"{web.dashboard_url}/app.js", {"Accept-Encoding": accepted}
    with requests.get(url, headers=headers, stream=True) as told:
        body = told.raw.read()
    assert told.headers.get("Content-Encoding") == coding
    assert told.headers["ETag"] == ('W/"tag"' if coding else '"tag"')
    assert (gzip.decompress(body) if coding else body) == SCRIPT.body
    head = requests.head(url, headers=headers)
    assert head.headers["Content-Length"] == str(len(body))
    assert head.headers["X-Cache"] == "Hit from cloudfront"


@pytest.mark.parametrize(("tag", "status"), [('"tag"', 304), ('W/"tag"', 304), ("*", 304), ('"a", "b"', 200)])
def test_the_cdn_does_not_send_what_the_client_has(web: Web, tag: str, status: int) -> None:
    assert requests.get(f"{web.dashboard_url}/app.js", headers={"If-None-Match": tag}).status_code == status


def test_connections_are_kept_open_for_the_next_request(web: Web) -> None:
    for url in (web.backend_url, web.dashboard_url):
        client = http.client.HTTPConnection(url.removeprefix("http://"))
        client.connect()
        socket_of_the_first = client.sock
        for method in ("GET", "HEAD", "GET"):
            client.request(method, "/health")
            client.getresponse().read()
            assert client.sock is socket_of_the_first
        client.close()


def test_a_task_that_stops_answers_earlier_requests(web: Web) -> None:
    (task, other), told = web.tasks, list[int]()
    task.one_at_a_time_s = 0.1
    web.proxy.in_rotation = lambda: [task]
    asking = [
        threading.Thread(target=lambda: told.append(requests.get(f"{web.backend_url}/health").status_code))
        for _ in range(3)
    ]
    for one in asking:
        one.start()
    while task.asked < len(asking) and not told:
        time.sleep(0.001)
    web.remove_task(task.task_id)
    for one in asking:
        one.join()
    assert told == [200] * len(asking)
    assert requests.get(f"{web.backend_url}/health").status_code == 502  # it is in rotation still
    web.proxy.in_rotation = lambda: [other]
    assert requests.get(f"{web.backend_url}/health").json()["task"] == other.task_id


def test_a_client_that_gives_up_ends_its_request(web: Web) -> None:
    for task in web.tasks:
        task.health_delay_s = 3600
    with pytest.raises(requests.ReadTimeout):
        requests.get(f"{web.backend_url}/health", timeout=(30, 0.1))
    until = time.monotonic() + 30
    while any(task.asked for task in web.tasks):
        assert time.monotonic() < until
        time.sleep(0.001)


def test_the_reason_for_ending_a_session_reaches_the_other_side(web: Web) -> None:
    for task in web.tasks:
        task.closes_after_s = 0.05
    with connect(_session_url(web)) as client, pytest.raises(ConnectionClosed, match=r"1011 .* ended by the server"):
        list(client)


def test_all_ends_at_once_with_clients_connected() -> None:
    """Sessions are closed with 1001; open connections, and half a request, do not delay the end."""
    web = Web(["task-1"], {"app.js": SCRIPT}.get)
    web.start()
    address = urlsplit(web.dashboard_url)
    with (
        requests.Session() as idle,
        socket.create_connection((address.hostname or "", address.port or 0)) as unfinished,
        connect(_session_url(web)) as client,
    ):
        idle.get(f"{web.dashboard_url}/app.js")
        unfinished.sendall(b"GET /app.js HT")
        assert json.loads(client.recv(timeout=30))["task"] == "task-1"
        web.stop()
        web.stop()
        assert unfinished.recv(1) == b""
        assert list(client) == []
        assert (client.close_code, client.close_reason) == (1001, "the task is stopping")
        with pytest.raises(requests.ConnectionError):
            idle.get(f"{web.dashboard_url}/app.js")
    assert not [one for one in threading.enumerate() if one.name == "opschecks-sandbox-web"]


def test_service_models_are_read_once_for_all_sessions() -> None:
    """A bet on botocore: a session makes its loader of models with `botocore.session.create_loader`."""
    loaders = [botocore.session.Session().get_component("data_loader") for _ in range(2)]
    assert loaders[0] is loaders[1]
