"""No test asserts how long something took: the machine that runs it may be busy with other things."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
# `time.time` tells the date as well, which tests may compare with files and documents.
CLOCKS = frozenset(
    {
        "monotonic",
        "monotonic_ns",
        "perf_counter",
        "perf_counter_ns",
        "process_time",
        "process_time_ns",
        "thread_time",
        "thread_time_ns",
    }
)
HINT = "count the work instead: basewise.testing.work"


def timed_assertions(source: str) -> list[int]:
    """Return the lines of the assertions that compare a clock, or a name of their function that was set from one.

    A bound in the condition of a loop is no assertion: whoever waits for something gives up at some time.
    """
    if not any(clock in source for clock in CLOCKS):
        return []
    found: set[int] = set()
    for function in ast.walk(ast.parse(source)):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            nodes = list(ast.walk(function))
            timed = _timed_names(nodes)
            found |= {
                node.lineno for node in nodes if isinstance(node, ast.Assert) and _is_timed(node.test, timed)
            }
    return sorted(found)


def _timed_names(nodes: list[ast.AST]) -> set[str]:
    timed: set[str] = set()
    settings = [node for node in nodes if _names_set(node)]
    size = -1
    while len(timed) > size:
        size = len(timed)
        for node in settings:
            if _is_timed(node, timed):
                timed.update(_names_set(node))
    return timed


def _names_set(node: ast.AST) -> list[str]:
    match node:
        case ast.Assign(targets=targets):
            return [name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)) | ast.AugAssign(target=ast.Name(id=name)):
            return [name]
        case ast.NamedExpr(target=ast.Name(id=name)):
            return [name]
        case _:
            return []


def _is_timed(node: ast.AST, timed: set[str]) -> bool:
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.NamedExpr):
        return node.value is not None and _is_timed(node.value, timed)
    return any(
        (isinstance(each, ast.Attribute) and each.attr in CLOCKS)
        or (isinstance(each, ast.Name) and each.id in CLOCKS | timed)
        for each in ast.walk(node)
    )


@pytest.mark.parametrize("path", sorted(TESTS.rglob("test_*.py")), ids=lambda path: path.stem)
def test_a_test_asserts_nothing_on_how_long_something_took(path: Path) -> None:
    lines = [f"{path.relative_to(TESTS.parent)}:{line}" for line in timed_assertions(path.read_text())]
    assert lines == [], HINT


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ("began = time.monotonic()\nwork()\nassert time.monotonic() - began < 5", [4]),
        ("began = process_time()\nwork()\ntook = process_time() - began\nassert took < 5", [5]),
        ("if (took := clock.perf_counter_ns() - began) > 3:\n    pass\nassert took", [4]),
        ("began = time.monotonic()\nwhile time.monotonic() - began < 5:\n    wait()\nassert done", []),
        ("now = time.time()\nassert path.stat().st_mtime <= now", []),
    ],
)
def test_timed_assertions_are_found_and_bounds_of_loops_are_none(body: str, lines: list[int]) -> None:
    indented = "".join(f"    {line}\n" for line in body.splitlines())
    assert timed_assertions(f"def test_it():\n{indented}") == lines
