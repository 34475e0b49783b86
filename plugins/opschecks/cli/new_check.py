"""What `opschecks new check` lays out: a check, its runbook heading, its fault, its tests."""

from __future__ import annotations

import ast
import typing
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click

from ..aws.configuration import isolated_session
from ..aws.evidence import Read
from ..core.check_names import find_checks
from ..core.dataclass import dataclass
from ..core.iam import IAM_PREFIX
from ..core.model import Resource
from ..report.runbook import read_runbook
from .new_files import Laid, appended, body_of, fitted, in_this_repository, read, refuse_defined
from .options import require_known

RUNBOOK = Path("checks/RUNBOOK.md")
_MINISTACK = Path("tests/checks/test_ministack.py")


@dataclass(frozen=True, kw_only=True)
class NewCheck:
    """A check to lay out. `name` begins with test_; `folder` is its suite's below checks/; `slug` its runbook heading.

    `observed` is the observation, `kind` the type of its resources, `listed` whether it gives a list of them.
    `expected` is what its property `judged` must be: True, False, or None where a person has to say.
    """

    name: str
    folder: str
    area: str
    slug: str
    severity: str
    failing: str
    why: str
    observed: Any
    kind: type[Resource]
    listed: bool
    judged: str
    expected: bool | None

    @property
    def ours(self) -> bool:
        """Whether it is a check of this repository, which has a place for its fault and its test."""
        return in_this_repository() and str(self.observed.function.__module__).startswith("opschecks.")

    @property
    def fault(self) -> str:
        """The name of its fault."""
        return f"not_{self.name.removeprefix('test_')}"

    @property
    def one(self) -> str:
        """What one of its resources is called in the check."""
        name = str(self.observed.name)
        if not self.listed:
            return name
        endings = (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("s", ""))
        shorter = (name.removesuffix(end) + new for end, new in endings if name.endswith(end))
        return next(shorter, "one")

    @property
    def broken(self) -> str:
        """What is true where it fails, of a bool."""
        return f"{self.judged} is {str(not self.expected).lower()}"

    @property
    def value(self) -> str:
        """The expression that is judged."""
        return f"{self.one}.{self.judged}"


def resource_type(observed: Any) -> tuple[type[Resource], bool] | None:
    """The type of resource that an observation gives, and whether in a list; None where a check cannot examine it."""
    function = observed.function
    returned = SimpleNamespace(__annotations__={"it": function.__annotations__.get("return")})
    told: Any = typing.get_type_hints(returned, function.__globals__)["it"]
    listed = typing.get_origin(told) is list
    kind = typing.get_args(told)[0] if listed else told
    return (kind, listed) if isinstance(kind, type) and issubclass(kind, Resource) else None


def properties(kind: type[Resource]) -> dict[str, bool]:
    """The typed properties and fields of a type of resource: name, and whether it is a bool."""
    found: dict[str, bool] = {}
    for cls in kind.__mro__[: kind.__mro__.index(Resource)]:
        own = {
            name: told.gives if isinstance(told, Read) else told.fget.__annotations__.get("return")
            for name, told in vars(cls).items()
            if isinstance(told, property | Read)
        }
        for name, annotation in {**own, **vars(cls).get("__annotations__", {})}.items():
            if not name.startswith("_"):
                found.setdefault(name, annotation in (bool, "bool"))
    return found


def chosen(kind: type[Resource], given: str) -> tuple[str, bool | None]:
    """The property to judge and what it must be, as given: `sticky`, `not sticky`.

    A person has to say what must hold (None) of one that is not a bool, and of the first, which stands in for none.
    """
    known = properties(kind)
    name = given.removeprefix("not ").strip() or next(iter(known), "evidence")
    if given:
        require_known(f"--property {given}: {kind.__name__} has no {name}", name, known)
    if given.startswith("not ") and not known[name]:
        raise click.ClickException(f"--property {given}: {name} is not a bool; leave the 'not' out")
    return name, not given.startswith("not ") if given and known[name] else None


def files_of(new: NewCheck) -> Iterator[Laid]:
    """All files of the check, for this repository or for a project that uses opschecks."""
    yield _check(new)
    if heading := _heading(new):
        yield heading
    if new.ours:
        yield _fault(new)
        yield _canned_test(new)
        if _in_ministack(new):
            yield _ministack(new)


def left_out(new: NewCheck) -> Iterator[str]:
    """What was not laid out, and why."""
    if not new.ours:
        yield "a fault: no plugins/ here; @fault of opschecks.sandbox.faults declares one in a conftest.py"
        yield "a test with canned answers: no tests/ here"
    elif not _in_ministack(new):
        yield f"an entry in {_MINISTACK}: it runs the daily checks that ask AWS alone"


def _check(new: NewCheck) -> Laid:
    kind = next(one for one in new.kind.__mro__ if one.__module__ != "conftest")  # which is not for importing
    shown = f"list[{kind.__name__}]" if new.listed else kind.__name__
    parameters = [f"{new.observed.name}: {shown}", "examine: Examine"]
    indent = " " * (8 if new.listed else 4)
    if new.expected is None:
        judged = [
            f"with examine({new.one}) as note:",
            f'    note(f"{new.judged} is {{{new.value}}}")',
            f'    raise NotImplementedError("say here what must hold of {new.value}")',
        ]
    else:
        asserted = new.value if new.expected else f"not {new.value}"
        judged = [f"with examine({new.one}):", f'    assert {asserted}, "{new.broken}"']
    code = [
        fitted("@check", (f"Severity.{new.severity.upper()}", f'runbook="{new.slug}"', f'failing="{new.failing}"'), ""),
        fitted(f"def {new.name}", parameters, " -> None:"),
        f'    """{new.why}"""',
        *([f"    for {new.one} in {new.observed.name}:"] if new.listed else []),
        *(indent + line for line in judged),
    ]
    imports = {"opschecks": ["Examine", "Severity", "check"]}
    if kind is Resource:
        imports["opschecks"].append("Resource")
    else:
        imports[kind.__module__] = [kind.__name__]
    path = Path("checks", new.folder, f"test_{new.area}.py")
    return appended(path, "\n".join(code), f"the check {new.name}", imports, f'"""Checks of {new.area}."""\n')


def _heading(new: NewCheck) -> Laid | None:
    before = read(RUNBOOK)
    if before and new.slug in read_runbook(RUNBOOK):
        return None
    section = f"""\
## {new.slug}

**{new.failing}**

### Symptom

TODO: what users or dashboards show when this fails.

### Look

1. See what the check saw.

   ```sh
   {_command(new)}
   ```

### Act

1. TODO: what to do about it.
"""
    after = f"{before.rstrip() or '# Runbook'}\n\n{section}"
    return Laid(RUNBOOK, before, after, f"the heading {new.slug}, with its steps to write")


def _command(new: NewCheck) -> str:
    """A command of the AWS CLI that shows what the observation sees."""
    from botocore import xform_name

    for client, operation in _calls(new):
        shape = operation.input_shape
        options = "".join(f" --{xform_name(one, '-')} <resource>" for one in (shape.required_members if shape else ()))
        program = "s3api" if client == "s3" else client
        return f"aws {program} {xform_name(operation.name, '-')} --region <region>{options}"
    return "curl --silent --show-error --head <resource>"


def _calls(new: NewCheck) -> Iterator[tuple[str, Any]]:
    """The calls of AWS that the observation makes itself: client and botocore's model of the operation."""
    session = isolated_session()
    clients = {prefix: client for client, prefix in IAM_PREFIX.items()}
    for action in new.observed.allow:
        prefix, _, operation = action.partition(":")
        client = clients.get(prefix, prefix)
        if client in session.get_available_services():
            model = session.get_service_model(client)
            if operation in model.operation_names:
                yield client, model.operation_model(operation)


def _fault(new: NewCheck) -> Laid:
    module = new.observed.function.__module__.rpartition(".")[2]
    client = next((client for client, _ in _calls(new)), "ecs")
    becomes = "" if new.expected is None else f", so that {new.broken}"
    told = f"\"break it here, for example by sandbox.client('{client}'){becomes}\""
    code = f'''\
@fault(caught_by=["{new.name}"])
def {new.fault}(sandbox: Sandbox) -> None:
    """TODO: say what is broken."""
{fitted("    raise NotImplementedError", [told], "")}
'''
    head = f'''\
"""Faults of {module}."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import fault

if TYPE_CHECKING:
    from ..environment import Sandbox
'''
    path = Path("plugins/opschecks/sandbox/faults", f"{module}.py")
    return appended(path, code, f"the fault {new.fault}, to write", {}, head)


def _canned_test(new: NewCheck) -> Laid:
    room, module = new.observed.function.__module__.split(".")[-2:]
    loader = new.folder if new.folder in ("daily", "weekly") else "checks_of"
    area = f'"{new.area}"' if loader == new.folder else f'"{new.folder}", "{new.area}"'

    def asserted(told: object, outcome: str) -> str:
        seen = f"stand_in({new.judged}={told})"
        return f"    assert verdict(judged, {new.observed.name}={f'[{seen}]' if new.listed else seen}){outcome}"

    lines = [f"def {new.name}_is_judged() -> None:", f"    judged = {loader}({area}).{new.name}"]
    if new.expected is None:
        lines.append("    # TODO: what passes and what fails, once the check says what must hold")
        lines.append(asserted('"anything"', '[0] == "blind"'))
    else:
        lines.append(asserted(new.expected, '[0] == "passed"'))
        lines.append(asserted(not new.expected, f' == ("failed", "{new.broken}")'))
    imports = {"tests.canned": [loader, "stand_in", "verdict"]}
    code = "\n".join(lines)
    head = f'"""What is judged of {module}."""\n\nfrom __future__ import annotations\n'
    return appended(Path("tests", room, f"test_{module}.py"), code, "a test of the check's verdicts", imports, head)


def _in_ministack(new: NewCheck) -> bool:
    return new.folder == "daily" and bool(new.observed.allow)


def _ministack(new: NewCheck) -> Laid:
    before = read(_MINISTACK)
    for node in body_of(_MINISTACK, before):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "BY_API_ALONE" and node.end_lineno:
            lines = before.splitlines()
            lines.insert(node.end_lineno - 1, f'    "{new.fault}",')
            return Laid(_MINISTACK, before, "\n".join(lines) + "\n", "the fault, for a second emulator")
    raise click.ClickException(f"{_MINISTACK}: it has no BY_API_ALONE")


def refuse_existing(new: NewCheck) -> None:
    """Refuse a check or fault whose name exists, with file and line."""
    for name, path in find_checks(Path("checks")):
        if name == new.name:
            refuse_defined(path, [name])
    if in_this_repository():
        for path in Path("plugins/opschecks/sandbox/faults").glob("*.py"):
            refuse_defined(path, [new.fault])
