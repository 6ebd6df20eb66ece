"""Shapes that several threads decode for the first time at once: in a process of its own, because it would end with it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
# Packages of which no code runs in several threads.
ALONE = {"app", "cli", "dockerfile", "fleet", "operations", "policy", "settings.py", "testing"}
RACE = """
import sys, threading, msgspec
from basewise._internal.prepared import prepared
guarded = prepared if sys.argv[1] == "prepared" else (lambda shape: shape)
sys.setswitchinterval(1e-6)
for number in range(150):
    fields = [(f"field{at}", "int | None", None) for at in range(8)]
    inner = [msgspec.defstruct(f"Inner{number}x{at}", fields) for at in range(6)]
    outer = msgspec.defstruct(f"Outer{number}", [(f"f{at}", list[each] | None, None) for at, each in enumerate(inner)])
    start = threading.Barrier(4)
    def decode():
        start.wait()
        msgspec.json.decode(b'{"f0": [{"field1": 1}], "f5": [{"field7": 2}]}', type=guarded(outer))
    threads = [threading.Thread(target=decode) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
print("done")
"""


def test_threads_that_decode_a_prepared_shape_at_once_all_get_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", RACE, "prepared"], capture_output=True, text=True, check=False, timeout=120
    )
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr


def test_code_that_may_run_in_threads_prepares_its_shapes() -> None:
    sources = ROOT / "src" / "basewise"
    unprepared = [
        f"{path.relative_to(sources)}:{call.lineno}"
        for path in sorted(sources.rglob("*.py"))
        if path.relative_to(sources).parts[0] not in ALONE and path.name != "prepared.py"
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call) and _shape_of(call) not in {None, "prepared"}
    ]
    assert unprepared == []


def _shape_of(call: ast.Call) -> str | None:
    """Return how a call of msgspec names the shape to decode: `prepared`, or as it stands; None for another call."""
    function = ast.unparse(call.func)
    shape: ast.expr | None = None
    if re.fullmatch(r"msgspec\.(json|msgpack|toml)\.decode", function):
        shape = next((keyword.value for keyword in call.keywords if keyword.arg == "type"), None)
    elif re.fullmatch(r"msgspec\.(json|msgpack)\.Decoder", function):
        shape = call.args[0]
    elif function == "msgspec.convert":
        shape = call.args[1]
    if shape is None:
        return None
    return ast.unparse(shape.func) if isinstance(shape, ast.Call) else ast.unparse(shape)
