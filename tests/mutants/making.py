"""Mutants of a source file: each is the file with one small change, as a slip of the hand would make it.

Left alone, because no verdict depends on them: docstrings, annotations, the prose of messages (f-strings whole, and
strings that nothing is compared with), what Python's own declarations are told (`frozen`, `repr`, `strict`), and what
breaks a sandbox (functions that are given one), which no look needs.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
COMPARED = {
    ast.Lt: ("<=", ">="),
    ast.LtE: ("<", ">"),
    ast.Gt: (">=", "<="),
    ast.GtE: (">", "<"),
    ast.Eq: ("!=",),
    ast.NotEq: ("==",),
    ast.In: ("not in",),
    ast.NotIn: ("in",),
    ast.Is: ("is not",),
    ast.IsNot: ("is",),
}
SIGNS: dict[type[ast.AST], str] = {
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!=", ast.In: "in",
    ast.NotIn: "not in", ast.Is: "is", ast.IsNot: "is not",
}  # fmt: skip
ARITHMETIC: dict[type[ast.AST], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult,
    ast.BitOr: ast.BitAnd, ast.BitAnd: ast.BitOr,
}  # fmt: skip
CALLED = {"any": "all", "all": "any", "min": "max", "max": "min"}
METHODS = {"startswith": "endswith", "endswith": "startswith"}
UNITS = {"weeks": "days", "days": "hours", "hours": "minutes", "minutes": "seconds", "seconds": "minutes"}
SEVERITIES = {"LOW": "MEDIUM", "MEDIUM": "HIGH", "HIGH": "CRITICAL", "CRITICAL": "HIGH"}
EMPTY = {
    "list": "[]", "Sequence": "[]", "Iterable": "[]", "Iterator": "iter(())", "tuple": "()", "dict": "{}",
    "Mapping": "{}", "set": "set()", "frozenset": "frozenset()",
}  # fmt: skip
DECLARATIONS = {"frozen", "kw_only", "repr", "strict", "slots", "eq", "compare", "init"}
TYPES = {"TypeVar", "ParamSpec", "NewType", "cast"}


@dataclass(frozen=True, order=True)
class Mutant:
    """A file with one change. Lines begin at 1; columns are UTF-8 bytes, from 0.

    `last` is the last line of what was changed; `within` the function or class, empty at the top of the module;
    `function` the outermost function around it, empty where it is Python's import that runs it; `text` is the first
    line of it, as it was.
    """

    file: str
    line: int
    column: int
    kind: str
    change: str
    last: int
    last_column: int
    written: str
    within: str
    function: str
    text: str

    @property
    def at_import(self) -> bool:
        """Whether it is Python's import that runs it."""
        return not self.function

    @property
    def id(self) -> str:
        """Which it is, such as "checks/daily/test_alb.py:41:15 comparison: `<=` → `<`"."""
        return f"{self.file}:{self.line}:{self.column} {self.kind}: {self.change}"

    def source(self, original: str) -> str:
        """The whole mutated file."""
        lines = original.encode().splitlines(keepends=True)
        before = b"".join(lines[: self.line - 1]) + lines[self.line - 1][: self.column]
        after = lines[self.last - 1][self.last_column :] + b"".join(lines[self.last :])
        return (before + self.written.encode() + after).decode()


def mutants(file: str, source: str) -> list[Mutant]:
    """Every mutant of the file, in order of place."""
    finder = _Finder(file, source)
    finder.visit(ast.parse(source))
    return sorted(finder.found)


class _Finder(ast.NodeVisitor):
    """Walks through a module and notes what can be changed."""

    def __init__(self, file: str, source: str) -> None:
        self.found: set[Mutant] = set()
        self._file = file
        self._lines = source.splitlines()
        self._within: list[str] = []
        self._function = ""
        self._returns: ast.expr | None = None

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        if any(one.arg == "sandbox" for one in node.args.args):
            return
        for one in (*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)):
            self.visit(one)
        before = self._function, self._returns
        self._function, self._returns = self._function or ".".join((*self._within, node.name)), node.returns
        self._body(node)
        self._function, self._returns = before

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._body(node)

    def _body(self, node: ast.FunctionDef | ast.ClassDef) -> None:
        self._within.append(node.name)
        for one in node.body:
            self.visit(one)
        self._within.pop()

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value and ast.unparse(node.annotation) != "TypeAlias":
            self.visit(node.value)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Prose; and before Python 3.12 Python does not say where its parts are."""

    def visit_Compare(self, node: ast.Compare) -> None:
        for place, sign in enumerate(node.ops):
            for other in COMPARED[type(sign)]:
                made = ast.unparse(node.left)
                for n, (operator, right) in enumerate(zip(node.ops, node.comparators, strict=True)):
                    made += f" {other if n == place else SIGNS[type(operator)]} {_closed(right)}"
                self._note(node, "comparison", f"`{SIGNS[type(sign)]}` → `{other}`", f"({made})")
        for operand in (node.left, *node.comparators):
            for one in operand.elts if isinstance(operand, ast.Tuple | ast.Set | ast.List) else [operand]:
                if isinstance(one, ast.Constant) and isinstance(one.value, str):
                    self._note(one, "word", f"`{one.value!r}` → another", repr(f"{one.value}~"))
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        sign, other = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        values = [_closed(one) for one in node.values]
        self._note(node, "and/or", f"`{sign}` → `{other}`", f"({f' {other} '.join(values)})")
        for place, dropped in enumerate(values):
            left = [one for n, one in enumerate(values) if n != place]
            self._note(node, "operand", f"without `{_short(dropped)}`", f"({f' {sign} '.join(left)})")
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, ast.Not):
            self._note(node, "not", "without `not`", f"bool({ast.unparse(node.operand)})")
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        other = ARITHMETIC.get(type(node.op))
        texts = any(isinstance(one, ast.JoinedStr) or _is_text(one) for one in (node.left, node.right))
        if other and not texts and (self._function or not isinstance(node.op, ast.BitOr)):
            made = ast.unparse(ast.BinOp(node.left, other(), node.right))
            self._note(node, "arithmetic", f"`{_sign(node.op)}` → `{_sign(other())}`", f"({made})")
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        value = node.value
        if isinstance(value, bool):
            self._note(node, "constant", f"`{value}` → `{not value}`", str(not value))
        elif isinstance(value, int):
            self._note(node, "constant", f"`{value}` → `{value + 1}`", str(value + 1))
        elif isinstance(value, float):
            self._note(node, "constant", f"`{value}` → `{value * 1.1 or 0.1:g}`", repr(value * 1.1 or 0.1))

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if isinstance(node.value, ast.Name) and node.value.id == "Severity" and node.attr in SEVERITIES:
            other = SEVERITIES[node.attr]
            self._note(node, "severity", f"`{node.attr}` → `{other}`", f"Severity.{other}")
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        called = node.func
        if isinstance(called, ast.Name):
            if called.id in TYPES:
                return
            if called.id in CALLED:
                self._note(called, "call", f"`{called.id}` → `{CALLED[called.id]}`", CALLED[called.id])
        if isinstance(called, ast.Attribute) and called.attr in METHODS:
            made = f"{_closed(called.value)}.{METHODS[called.attr]}"
            self._note(called, "call", f"`{called.attr}` → `{METHODS[called.attr]}`", made)
        self.visit(called)
        for argument in node.args:
            self.visit(argument)
        for keyword in node.keywords:
            if keyword.arg in DECLARATIONS and isinstance(keyword.value, ast.Constant):
                continue
            if isinstance(called, ast.Name) and called.id == "timedelta":
                self._unit(keyword, {one.arg for one in node.keywords})
            self.visit(keyword.value)

    def _unit(self, keyword: ast.keyword, given: set[str | None]) -> None:
        other = UNITS.get(keyword.arg or "")
        if other and other not in given:
            made = f"{other}={ast.unparse(keyword.value)}"
            self._note(keyword, "unit", f"`{keyword.arg}` → `{other}`", made)

    def visit_If(self, node: ast.If) -> None:
        if not (isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"):
            self._branch(node.test, True, False)
            self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self._branch(node.test, True, False)
        self.generic_visit(node)

    def visit_While(self, node: ast.While) -> None:
        if not isinstance(node.test, ast.Constant):
            self._branch(node.test, False)
            self.generic_visit(node)
        else:
            for one in node.body:
                self.visit(one)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        for one in node.ifs:
            self._branch(one, True)
        self.generic_visit(node)

    def visit_Assert(self, node: ast.Assert) -> None:
        self._branch(node.test, True)
        self.generic_visit(node)

    def _branch(self, test: ast.expr, *values: bool) -> None:
        for value in values:
            self._note(test, "branch", f"`{_short(ast.unparse(test))}` → `{value}`", str(value))

    def visit_Return(self, node: ast.Return) -> None:
        if node.value and not (isinstance(node.value, ast.Constant) and node.value.value is None):
            other = _other_answer(self._returns, node.value)
            if other is not None:
                change = "nothing is returned" if other == "None" else f"`{_short(other)}` is returned"
                self._note(node, "return", change, f"return {other}")
        self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> None:
        self._note(node, "statement", "nothing is raised", "pass")
        self.generic_visit(node)

    def visit_Continue(self, node: ast.Continue) -> None:
        self._note(node, "statement", "`continue` → `break`", "break")

    def visit_Break(self, node: ast.Break) -> None:
        self._note(node, "statement", "`break` → `continue`", "continue")

    def visit_Expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Call | ast.Yield | ast.YieldFrom):
            self._note(node, "statement", f"without `{_short(ast.unparse(node))}`", "pass")
        if not _is_text(node.value):
            self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if other := ARITHMETIC.get(type(node.op)):
            made = ast.unparse(ast.AugAssign(node.target, other(), node.value))
            self._note(node, "arithmetic", f"`{_sign(node.op)}=` → `{_sign(other())}=`", made)
        self.generic_visit(node)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        first, last = node.body[0], node.body[-1]
        if not isinstance(first, ast.Raise):
            self._note(first, "statement", "what is caught is raised again", "raise", last)
        self.generic_visit(node)

    def _note(self, node: _Placed, kind: str, change: str, written: str, last: _Placed | None = None) -> None:
        end = last or node
        assert end.end_lineno is not None
        assert end.end_col_offset is not None
        one = Mutant(
            self._file, node.lineno, node.col_offset, kind, change, end.end_lineno, end.end_col_offset, written,
            ".".join(self._within), self._function, self._lines[node.lineno - 1].strip(),
        )  # fmt: skip
        self.found.add(one)


_Placed = ast.expr | ast.stmt | ast.keyword


def _other_answer(returns: ast.expr | None, value: ast.expr) -> str | None:
    """What a function returns instead, of the type that it declares: another type is mypy's to find, not the tests'.

    None where its type has no other value that can be written here.
    """
    kind = ast.unparse(returns) if returns else ""
    written = ast.unparse(value)
    if kind == "bool":
        return f"not ({written})"
    if kind == "str":
        return "'~'" if written == "''" else "''"
    if kind in ("int", "float"):
        return f"({written}) + 1"
    empty = EMPTY.get(kind.partition("[")[0])
    if empty and kind.count("|") == 0:
        return None if written == empty else empty
    return "None"


def _closed(node: ast.expr) -> str:
    text = ast.unparse(node)
    return text if isinstance(node, ast.Name | ast.Constant | ast.Attribute | ast.Call | ast.Subscript) else f"({text})"


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _sign(operator: ast.operator) -> str:
    return ast.unparse(ast.BinOp(ast.Name("a"), operator, ast.Name("b"))).split()[1]


def _short(text: str) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= 60 else f"{one_line[:59]}…"
