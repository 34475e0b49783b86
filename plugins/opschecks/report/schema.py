"""The JSON Schema of the run file, made from the types of what it is written from."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from typing_extensions import TypedDict

from ..core.run import Run
from ..core.written import LATER, Changed, CountFromZero, Name
from .runfile import FORMAT


class WrittenVerdict(TypedDict):
    """The first lines of every report: the heading, and what is known in one sentence."""

    word: Name
    sentence: Name


class Counts(TypedDict):
    """How many checks ended with each outcome; their sum is `collected`."""

    passed: CountFromZero
    waived: CountFromZero
    not_run: CountFromZero
    blind: CountFromZero
    failed: CountFromZero
    not_applicable: CountFromZero


class Head(TypedDict):
    """Counted from the fields of `Run`, and written before them.

    A reader refuses any `format` but its own. `sandbox`: at least one of the stacks is the sandbox. `collected` is how
    many checks were collected, `calls` how many calls of AWS were made to look, `numbers` the tiles that the history
    keeps, by their key.
    """

    format: Literal[1]
    sandbox: bool
    verdict: WrittenVerdict
    collected: CountFromZero
    counts: Counts
    calls: CountFromZero
    numbers: Annotated[dict[str, float], LATER]


class _Bare(GenerateJsonSchema):
    """Without defaults, and without titles that only repeat a field's name."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def default_schema(self, schema: Any) -> dict[str, Any]:
        return self.generate_inner(schema["schema"])


def schema() -> dict[str, Any]:
    """The schema, draft 2020-12, of what `runfile.to_json` writes, and of what it wrote in earlier versions."""
    run, head = (TypeAdapter(one).json_schema(mode="serialization", schema_generator=_Bare) for one in (Run, Head))
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        "$id": f"urn:opschecks:run:{FORMAT}",
        **_strict({**run, "properties": {**head["properties"], **run["properties"]}}),
        "title": f"Run file of opschecks, format {FORMAT}",
        "description": f"{run['description']}\n\n{head['description']}",
        "$defs": _strict({**head["$defs"], **run["$defs"]}),
    }


def _strict(told: Any) -> Any:
    """Every field is required, but those that older files lack, and an object has no others.

    A change may have others: a remedy adds what it planned.
    """
    if isinstance(told, list):
        return [_strict(item) for item in told]
    if not isinstance(told, dict):
        return told
    strict = {key: _strict(item) for key, item in told.items() if key != "later"}
    if isinstance(told.get("properties"), dict):
        strict["required"] = [key for key, item in told["properties"].items() if "later" not in item]
        strict["additionalProperties"] = told.get("title") == Changed.__name__
    return strict
