"""What `opschecks new observation` and `opschecks new remedy` lay out, from botocore's model of the service."""

from __future__ import annotations

import difflib
import importlib.util
import keyword
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from ..aws.configuration import isolated_session
from ..core.iam import iam_action
from .new_files import WIDTH, Laid, appended, in_this_repository, read, refuse_defined, with_imports
from .options import require_known

_READS = ("List", "Describe", "Get")
_PYTHON = {"boolean": "bool", "string": "str", "integer": "int", "long": "int", "double": "float", "float": "float"}
_CONFTEST = Path("checks/conftest.py")


def service_model(service: str) -> Any:
    """Botocore's model of the service; one clear line with the nearest name where there is none."""
    session = isolated_session()
    require_known(f"--service {service}: AWS has no such client", service, session.get_available_services())
    return session.get_service_model(service)


def operation_named(model: Any, operation: str) -> Any:
    """An operation of the service; one clear line with the nearest name where there is none."""
    said = f"--operation {operation}: {model.service_name} has no such operation"
    require_known(said, operation, model.operation_names)
    return model.operation_model(operation)


def list_operation(model: Any, name: str, given: str) -> tuple[str, str, Any]:
    """The operation that lists what the observation is called: its name, its list's key, the shape of an element."""

    def lists(operation: Any) -> dict[str, Any]:
        told = operation.output_shape
        return {key: shape.member for key, shape in told.members.items() if shape.type_name == "list"} if told else {}

    if given:
        operation = operation_named(model, given)
        if not lists(operation):
            raise click.ClickException(f"--operation {given}: its answer holds no list")
    else:
        candidates = {
            one.removeprefix(verb).lower(): operation
            for verb in reversed(_READS)
            for one in model.operation_names
            if one.startswith(verb)
            and lists(operation := model.operation_model(one))
            and not (operation.input_shape and operation.input_shape.required_members)
        }
        close = difflib.get_close_matches(name.replace("_", ""), candidates, n=1, cutoff=0.7)
        if not close:
            listed = sorted(operation.name for operation in candidates.values())
            raise click.ClickException(
                f"{name}: no operation of {model.service_name} lists that; choose one with --operation: "
                f"{', '.join(listed[:12]) or 'none lists without being given a name'}"
            )
        operation = candidates[close[0]]
    key, member = min(lists(operation).items(), key=lambda one: -difflib.SequenceMatcher(None, one[0], name).ratio())
    return operation.name, key, member


def observation_files(name: str, service: str, operation: str) -> Iterator[Laid]:
    """The observation with its type of resource, and a test of it (here) or the conftest that declares it (there)."""
    model = service_model(service)
    call, key, member = list_operation(model, name, operation)
    kind = _class(name.removesuffix("s"))
    module = service.replace("-", "_") + "_" * keyword.iskeyword(service)
    path = Path("plugins/opschecks/aws", f"{module}.py") if in_this_repository() else _own_module(name)
    refuse_defined(path, [name, kind])
    arn, shown, property_ = "raw", "raw", ""
    evidence = f'{{"{key}": raw}}'
    if member.type_name == "structure":
        keys = [_member(member.members, kind, ending) for ending in ("arn", "name")]
        arn, shown, evidence = f'raw["{keys[0]}"]', f'raw["{keys[1]}"]', "raw"
        property_ = _property(member.members, {*keys}, call)
    own = f'    """TODO: what one of {name} is."""\n{property_}'
    one = f"{kind}(arn={arn}, name={shown}, evidence={evidence})"
    made = f"    return [{one} for raw in listed]"
    if len(made) > WIDTH:
        made = f"    return [\n        {one}\n        for raw in listed\n    ]"
    code = f'''\
@dataclass(frozen=True, kw_only=True)
class {kind}(Resource):
{own}

@observation(allow=["{iam_action(service, call)}"])
def {name}(aws: Aws) -> list[{kind}]:
    """All that {service}:{call} returns; TODO: only those of the stack."""
    listed = aws.items("{service}", "{call}", "{key}")
{made}
'''
    core = {"..core.model": ["Resource"], "..core.observation": ["observation"], ".session": ["Aws"]}
    public = {"opschecks": ["Resource", "observation"], "opschecks.aws.session": ["Aws"]}
    ours = in_this_repository()
    imports = {"__future__": ["annotations"], "dataclasses": ["dataclass"], **(core if ours else public)}
    yield appended(
        path, code, f"the observation {name}, by {service}:{call}", imports, f'"""AWS {service}: {name}."""\n'
    )
    if not ours:
        yield _declared(name, name)
        return
    test = f'''\
def test_{name}_are_all_that_is_listed() -> None:
    raw, answer = least("{service}", "{call}", "{key}")
    found = {name}(Aws({{("{service}", "{call}"): answer}}))
    assert [one.name for one in found] == [{shown}]
'''
    wanted = {"__future__": ["annotations"], f"opschecks.aws.{module}": [name], "tests.canned": ["Aws", "least"]}
    head = f'"""AWS {service}: what is made of its answers."""\n'
    yield appended(Path("tests/aws", f"test_{module}.py"), test, "its test", wanted, head)


def remedy_files(name: str, service: str, operation: str) -> Iterator[Laid]:
    """The remedy, in remedies/settings (here) or in a module that the conftest of checks/ declares (there)."""
    model = service_model(service)
    told = operation_named(model, operation).input_shape
    required = list(told.required_members) if told else []
    ours, kind, module = in_this_repository(), _class(name), name.replace("-", "_")
    path = Path("plugins/opschecks/remedies/settings", f"{module}.py") if ours else _own_module(module)
    refuse_defined(path, [kind])
    target = required[0] if required else next(iter(told.members), "target") if told else "target"
    code = f'''\
class {kind}(Setting):
    """TODO: what it changes, in one sentence."""

    allow = ("{iam_action(service, operation)}",)
    expects = "TODO: what users see of the change"

    def read(self, target: str) -> State:
        """The setting as it is now: the parameters of {operation}, by name."""
        raise CannotFix("{name} is not written yet: read the setting here, by self.aws.call('{service}', …)")

    def want(self, now: State, wish: Mapping[str, str]) -> State:
        """The setting that fixes it."""
        raise CannotFix("{name} is not written yet: return the setting that fixes it here")

    def request(self, target: str, before: State, after: State) -> Request:
        """{operation} with the wanted setting."""
        return Request("{service}", "{operation}", {{"{target}": target, **after}})
'''
    imports: dict[str, list[str]] = {"__future__": ["annotations"], "collections.abc": ["Mapping"]}
    if ours:
        imports |= {"...core.change": ["CannotFix", "Request", "State"], "...fixing.remedy": ["Setting"]}
    else:
        imports |= {"opschecks": ["CannotFix", "Request", "Setting", "State"]}
    yield appended(path, code, f"the remedy {name}, to write", imports, f'"""A remedy by {service}:{operation}."""\n')
    if not ours:
        yield _declared(module, kind)


def _class(name: str) -> str:
    return "".join(word.capitalize() for word in re.split("[-_]", name))


def _member(members: Mapping[str, Any], kind: str, ending: str) -> str:
    """The member that has the resource's ARN or name: QueueArn or Arn, else what is most like it."""
    told = {key.lower(): key for key, shape in members.items() if shape.type_name == "string"}
    exact = next((one for one in (kind.lower() + ending, ending) if one in told), "")
    ids = [one for one in told if one.endswith(("arn", "id", "name"))] or list(told) or [key.lower() for key in members]
    close = exact or max(ids, key=lambda one: difflib.SequenceMatcher(None, one, kind.lower() + ending).ratio())
    return told.get(close) or next(iter(members))


def _property(members: Mapping[str, Any], used: set[str], call: str) -> str:
    """A typed property of the first bool of the element, or its first plain value; "" where it has none."""
    plain = {key: shape.type_name for key, shape in members.items() if key not in used and shape.type_name in _PYTHON}
    if not plain:
        return ""
    key = next((one for one, of in plain.items() if of == "boolean"), next(iter(plain)))
    python = _PYTHON[plain[key]]
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key).lower()
    return f'''
    @property
    def {snake}(self) -> {python}:
        """Its {key}, as {call} returns it."""
        return {python}(self.evidence["{key}"])
'''


def _own_module(name: str) -> Path:
    """The module in checks/ of a user's project; pytest puts that folder first, so it must not hide another module."""
    path = Path("checks", f"{name}.py")
    if not path.exists() and importlib.util.find_spec(name):
        raise click.ClickException(f"{name}: {path} would hide Python's module of that name; choose another name")
    return path


def _declared(module: str, name: str) -> Laid:
    """The conftest of checks/, through which every run and every command knows what the module declares."""
    before = read(_CONFTEST)
    head = before or '"""What the checks of this project use of their own."""\n'
    line = f"from {module} import {name}"
    after = with_imports(head, {module: [name]}).replace(line, f"{line}  # noqa: F401 - to declare it")
    return Laid(_CONFTEST, before, after, f"declares {name}")
