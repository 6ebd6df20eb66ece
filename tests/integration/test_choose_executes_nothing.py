"""The canary: a hostile application folder is judged, and nothing of it runs or opens a socket."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CANARY = "import pathlib, sys; pathlib.Path({place!r}).write_text(' '.join(sys.argv))\n"
# Runs before anything else in the process: every socket that is opened, and every program started, is written down.
WATCH = """
import sys
def watch(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn"):
        with open({place!r}, "a") as file:
            file.write(event + " " + repr(arguments)[:300] + chr(10))
sys.addaudithook(watch)
"""


def hostile_folder(folder: Path, place: Path) -> Path:
    app = folder / "app"
    (app / "pkg").mkdir(parents=True)
    canary = CANARY.format(place=str(place))
    for name in (
        "setup.py",
        "conftest.py",
        "sitecustomize.py",
        "usercustomize.py",
        "main.py",
        "uv.py",
        "msgspec.py",
    ):
        (app / name).write_text(canary)
    (app / "pkg" / "setup.py").write_text(canary)
    (app / "pyproject.toml").write_text(
        "[build-system]\nrequires = []\nbuild-backend = 'setup'\nbackend-path = ['.']\n"
        "[project]\nname = 'x'\ndynamic = ['version', 'dependencies']\n"
        "[tool.uv]\nindex-url = 'https://user:hunter2@index.invalid/simple'\n"
    )
    (app / "uv.toml").write_text("index-url = 'https://user:hunter2@index.invalid/simple'\n")
    (app / "pip.conf").write_text("[global]\nindex-url = https://user:hunter2@index.invalid/simple\n")
    lock = (ROOT / "examples" / "sentiment" / "requirements.txt").read_text()
    (app / "requirements.txt").write_text(lock)
    return app


def run_watched(app: Path, tmp_path: Path, *flags: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    log = tmp_path / "log.txt"
    hook = tmp_path / "hook"
    hook.mkdir(exist_ok=True)
    (hook / "sitecustomize.py").write_text(WATCH.format(place=str(log)))
    done = subprocess.run(
        [sys.executable, "-m", "basewise", "choose", str(app), "-r", str(app / "requirements.txt"), *flags],
        cwd=app,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(hook), "PYTHONSAFEPATH": "1"},
    )
    return done, log.read_text().splitlines() if log.exists() else []


@pytest.mark.parametrize("form", ["table", "json", "markdown"])
def test_a_locked_hostile_folder_is_judged_offline_without_running_or_asking_anything(
    tmp_path: Path, form: str
) -> None:
    place = tmp_path / "ran.txt"
    app = hostile_folder(tmp_path, place)
    before = sorted(path.relative_to(app) for path in app.rglob("*"))
    done, events = run_watched(app, tmp_path, "--offline", "--format", form)
    assert done.returncode in {0, 1}, done.stderr
    assert not place.exists(), place.read_text()
    assert events == []
    assert "hunter2" not in done.stdout + done.stderr
    assert sorted(path.relative_to(app) for path in app.rglob("*")) == before


@pytest.mark.online
def test_with_the_index_only_uv_is_started_and_nothing_of_the_folder_runs(tmp_path: Path) -> None:
    place = tmp_path / "ran.txt"
    app = hostile_folder(tmp_path, place)
    secret = "git+https://user:hunter2@git.invalid/x@main#egg=evil"
    (app / "requirements.txt").write_text(f"idna\n./pkg\n-e ./pkg\n{secret}\n")
    done, events = run_watched(app, tmp_path)
    assert done.returncode == 0, done.stderr
    assert not place.exists(), place.read_text()
    assert "would execute" in done.stdout
    assert "hunter2" not in done.stdout + done.stderr
    started = [event for event in events if event.startswith("subprocess.Popen")]
    assert started
    assert all("uv" in event for event in started)
    assert not any("index.invalid" in event for event in events)
