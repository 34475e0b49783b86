"""Remedies of alarms: their actions on and off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..observe import need
from ..remedy import CannotMend, Remedy, Request, Risk, State

_CALL = "cloudwatch:DescribeAlarms"


class _AlarmActions(Remedy):
    """Turns the actions of one alarm on or off."""

    runbook = "silence-alarms"
    allow = ("cloudwatch:EnableAlarmActions", "cloudwatch:DisableAlarmActions", _CALL)

    def targets(self, resource: str, evidence: Mapping[str, Any]) -> list[str]:
        """The alarm by its name, the part of its ARN after alarm:."""
        del evidence
        return [resource.split(":alarm:", 1)[-1]]

    def normal(self, target: str) -> str:
        """The name, of an ARN too."""
        return target.split(":alarm:", 1)[-1]

    def shown(self, target: str) -> str:
        """The alarm's name."""
        return target

    def risk_of(self, before: State, after: State) -> Risk:
        """Whom nobody calls, nobody helps."""
        del before
        return Risk.SAFE if after["ActionsEnabled"] else Risk.DISRUPTIVE

    def read(self, target: str) -> State:
        """Whether its actions are on."""
        name = self.shown(target)
        answer = self.aws.call(
            "cloudwatch", "DescribeAlarms", AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm", "LogAlarm"]
        )
        lists = [answer.get(key) or [] for key in ("MetricAlarms", "CompositeAlarms", "LogAlarms")]
        found = [one for listed in lists for one in listed if one.get("AlarmName") == name]
        if not found:
            raise CannotMend(f"there is no alarm {name}")
        return {"ActionsEnabled": bool(need(found[0], "ActionsEnabled", call=_CALL))}

    def request(self, target: str, before: State, after: State) -> Request:
        """On or off, for this one alarm."""
        del before
        operation = "EnableAlarmActions" if after["ActionsEnabled"] else "DisableAlarmActions"
        return Request("cloudwatch", operation, {"AlarmNames": [self.shown(target)]})


class EnableAlarmActions(_AlarmActions):
    """Turn the actions of an alarm on again."""

    risk = Risk.SAFE
    expects = "the alarm calls people again when it rings"

    def want(self, now: State, wish: Mapping[str, str]) -> State:
        """On."""
        del wish
        if now["ActionsEnabled"]:
            raise CannotMend(
                "its actions are on: what silences it is a mute rule or a suppressor, which somebody set up"
            )
        return {"ActionsEnabled": True}


class SilenceAlarm(_AlarmActions):
    """Turn the actions of an alarm off, until `enable-alarm-actions` turns them on; the daily run says so meanwhile."""

    risk = Risk.DISRUPTIVE
    expects = "nobody is called when the alarm rings, until its actions are turned on again"

    def want(self, now: State, wish: Mapping[str, str]) -> State:
        """Off."""
        del now, wish
        return {"ActionsEnabled": False}
