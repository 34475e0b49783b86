"""`include` and `[defaults]`: what stacks inherit, and one message where files do not fit together."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from opschecks.config.load import StackError, load_stacks
from opschecks.config.stack import Stack


def stacks(folder: Path, files: Mapping[str, str]) -> dict[str, Stack]:
    """What stacks.toml says, beside these files."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return load_stacks(folder / "stacks.toml").stacks


DEFAULTS = """
[defaults]
region = "eu-west-1"
profile = "on-call"
tables = ["a"]
tags = { team = "shop", stage = "prod" }
contacts = { on_call = "ann", escalation = "bob" }
limits = { cpu_percent = 70, "prod/web" = { min_tasks = 3 } }
"""


def test_a_stacks_own_keys_win_tables_key_by_key_and_lists_as_a_whole(tmp_path: Path) -> None:
    own = """
    [stacks.one]
    [stacks.two]
    region = "us-west-2"
    tables = ["b", "c"]
    tags = { stage = "test" }
    contacts = { on_call = "eve" }
    limits = { memory_percent = 60, "prod/web" = { max_tasks = 9 } }
    """
    found = stacks(tmp_path, {"stacks.toml": DEFAULTS + own})
    one, two = found["one"], found["two"]
    assert (one.region, one.profile, one.tables) == ("eu-west-1", "on-call", ("a",))
    assert (two.region, two.profile, two.tables) == ("us-west-2", "on-call", ("b", "c"))
    assert two.tags == {"team": "shop", "stage": "test"}
    assert (two.contacts.on_call, two.contacts.escalation) == ("eve", "bob")
    assert (two.limits.cpu_percent, two.limits.memory_percent) == (70, 60)
    web = two.limits.named("prod/web")
    assert (web.min_tasks, web.max_tasks) == (3, 9)
    assert one.limits.memory_percent != 60


def test_a_sandbox_inherits_nothing_of_an_account(tmp_path: Path) -> None:
    found = stacks(tmp_path, {"stacks.toml": DEFAULTS + "[stacks.box]\nsandbox = true\n[stacks.real]\n"})
    assert (found["box"].profile, found["box"].region) == (None, "eu-west-1")


def test_files_are_included_with_the_defaults_around_them(tmp_path: Path) -> None:
    files = {
        "stacks.toml": 'default = "a"\ninclude = ["more.toml", "stacks.d/*.toml"]\n[defaults]\nprofile = "x"\n',
        "more.toml": '[defaults]\nregion = "eu-west-1"\n[stacks.a]\n[stacks.b]\nprofile = "y"\n',
        "stacks.d/c.toml": '[stacks.c]\nregion = "eu-west-2"\n',
        "stacks.d/d.toml": 'include = ["below/e.toml"]\n[defaults]\nprofile = "z"\n[stacks.d]\n',
        "stacks.d/below/e.toml": "[stacks.e]\n",
    }
    found = stacks(tmp_path, files)
    assert {name: (one.profile, one.region) for name, one in found.items()} == {
        "a": ("x", "eu-west-1"),
        "b": ("y", "eu-west-1"),
        "c": ("x", "eu-west-2"),
        "d": ("z", None),
        "e": ("z", None),
    }


HERE = "[stacks.here]\n"
WRONG: dict[str, tuple[Mapping[str, str], str]] = {
    "no such file": (
        {"stacks.toml": f'include = ["mroe.toml"]\n{HERE}', "more.toml": ""},
        "stacks.toml: include: \"mroe.toml\": no such file; did you mean 'more.toml'?",
    ),
    "no file fits": ({"stacks.toml": f'include = ["d/*.toml"]\n{HERE}'}, 'include: "d/*.toml": no file fits it'),
    "not a list": ({"stacks.toml": f'include = "a.toml"\n{HERE}'}, "stacks.toml: include: expected a list of files"),
    "itself": (
        {"stacks.toml": f'include = ["*.toml"]\n{HERE}'},
        "a circle: {0}/stacks.toml includes {0}/stacks.toml; leave it out",
    ),
    "a circle": (
        {
            "stacks.toml": f'include = ["a.toml"]\n{HERE}',
            "a.toml": 'include = ["b.toml"]',
            "b.toml": 'include = ["a.toml"]',
        },
        'b.toml: include: "a.toml": a circle: {0}/stacks.toml includes {0}/a.toml includes {0}/b.toml includes',
    ),
    "a file twice": (
        {"stacks.toml": f'include = ["a.toml", "*a.toml"]\n{HERE}', "a.toml": "[stacks.a]"},
        'include: "*a.toml": {0}/a.toml is included already; leave it out',
    ),
    "a stack twice": (
        {"stacks.toml": f'include = ["a.toml"]\n{HERE}', "a.toml": HERE},
        "a.toml: stacks.here: {0}/stacks.toml has a stack of that name too; rename one",
    ),
    "a default within": (
        {"stacks.toml": f'include = ["a.toml"]\n{HERE}', "a.toml": 'default = "here"'},
        "a.toml: default: only {0}/stacks.toml, which includes it, says which stack is the default",
    ),
    "an unknown key within": (
        {"stacks.toml": f'include = ["a.toml"]\n{HERE}', "a.toml": "[default]\n[stack.a]"},
        "a.toml: default: only",
    ),
    "an unknown key": ({"stacks.toml": f"[stakcs.a]\n{HERE}"}, "stakcs: unknown key; did you mean 'stacks'?"),
    "broken within": ({"stacks.toml": f'include = ["a.toml"]\n{HERE}', "a.toml": "a ="}, "a.toml: not valid TOML"),
    "a wrong key of an included stack": (
        {"stacks.toml": 'include = ["a.toml"]', "a.toml": '[stacks.a]\nregoin = "x"'},
        "{0}/a.toml: stacks.a.regoin: unknown key; did you mean 'region'?",
    ),
    "a wrong key of the defaults": (
        {"stacks.toml": f'[defaults]\nregoin = "x"\n{HERE}'},
        "stacks.toml: defaults.regoin: unknown key; did you mean 'region'?",
    ),
    "a wrong value within the defaults": (
        {"stacks.toml": f'[defaults.limits]\ncpu_percent = "hot"\n{HERE}'},
        "stacks.toml: defaults.limits.cpu_percent: expected a number, not 'hot'",
    ),
    "a name in the defaults": ({"stacks.toml": f'[defaults]\nname = "x"\n{HERE}'}, "defaults.name: unknown key"),
    "defaults that are none": ({"stacks.toml": f'defaults = "x"\n{HERE}'}, "defaults: expected a table, [defaults]"),
    "no stack anywhere": ({"stacks.toml": 'include = ["a.toml"]', "a.toml": ""}, "no stacks in it"),
    "a stack that is not a table": ({"stacks.toml": 'stacks = { a = "b" }'}, "stacks.a: expected a table: [stacks.a]"),
    "stacks that are none": ({"stacks.toml": "stacks = 5"}, "stacks: expected tables: [stacks.NAME]"),
}


@pytest.mark.parametrize(("files", "says"), WRONG.values(), ids=WRONG)
def test_what_does_not_fit_is_one_line_with_file_and_key(tmp_path: Path, files: Mapping[str, str], says: str) -> None:
    with pytest.raises(StackError, match=re.escape(says.format(tmp_path))) as it:
        stacks(tmp_path, files)
    (line,) = str(it.value).splitlines()
    assert line.startswith(str(tmp_path))


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "stacks.toml")
    with pytest.raises(StackError, match="a pipe or a device, which may never end; expected a file"):
        load_stacks(tmp_path / "stacks.toml")


def test_text_of_another_encoding_says_so(tmp_path: Path) -> None:
    (tmp_path / "stacks.toml").write_bytes("[stacks.a]\n# größe".encode("latin-1"))
    with pytest.raises(StackError, match=r"not UTF-8 text .* save it as UTF-8"):
        load_stacks(tmp_path / "stacks.toml")
