"""Remedies of alarms: their actions on and off, and silence for a given time."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from ...core import clock
from ...core.change import CannotFix, Progress, Request, Risk, State
from ...core.durations import span_of
from ...core.observation import NotThere
from ...fixing.remedy import Setting

_CALL = "cloudwatch:DescribeAlarms"
LONGEST_SILENCE = timedelta(days=7)
LONGEST_RULE = 255
DURATION = "P7D"
"""Of each window: as long as any silence, so that nothing depends on how windows of one rule overlap."""


class _Alarm(Setting):
    """What changes whether an alarm calls anybody."""

    kind = "alarms"
    runbook = "silence-alarms"

    def targets(self, resource: str, evidence: Mapping[str, Any]) -> list[str]:
        """By its name, which another alarm may have in the region of CloudFront: that one is left alone."""
        [name] = super().targets(resource, evidence)
        if resource.startswith("arn:") and self._describe(name).get("AlarmArn", resource) != resource:
            raise CannotFix(f"{resource} is in another region than the stack: change it there")
        return [name]

    def _describe(self, target: str) -> Mapping[str, Any]:
        kinds = ["MetricAlarm", "CompositeAlarm", "LogAlarm"]
        answer = self.aws.call("cloudwatch", "DescribeAlarms", AlarmNames=[target], AlarmTypes=kinds)
        lists = [answer.get(key) or [] for key in ("MetricAlarms", "CompositeAlarms", "LogAlarms")]
        found: list[Mapping[str, Any]] = [one for some in lists for one in some if one.get("AlarmName") == target]
        if not found:
            raise CannotFix(f"there is no alarm {target}")
        return found[0]


class _AlarmActions(_Alarm):
    """Turns the actions of one alarm on or off."""

    allow = ("cloudwatch:EnableAlarmActions", "cloudwatch:DisableAlarmActions", _CALL)

    def risk_of(self, before: State, after: State) -> Risk:
        """An alarm that calls nobody is a risk."""
        return Risk.SAFE if after["ActionsEnabled"] else Risk.DISRUPTIVE

    def read(self, target: str) -> State:
        return {"ActionsEnabled": bool(self._describe(target)["ActionsEnabled"])}

    def request(self, target: str, before: State, after: State) -> Request:
        operation = "EnableAlarmActions" if after["ActionsEnabled"] else "DisableAlarmActions"
        return Request("cloudwatch", operation, {"AlarmNames": [target]})


class EnableAlarmActions(_AlarmActions):
    """Turn the actions of an alarm on again."""

    risk = Risk.SAFE
    expects = "the alarm calls people again"

    def want(self, now: State, wish: Mapping[str, str]) -> State:
        if now["ActionsEnabled"]:
            raise CannotFix(
                "its actions are on: a mute rule or a suppressor silences it, or the actions themselves fail"
            )
        return {"ActionsEnabled": True}


class DisableAlarmActions(_AlarmActions):
    """Turn the actions of an alarm off, until `enable-alarm-actions` turns them on; daily runs report it meanwhile."""

    risk = Risk.DISRUPTIVE
    expects = "the alarm calls nobody until its actions are turned on again"
    beware = "they stay off until they are turned on: silence-alarm ends at a given time"

    def want(self, now: State, wish: Mapping[str, str]) -> State:
        return {"ActionsEnabled": False}


class SilenceAlarm(_Alarm):
    """Mute an alarm for a given time; it still shows in the console, and calls people again afterwards."""

    risk = Risk.DISRUPTIVE
    settles_within = timedelta(minutes=3)
    allow = ("cloudwatch:PutAlarmMuteRule", "cloudwatch:DeleteAlarmMuteRule", "cloudwatch:GetAlarmMuteRule", _CALL)
    expects = "the alarm calls nobody until the time is over"
    wishes = {"for": f"how long, such as 90m, 2h or 1d; at most {LONGEST_SILENCE.days}d"}  # noqa: RUF012

    def read(self, target: str) -> State:
        """Until when our own rule mutes it, in UTC; nothing where there is none, or it is over."""
        try:
            told = self.aws.call("cloudwatch", "GetAlarmMuteRule", AlarmMuteRuleName=_rule(target))
        except NotThere:
            return {"muted_until": ""}
        if told["Status"] == "EXPIRED":
            return {"muted_until": ""}
        ends: datetime = told["ExpireDate"]
        return {"muted_until": ends.astimezone(UTC).isoformat(timespec="seconds")}

    def read_for_plan(self, target: str) -> State:
        self._describe(target)
        return self.read(target)

    def want(self, now: State, wish: Mapping[str, str]) -> State:
        try:
            span = span_of(wish["for"])
        except (KeyError, ValueError):
            raise CannotFix("say for how long with --set for=90m, for=2h or for=1d") from None
        if not timedelta() < span <= LONGEST_SILENCE:
            raise CannotFix(
                f"--set for={wish['for']}: from 1m to {LONGEST_SILENCE.days}d; for longer, change the alarm"
            )
        ends = clock.now().replace(second=0, microsecond=0) + span + timedelta(minutes=1)  # AWS cuts to the minute
        return {"muted_until": ends.isoformat(timespec="seconds")}

    def request(self, target: str, before: State, after: State) -> Request:
        """A rule whose windows begin each minute, and which expires; a single window would have to begin later."""
        if not after["muted_until"]:
            return Request("cloudwatch", "DeleteAlarmMuteRule", {"AlarmMuteRuleName": _rule(target)})
        return Request(
            "cloudwatch",
            "PutAlarmMuteRule",
            {
                "Name": _rule(target),
                "Rule": {"Schedule": {"Expression": "cron(* * * * *)", "Duration": DURATION, "Timezone": "UTC"}},
                "MuteTargets": {"AlarmNames": [target]},
                "ExpireDate": after["muted_until"],
            },
        )

    def progress(self, target: str, before: State, after: State) -> Progress:
        """There as soon as the rule mutes: it is scheduled until its first minute begins."""
        reached = super().progress(target, before, after)
        if not (reached.settled and after["muted_until"]):
            return reached
        told = self.aws.call("cloudwatch", "GetAlarmMuteRule", AlarmMuteRuleName=_rule(target))
        status = str(told["Status"])
        return Progress(status == "ACTIVE", f"the rule is {status}")

    def risk_of(self, before: State, after: State) -> Risk:
        """An alarm that calls nobody is a risk; one that calls again is safe."""
        return Risk.DISRUPTIVE if after["muted_until"] else Risk.SAFE


def _rule(alarm: str) -> str:
    """A name of at most 255 characters; one that had to be cut is told apart by a digest."""
    name = f"opschecks-{alarm}"
    return name if len(name) <= LONGEST_RULE else f"{name[:200]}-{hashlib.sha256(alarm.encode()).hexdigest()[:16]}"
