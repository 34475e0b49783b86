"""Words that a scrubbed recording keeps: AWS's own, those that opschecks judges by, and those of HTTP and HTML.

Any other word may be somebody's name or secret, and is replaced.
"""

from __future__ import annotations

import dis
import functools
import inspect
import itertools
import re
import sys
from collections.abc import Iterable, Iterator
from html.entities import html5
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any

from .file import Exchange

WORD = re.compile(r"[^\W_]+")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^A-Za-z]+")
_ID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
"""Ids that AWS gave to what is the same for everybody, such as a managed cache policy."""
_ESCAPE = re.compile(r"\\[a-zA-Z]|\{[^{}]*\}")
_HAS_DOCSTRING = 0x4000000
"""The flag of a function since Python 3.13; before, the first constant is the docstring, or None."""
_BEGINNING = 12
"""Where a module or class keeps its docstring, in instructions."""
_ROOMS = ("aws", "web", "core", "config")
"""Where opschecks reads answers, and says what it found."""
_AWS = WORD.findall("""
arn aws cn gov iso app net gwy com amazonaws amazon elb cloudfront s3 north south east west central northeast southeast
northwest southwest us eu ap ca sa me af il mx internal compute ec2 ecs iam sts sns sqs lambda dynamodb logs cloudwatch
elasticloadbalancing loadbalancer targetgroup listener rule service services task tasks cluster definition container
instance table index stream log group alarm policy role user root topic bucket object snapshot volume subnet vpc eni eip
eipalloc eipassoc fl igw nat rtb acl ami sg sgr vol snap vpce pl svc key secret execution distribution stack changeset
awslogs fargate default backup backups
""")
_HTTP = WORD.findall("""
http https ws wss get head post put html doctype head title body meta charset utf lang en script style div span link
href src text plain json javascript css svg image png application octet form type content encoding length control cache
age max no store private public must revalidate immutable stale while expires date last modified etag vary accept origin
location server connection keep alive close gzip br deflate identity chunked transfer hit miss refreshhit error from via
x amz cf id pop apache nginx cookie headers url set path secure httponly samesite lax strict none mon tue wed thu fri
sat sun jan feb mar apr may jun jul aug sep oct nov dec gmt utc websocket handshake rejected refused status
code reason closed by
""")
_SAID = WORD.findall("""
throttled throttles throttling rejected failed failing failure failures errors error faults dropped drops denied aborted
timeout timeouts latency duration dead letter the and for not with was were has have had but are its that this from into
did does been because could cannot couldnt true false null none yes no ok up down healthy unhealthy running stopped
active inactive warning warn info debug critical fatal exception traceback redacted
""")


def vocabulary(exchanges: Iterable[Exchange]) -> frozenset[str]:
    """Every word that is kept, in lower case."""
    asked = {(one.question["service"], one.question["operation"]) for one in exchanges if one.kind == "aws"}
    words = {*_AWS, *_HTTP, *_SAID, *_of_opschecks()}
    for service, operation in sorted(asked):
        texts = (service, operation, *_of_operation(service, operation))
        words.update(word.lower() for text in texts for word in parts(text))
    return frozenset(words)


def parts(text: str) -> Iterator[str]:
    """The words of the text, and the parts of those in CamelCase."""
    for word in WORD.findall(text):
        yield word
        yield from pieces(word)


@functools.lru_cache(20_000)
def pieces(word: str) -> tuple[str, ...]:
    """CPUUtilization is CPU and Utilization; a word that has digits, or other letters than ASCII's, is one piece."""
    return tuple(_PART.findall(word)) if word.isascii() and word.isalpha() else (word,)


def is_entity(text: str) -> bool:
    """Whether it is a character reference of HTML, such as &ndash;."""
    return text.startswith("&#") or text[1:] in html5


@functools.cache
def _of_opschecks() -> frozenset[str]:
    """The words of its own texts and fields; not those of docstrings, which may name anything.

    Read from what Python has compiled, which is ten times faster than reading the source.
    """
    package, found = Path(__file__).parent.parent, set[str]()
    for room in _ROOMS:
        for path in sorted((package / room).rglob("*.py")):
            code = SourceFileLoader(path.stem, str(path)).get_code(path.stem)  # pytest's own loader reads no code
            for text in _constants(code) if code else ():
                found.update(word.lower() for word in parts(_ESCAPE.sub(" ", text)))
                found.update(_ID.findall(text))
    return frozenset(found)


def _constants(code: CodeType) -> Iterator[str]:
    """Every text of the code but its docstring, and of the code within it."""
    left = list(code.co_consts)
    documented = sys.version_info < (3, 13) or code.co_flags & _HAS_DOCSTRING
    if code.co_flags & inspect.CO_OPTIMIZED:  # a function
        left = left[1:] if documented and left and isinstance(left[0], str) else left
    else:
        before: Any = None
        for step in itertools.islice(dis.get_instructions(code), _BEGINNING):
            if step.opname == "STORE_NAME" and step.argval == "__doc__":
                left = [one for one in left if one is not before]
            before = step.argval
    while left:
        one = left.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, CodeType):
            yield from _constants(one)
        elif isinstance(one, tuple | frozenset):
            left += one


def _of_operation(service: str, operation: str) -> Iterator[str]:
    """The names of members and the enumerations of an operation, by botocore's model of the service."""
    model = _model(service)
    told = model["operations"].get(operation, {})
    met: set[str] = set()
    todo = [told[key]["shape"] for key in ("input", "output") if key in told]
    while todo:
        name = todo.pop()
        if name in met:
            continue
        met.add(name)
        shape = model["shapes"][name]
        yield from shape.get("enum", ())
        for key, member in shape.get("members", {}).items():
            yield key
            todo.append(member["shape"])
        todo += [shape[key]["shape"] for key in ("member", "key", "value") if key in shape]


@functools.cache
def _model(service: str) -> Any:
    from botocore.exceptions import UnknownServiceError
    from botocore.loaders import Loader

    try:
        return Loader().load_service_model(service, "service-2")
    except UnknownServiceError:
        return {"operations": {}, "shapes": {}}
