"""Where moto's EventBridge is not like AWS's: it cannot try a pattern."""

from __future__ import annotations

import json

from moto.events.models import EventPattern, EventPatternParser
from moto.events.responses import EventsHandler

from ..correction import Kind, replaces


@replaces(EventsHandler, "test_event_pattern", Kind.BUG, "eventbridge/latest/APIReference/")
def _test_event_pattern(self: EventsHandler) -> str:
    """moto answers nothing. AWS says whether the event matches the pattern."""
    pattern = self._get_param("EventPattern")
    wanted = EventPattern(pattern, EventPatternParser(pattern).parse())
    return json.dumps({"Result": wanted.matches_event(json.loads(self._get_param("Event")))})
