"""The statements of a policy, with what each is for; as JSON, Terraform's data source and a CloudFormation template."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from ..aws.permissions import ANYTHING, granted, of_keys
from ..aws.places import Places
from ..core.dataclass import dataclass
from ..core.wording import few

_READS = re.compile(r"(Describe|Get|List|Lookup|BatchGet|Filter|Query|Scan|StartQuery|Test|Decrypt|GenerateCredential)")
VERSION = "2012-10-17"
NAMED_AT_MOST = 6
"""Names in the comment of a statement."""


@dataclass(frozen=True)
class Statement:
    """What is allowed for the same resources under the same conditions; `why` is what needs it, in words."""

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[tuple[str, str, tuple[str, ...]], ...]
    why: str

    @property
    def changes(self) -> bool:
        """Whether any of its actions may change something."""
        return not all(map(is_read, self.actions))

    def document(self, *, sid: bool = True) -> dict[str, Any]:
        """As JSON policies have it; a list of one is written as itself."""
        told: dict[str, Any] = {"Sid": self.sid} if sid else {}
        told |= {"Effect": "Allow", "Action": _plain(self.actions), "Resource": _plain(self.resources)}
        if self.conditions:
            told["Condition"] = {}
            for operator, key, values in self.conditions:
                told["Condition"].setdefault(operator, {})[key] = _plain(values)
        return told


def _plain(values: Sequence[str]) -> Any:
    return values[0] if len(values) == 1 else list(values)


def is_read(action: str) -> bool:
    """Whether the action only looks; a query that CloudWatch runs changes nothing either."""
    return bool(_READS.match(action.partition(":")[2]))


def statements(
    needs: Iterable[tuple[str, str, Iterable[str]]], places: Places, keys: Iterable[str] = ()
) -> list[Statement]:
    """The statements for what is needed: (name, what people call it, its actions), and for KMS keys.

    An action is allowed once, for all that anybody needs it for.
    """
    wanted: dict[tuple[str, Any], tuple[dict[str, None], list[str]]] = {}
    every = [(made, shown) for name, shown, actions in needs for one in actions if (made := granted(one, name, places))]
    if keys := tuple(keys):
        every += [(made, "what these KMS keys encrypt (--kms)") for made in of_keys(keys, places)]
    for made, shown in every:
        resources, why = wanted.setdefault((made.action, made.conditions), ({}, []))
        resources.update(dict.fromkeys(made.resources))
        why.append(shown)
    groups: dict[tuple[Any, ...], list[tuple[str, list[str]]]] = {}
    for (action, conditions), (resources, why) in wanted.items():
        key = (not is_read(action), action.partition(":")[0], _widest(resources), conditions)
        groups.setdefault(key, []).append((action, why))
    taken: dict[str, int] = {}
    found = []
    for (changes, service, arns, conditions), some in sorted(groups.items(), key=lambda one: one[0]):
        sid = ("Change" if changes else "Read") + _words(service) + _noun(arns)
        taken[sid] = taken.get(sid, 0) + 1
        numbered = sid if taken[sid] == 1 else f"{sid}{taken[sid]}"
        actions = tuple(sorted({action for action, _ in some}))
        names = few(sorted({name for _, names in some for name in names}), NAMED_AT_MOST)
        found.append(Statement(numbered, actions, arns, conditions, names))
    return found


def _widest(resources: Iterable[str]) -> tuple[str, ...]:
    """Those that no other of them includes."""
    known = list(resources)
    return tuple(one for one in known if not any(other != one and fnmatchcase(one, other) for other in known))


def _words(text: str) -> str:
    return "".join(part.capitalize() for part in re.split(r"[^A-Za-z0-9]+", text))


def _noun(resources: Sequence[str]) -> str:
    """The kind of the first resource, such as Table; of S3, whether it is a bucket or what lies in it."""
    if resources == ANYTHING:
        return ""
    _, _, service, _, _, rest = resources[0].split(":", 5)
    if service == "s3":
        return "Objects" if "/" in rest or rest == "*" else "Bucket"
    kind = re.split("[/:]", rest)[0]
    return _words(kind) if kind != rest else ""


def document(made: Sequence[Statement], *, sid: bool = True) -> dict[str, Any]:
    """The policy as JSON has it."""
    return {"Version": VERSION, "Statement": [one.document(sid=sid) for one in made]}


def compact(made: Sequence[Statement], *, sid: bool = True) -> str:
    """In as few characters as JSON takes."""
    return json.dumps(document(made, sid=sid), separators=(",", ":"))


def as_json(made: Sequence[Statement], name: str) -> str:
    """Indented; JSON has no comments, so each Sid says what its statement is for."""
    return json.dumps(document(made), indent=2)


def as_terraform(made: Sequence[Statement], name: str) -> str:
    """A data source, whose `json` is what aws_iam_policy takes."""
    lines = [f'data "aws_iam_policy_document" "opschecks_{_word(name)}" {{']
    for number, one in enumerate(made):
        lines += [""] * bool(number)
        lines += [f"  # for {one.why}", "  statement {", f"    sid       = {_hcl(one.sid)}"]
        lines += [f"    actions   = [{_listed(one.actions)}]", f"    resources = [{_listed(one.resources)}]"]
        for operator, key, values in one.conditions:
            lines += ["", "    condition {", f"      test     = {_hcl(operator)}", f"      variable = {_hcl(key)}"]
            lines += [f"      values   = [{_listed(values)}]", "    }"]
        lines.append("  }")
    return "\n".join([*lines, "}"])


def as_cloudformation(made: Sequence[Statement], name: str) -> str:
    """A template with one managed policy, in YAML."""
    lines = [
        "AWSTemplateFormatVersion: '2010-09-09'",
        "Resources:",
        f"  Opschecks{''.join(part.capitalize() for part in _word(name).split('_'))}Policy:",
        "    Type: AWS::IAM::ManagedPolicy",
        "    Properties:",
        "      PolicyDocument:",
        f"        Version: '{VERSION}'",
        "        Statement:",
    ]
    for one in made:
        lines += [f"          # for {one.why}", f"          - Sid: {one.sid}", "            Effect: Allow"]
        lines += _yaml("            Action:", one.actions) + _yaml("            Resource:", one.resources)
        if one.conditions:
            lines.append("            Condition:")
        for operator, key, values in one.conditions:
            lines += [f"              {operator}:", *_yaml(f"                {json.dumps(key)}:", values)]
    return "\n".join(lines)


FORMS: Mapping[str, Callable[[Sequence[Statement], str], str]] = {
    "json": as_json,
    "terraform": as_terraform,
    "cloudformation": as_cloudformation,
}
"""By the name that `--format` takes."""


def _word(name: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in name)


def _hcl(text: str) -> str:
    """A quoted string, in which Terraform would replace ${…} and %{…}."""
    return json.dumps(text).replace("${", "$${").replace("%{", "%%{")


def _listed(values: Iterable[str]) -> str:
    return ", ".join(map(_hcl, values))


def _yaml(key: str, values: Sequence[str]) -> list[str]:
    indent = " " * (len(key) - len(key.lstrip()) + 2)
    return [key, *(f"{indent}- {json.dumps(value)}" for value in values)]
