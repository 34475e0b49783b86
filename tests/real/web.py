"""Health pages, dashboards, caches and WebSockets as real servers and balancers answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from opschecks.aws.cdn_caching import error_pages
from opschecks.aws.cloudfront import Distribution
from opschecks.aws.elbv2 import LoadBalancer
from opschecks.core.observation import NotConfigured
from opschecks.web.caching import StaticAsset
from opschecks.web.health import health
from opschecks.web.http import Http, Response
from opschecks.web.idle_timeout import websocket_balancers
from opschecks.web.pages import dashboard_pages
from tests.canned import ACCOUNT, NOW, Aws, Raw, daily, stack, weekly
from tests.real.rows import Row

BACKEND, SITE = "http://api.example.com", "http://site.example.com"
HEALTH = daily("health").test_backend_is_healthy
PAGES = daily("dashboards").test_dashboards_show_their_pages
IDLE = daily("websocket").test_idle_sessions_are_not_cut
ASSETS = weekly("cdn").test_assets_come_compressed_from_the_cache
ERRORS = weekly("cdn").test_missing_files_are_not_dressed_up

ASP_NET = "https://learn.microsoft.com/aspnet/core/host-and-deploy/health-checks"
UI = "https://github.com/Xabaril/AspNetCore.Diagnostics.HealthChecks"
SPRING = "https://docs.spring.io/spring-boot/reference/actuator/endpoints.html"
TERMINUS = "https://docs.nestjs.com/recipes/terminus"
IETF = "https://datatracker.ietf.org/doc/html/draft-inadarei-api-health-check-06"
MICROPROFILE = "https://download.eclipse.org/microprofile/microprofile-health-4.0/microprofile-health-spec-4.0.html"
RFC_9110 = "https://www.rfc-editor.org/rfc/rfc9110"
RFC_9111 = "https://www.rfc-editor.org/rfc/rfc9111"
RFC_9211 = "https://www.rfc-editor.org/rfc/rfc9211"
HTML = "https://html.spec.whatwg.org/multipage/syntax.html"
SPA = "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/GeneratingCustomErrorResponses.html"
X_CACHE = "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-function-restrictions.html"
ALB = "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html"


class Answers(Http):
    """Answers from a table, by path; any other path gets the one of "*"."""

    def __init__(self, told: Mapping[str, Response]) -> None:
        super().__init__()
        self.told = told

    def get(self, url: str, timeout_s: float) -> Response:
        path = "/" + url.partition("//")[2].partition("/")[2]
        return self.told.get(path) or self.told["*"]


def answer(body: Any, kind: str = "application/json", status: int = 200, **headers: str) -> Response:
    raw = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return Response(SITE, status, 20.0, kind, {"Content-Type": kind, **named}, raw)


def _health(told: Response, outcome: str, source: str, says: str = "") -> Row:
    def seen() -> dict[str, Any]:
        checked = stack(backend_url=BACKEND)
        return {"stack": checked, "health": health(checked, Answers({"*": told}), NOW)}

    return Row(HEALTH, seen, outcome, source, says)


def _page(told: Response, outcome: str, source: str, says: str = "", *, nowhere: Response, **keys: Any) -> Row:
    def seen() -> dict[str, Any]:
        dashboards = [{"path": "/ops", "contains": "Größe – Operations"}]
        checked = stack(dashboard_url=SITE, dashboards=dashboards, **keys)
        return {"stack": checked, "dashboard_pages": dashboard_pages(checked, Answers({"/ops": told, "*": nowhere}))}

    return Row(PAGES, seen, outcome, source, says)


def _asset(outcome: str, source: str, says: str = "", **headers: str) -> Row:
    sent: dict[str, Any] = {"Content_Encoding": "gzip", **headers}
    told = answer(b"x" * 2000, "text/javascript", **sent)

    def seen() -> dict[str, Any]:
        return {"static_assets": [StaticAsset(arn=f"{SITE}/app.js", name="app.js", answers=(told, told))]}

    return Row(ASSETS, seen, outcome, source, says)


def _errors(page: str, outcome: str, says: str = "", root: str = "index.html", **keys: Any) -> Row:
    def seen() -> dict[str, Any]:
        one = {"ResponsePagePath": page, "ResponseCode": "200", "ErrorCachingMinTTL": 10}
        listed = [{"ErrorCode": 403, **one}, {"ErrorCode": 404, **one}]
        config = {"DefaultRootObject": root, "CustomErrorResponses": {"Quantity": 2, "Items": listed}}
        of = Distribution(arn="arn:d", name="E2EXAMPLE", evidence={"DistributionConfig": config})
        return {"error_pages": error_pages(stack(**keys), of)}

    return Row(ERRORS, seen, outcome, SPA, says)


def _balancer(name: str, kind: str = "application") -> LoadBalancer:
    arn = f"arn:aws:elasticloadbalancing:{ACCOUNT}:loadbalancer/app/{name}/50dc6c495c0c9188"
    told = {"Type": kind, "DNSName": f"{name}-1234567890.us-west-2.elb.amazonaws.com"}
    return LoadBalancer(arn=arn, name=name, evidence=told)


def _idle(
    outcome: str | Mapping[str, str],
    says: str = "",
    *,
    idle: str = "60",
    heartbeat_s: float | None = 30,
    url: str = "wss://live.example.com/ws",
    balancers: Any = (_balancer("shop"),),
) -> Row:
    def attributes(**_: Any) -> Raw:
        listed = [
            {"Key": "access_logs.s3.enabled", "Value": "false"},
            {"Key": "client_keep_alive.seconds", "Value": "3600"},
            *([{"Key": "idle_timeout.timeout_seconds", "Value": idle}] if idle else []),
        ]
        return {"Attributes": listed}

    def seen() -> dict[str, Any]:
        checked = stack(websocket={"url": url, "heartbeat_s": heartbeat_s})
        aws = Aws({("elbv2", "DescribeLoadBalancerAttributes"): attributes})
        known: Any = balancers if isinstance(balancers, Exception) else list(balancers)
        return {"stack": checked, "websocket_balancers": websocket_balancers(checked, aws, known)}

    return Row(IDLE, seen, outcome, ALB, says)


UI_PAGE = {
    "status": "Healthy",
    "totalDuration": "00:00:00.0512",
    "entries": {"sql": {"data": {"version": 3}, "duration": "00:00:00.05", "status": "Healthy", "tags": ["db"]}},
}
SPRING_2_0 = {"status": "UP", "details": {"db": {"status": "UP", "details": {"database": "H2", "hello": 1}}}}
SPRING_PAGE = {
    "status": "UP",
    "components": {
        "db": {"status": "UP", "details": {"database": "PostgreSQL", "validationQuery": "isValid()"}},
        "diskSpace": {"status": "UP", "details": {"total": 250, "free": 100, "exists": True}},
    },
    "groups": ["liveness", "readiness"],
}
TERMINUS_PAGE = {
    "status": "ok",
    "info": {"database": {"status": "up"}},
    "error": {},
    "details": {"database": {"status": "up"}},
}
TERMINUS_SICK = {**TERMINUS_PAGE, "details": {"database": {"status": "down", "message": "timeout"}}}
IETF_PAGE = {
    "status": "pass",
    "releaseId": "1.2.2",
    "checks": {
        "uptime": [{"componentType": "system", "observedValue": 1209600.245, "observedUnit": "s"}],
        "cassandra:connections": [{"componentId": "dfd6cf2b", "status": "pass", "observedValue": 75}],
    },
}
IETF_SICK = {"status": "pass", "checks": {"memory:utilization": [{"observedValue": 99, "status": "fail"}]}}
MICROPROFILE_PAGE = {"status": "UP", "checks": [{"name": "heap", "status": "UP", "data": {"used": 12}}]}
MICROPROFILE_SICK = {"status": "UP", "checks": [{"name": "heap", "status": "DOWN"}]}
WELCOME = "<!DOCTYPE html><html><head><title>Welcome to nginx!</title></head></html>"
NO_SUCH = answer("<Error><Code>AccessDenied</Code></Error>", "application/xml", 403)
OPS = "<!doctype html><title>Größe – Operations</title><p>all is well"
DATE = "Sun, 29 Nov 2026 09:00:00 GMT"
AS_HTML = "text/html; charset=utf-8"

ROWS = {
    "ASP.NET Core's health page: the one word": _health(answer("Healthy", "text/plain"), "passed", ASP_NET),
    "ASP.NET Core, degraded": _health(answer("Degraded", "text/plain"), "failed", ASP_NET, "'Degraded'"),
    "ASP.NET Core, unhealthy": _health(answer("Unhealthy", "text/plain", 503), "failed", ASP_NET, "answered 503"),
    "a script that answers OK and a line end": _health(answer("OK\r\n", "text/plain"), "passed", RFC_9110),
    "a text that only begins well": _health(answer("OK? no", "text/plain"), "failed", RFC_9110, "'OK? no'"),
    "204, which has no body": _health(answer("", "", 204), "passed", f"{RFC_9110}#section-15.3.5"),
    "200 without a word": _health(answer("", "text/plain"), "failed", f"{RFC_9110}#section-15.3.1", "says 'nothing'"),
    "the page of a bare web server": _health(answer(WELCOME, "text/html"), "failed", RFC_9110, "Welcome to nginx"),
    "HealthChecks UI": _health(answer(UI_PAGE), "passed", UI),
    "HealthChecks UI, an entry unhealthy": _health(
        answer({**UI_PAGE, "entries": {"sql": {"status": "Unhealthy"}}}), "failed", UI, "sql is Unhealthy"
    ),
    "Spring Boot with groups and disk space": _health(answer(SPRING_PAGE), "passed", SPRING),
    "Spring Boot 2.0: details for components": _health(answer(SPRING_2_0), "passed", SPRING),
    "Spring Boot, down": _health(answer({"status": "DOWN"}, status=503), "failed", SPRING, "answered 503"),
    "NestJS Terminus": _health(answer(TERMINUS_PAGE), "passed", TERMINUS),
    "NestJS Terminus, a detail down": _health(answer(TERMINUS_SICK), "failed", TERMINUS, "database is down"),
    "health+json, a value without a status": _health(answer(IETF_PAGE, "application/health+json"), "passed", IETF),
    "health+json, a check fails": _health(answer(IETF_SICK), "failed", IETF, "memory:utilization is fail"),
    "MicroProfile": _health(answer(MICROPROFILE_PAGE), "passed", MICROPROFILE),
    "MicroProfile, a check down": _health(answer(MICROPROFILE_SICK), "failed", MICROPROFILE, "heap is DOWN"),
    "an API that wraps every answer": _health(answer({"data": {"status": "ok"}, "error": None}), "passed", RFC_9110),
    "wrapped, and bad": _health(answer({"data": {"status": "bad"}}), "failed", RFC_9110, "'bad'"),
    "wrapped, a part bad": _health(answer({"data": {"status": "ok", "checks": {"db": False}}}), "failed", RFC_9110),
    "a truth value": _health(answer({"ok": True}), "passed", RFC_9110),
    "a truth value that is false": _health(answer({"healthy": False}), "failed", RFC_9110, "'unhealthy'"),
    "keys in another case": _health(answer({"Status": "Healthy"}), "passed", RFC_9110),
    "UTF-16 with its mark": _health(answer('{"status": "ok"}'.encode("utf-16")), "passed", RFC_9110),
    "JSON that tells no status": _health(answer({"version": "1.2"}), "blind", RFC_9110, "no 'status'"),
    "a page without an <html> tag": _page(answer(OPS, AS_HTML), "passed", f"{HTML}#optional-tags", nowhere=NO_SUCH),
    "a page in Latin-1 that says so, with references": _page(
        answer("<html><title>Größe &ndash;\n Operations</title>".encode("latin-1"), "text/html; charset=iso-8859-1"),
        "passed",
        HTML,
        nowhere=NO_SUCH,
    ),
    "a single-page application that the stack calls one": _page(
        answer(OPS, AS_HTML), "passed", SPA, nowhere=answer(OPS, AS_HTML), single_page_application=True
    ),
    "a single-page application whose page is another one": _page(
        answer(WELCOME, AS_HTML),
        "failed",
        SPA,
        "Welcome to nginx",
        nowhere=answer(WELCOME, AS_HTML),
        single_page_application=True,
    ),
    "a site that answers any path, which the stack does not say": _page(
        answer(OPS, AS_HTML),
        "failed",
        SPA,
        "set single_page_application if it is meant to",
        nowhere=answer(OPS, AS_HTML),
    ),
    "a single-page application's root object for 403 and 404": _errors(
        "/index.html", "passed", single_page_application=True
    ),
    "another root object": _errors("/app.html", "passed", root="app.html", single_page_application=True),
    "a page that is not its one page": _errors("/oops.html", "failed", "oops", single_page_application=True),
    "the same, of no single-page application": _errors("/index.html", "failed", "404 becomes 200"),
    "a hit of the origin shield": _asset("passed", X_CACHE, X_Cache="OriginShieldHit from cloudfront"),
    "a page that a function made": _asset("failed", X_CACHE, X_Cache="FunctionGeneratedResponse from cloudfront"),
    "two caches, the outer one hit": _asset("passed", RFC_9211, X_Cache="HIT, MISS"),
    "two caches that missed": _asset("failed", RFC_9211, "no answer came", X_Cache="MISS, MISS", Age="0"),
    "Cache-Status with a hit": _asset(
        "passed", RFC_9211, Cache_Status='ExampleCache; hit; ttl=376, "CDN Co"; fwd=miss'
    ),
    "Cache-Status that was forwarded": _asset("failed", RFC_9211, Cache_Status="ExampleCache; fwd=uri-miss; stored"),
    "only a cookie may not be kept": _asset(
        "passed", RFC_9111, X_Cache="Hit", Cache_Control='no-cache="Set-Cookie", max-age=60'
    ),
    "kept by the cache, not by browsers": _asset(
        "passed", RFC_9111, X_Cache="Hit", Cache_Control="max-age=0, s-maxage=60"
    ),
    "expired from the start": _asset("failed", RFC_9111, X_Cache="Hit", Expires="0"),
    "good for an hour": _asset("passed", RFC_9111, X_Cache="Hit", Date=DATE, Expires="Sun, 29 Nov 2026 10:00:00 GMT"),
    "another answer for each client": _asset("failed", RFC_9111, X_Cache="Hit", Vary="*"),
    "the word of an upload is no compression": _asset(
        "failed",
        "https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html",
        "not compressed",
        X_Cache="Hit",
        Content_Encoding="aws-chunked",
    ),
    "AWS's default and a heartbeat of half of it": _idle("passed", "idle timeout 60 s"),
    "a heartbeat at the very moment of the timeout": _idle("failed", "every 60 s, which is not sooner", heartbeat_s=60),
    "a timeout that was lowered": _idle("failed", "idle timeout 20 s", idle="20"),
    "a heartbeat that nobody told": _idle("passed", "websocket.heartbeat_s is not set", heartbeat_s=None),
    "a balancer that tells no timeout": _idle("blind", "no 'idle_timeout.timeout_seconds'", idle=""),
    "an NLB alone, whose timeout is another": _idle("nothing", balancers=[_balancer("tcp", "network")]),
    "a stack without a balancer": _idle("nothing", balancers=NotConfigured("", "names no load balancer")),
    "API Gateway's WebSocket beside an ALB": _idle(
        "nothing", idle="1", url="wss://a1b2.execute-api.us-west-2.amazonaws.com/p"
    ),
    "two ALBs, one of them the WebSocket's": _idle(
        {"live": "passed"},
        url="wss://dualstack.live-1234567890.us-west-2.elb.amazonaws.com/ws",
        balancers=[_balancer("shop"), _balancer("live")],
    ),
}
