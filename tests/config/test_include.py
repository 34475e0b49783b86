"""`include` of stacks.toml: stacks from several files, none lost, each mistake with its file."""

from __future__ import annotations

from pathlib import Path

import pytest

from opschecks.config.load import StackError, load_stacks

STACK = '[stacks.{name}]\nregion = "us-west-2"\n'


def written(folder: Path, **files: str) -> Path:
    (folder / "teams").mkdir()
    for name, text in files.items():
        (folder / ("stacks.toml" if name == "main" else f"teams/{name}.toml")).write_text(text, encoding="utf-8")
    return folder / "stacks.toml"


def test_stacks_of_all_files_are_there_and_any_may_be_the_default(tmp_path: Path) -> None:
    main = 'include = ["teams/*.toml"]\ndefault = "b"\n' + STACK.format(name="own")
    listed = load_stacks(written(tmp_path, main=main, one=STACK.format(name="a"), two=STACK.format(name="b")))
    assert (list(listed.stacks), listed.default) == (["own", "a", "b"], "b")
    assert listed.stacks["a"].name == "a"


def test_a_file_that_two_patterns_fit_is_read_as_one(tmp_path: Path) -> None:
    main = 'include = ["teams/*.toml", "teams/one.toml"]\n'
    assert list(load_stacks(written(tmp_path, main=main, one=STACK.format(name="a"))).stacks) == ["a"]


WRONG = {
    "no list": ('include = "teams/*.toml"', "", "stacks.toml: include: a list of files or patterns"),
    "fits nothing": ('include = ["team/*.toml"]', "", "include: no file fits 'team/*.toml'"),
    "no such file": ('include = ["/nowhere/at/all.toml"]', "", "/nowhere/at/all.toml: no such file"),
    "more than stacks": ('include = ["teams/*.toml"]', 'default = "a"', "one.toml: default: a file that is included"),
    "nothing in it": ('include = ["teams/*.toml"]', "", "one.toml: no stacks in it"),
    "its own mistake": (
        'include = ["teams/*.toml"]',
        '[stacks.a]\nregon = "x"',
        "one.toml: stacks.a.regon: unknown key",
    ),
    "twice": ('include = ["teams/*.toml"]\n[stacks.a]', "[stacks.a]", "stacks.toml: stacks.a: a file that is included"),
    "no such default": ('include = ["teams/*.toml"]\ndefault = "b"', "[stacks.a]", "default: no stack 'b'"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_mistake_is_told_with_its_file(tmp_path: Path, case: str) -> None:
    main, one, words = WRONG[case]
    with pytest.raises(StackError) as told:
        load_stacks(written(tmp_path, main=main, one=one))
    assert words in str(told.value)


def test_a_name_in_two_files_is_told_with_both(tmp_path: Path) -> None:
    same = STACK.format(name="a")
    with pytest.raises(StackError, match=r"two\.toml: stacks\.a: .*one\.toml has a stack of that name, too"):
        load_stacks(written(tmp_path, main='include = ["teams/*.toml"]', one=same, two=same))
