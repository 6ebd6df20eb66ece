"""Canaries: reading an application runs none of its code, starts nothing and opens no socket."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CANARY = "import pathlib; pathlib.Path(__file__).with_name('ran').write_text('ran')\n"
FILES = {
    "setup.py": CANARY,
    "conftest.py": CANARY,
    "sitecustomize.py": CANARY,
    "main.py": f"import numpy\n{CANARY}",
    "tomllib.py": CANARY,
    "yaml.py": CANARY,
    "packaging/__init__.py": CANARY,
    "explore.ipynb": '{"cells": [{"cell_type": "code", "source": "import os; os.mkdir(\'ran\')"}]}',
    "requirements.txt": "-e .\n-e git+https://example.invalid/x\n-r https://example.invalid/r.txt\n./local\nnumpy\n",
    "local/setup.py": CANARY,
    "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n[project]\nname = "x"\ndynamic = ["dependencies"]\n',
    "backend.py": CANARY,
    "environment.yml": "dependencies:\n  - !!python/object/apply:os.system ['touch ran']\n",
    "Dockerfile": "# syntax=example.invalid/frontend\nFROM python:3.12\nADD https://example.invalid/x /x\nRUN touch ran\n",
}
PROGRAM = """
import sys
from pathlib import Path
seen = []
def watch(event, arguments):
    if event.startswith(("socket.", "subprocess.", "os.exec", "os.posix_spawn", "os.system", "os.fork", "urllib.", "ctypes.dlopen")):
        seen.append(f"{event} {arguments!r}")
    if event == "exec" and str(getattr(arguments[0], "co_filename", "")).startswith(sys.argv[1]):
        seen.append(f"exec {arguments[0].co_filename}")
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        seen.append(f"open for writing {arguments[0]!r}")
from basewise.app.read import read_application
sys.addaudithook(watch)
application = read_application(Path(sys.argv[1]))
print([item.name for item in application.requirements])
if seen:
    sys.exit("\\n".join(seen))
"""


def run_in(folder: Path) -> subprocess.CompletedProcess[str]:
    """Read the application in a fresh interpreter whose working directory is the hostile folder."""
    command = [sys.executable, "-P", "-B", "-c", PROGRAM, str(folder)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def write(folder: Path, names: set[str]) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(FILES[name])


def test_reading_manifests_runs_nothing_and_opens_no_socket(tmp_path: Path) -> None:
    write(tmp_path, set(FILES))
    finished = run_in(tmp_path)
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "['numpy']\n", "")
    assert not list(tmp_path.rglob("ran"))


def test_guessing_from_imports_runs_nothing_and_opens_no_socket(tmp_path: Path) -> None:
    write(tmp_path, set(FILES) - {"requirements.txt", "pyproject.toml", "environment.yml"})
    finished = run_in(tmp_path)
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "['numpy']\n", "")
    assert not list(tmp_path.rglob("ran"))


def test_the_watch_sees_what_it_watches_for(tmp_path: Path) -> None:
    write(tmp_path, set(FILES))
    reading = "application = read_application(Path(sys.argv[1]))"
    provoked = PROGRAM.replace(
        reading,
        f"{reading}; import socket; socket.socket(); import runpy; runpy.run_path(sys.argv[1] + '/main.py')",
    )
    command = [sys.executable, "-P", "-B", "-c", provoked.replace("import numpy", ""), str(tmp_path)]
    (tmp_path / "main.py").write_text(CANARY)
    finished = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert finished.returncode == 1
    assert "socket.__new__" in finished.stderr
    assert f"exec {tmp_path}/main.py" in finished.stderr
    assert "open for writing" in finished.stderr
