"""A Dockerfile that `choose` just wrote passes `check`, needs no repair and no pin, on all examples."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from basewise.testing.sample_day import SAMPLE_MOMENT

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ("churn-api", "defect-vision", "feature-store", "light-scorer", "sentiment")
pytestmark = pytest.mark.integration


def basewise(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "basewise", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env={**os.environ, "SOURCE_DATE_EPOCH": f"{SAMPLE_MOMENT.timestamp():.0f}"},
    )


@pytest.mark.parametrize(
    "example",
    [pytest.param(name, marks=[] if name == "sentiment" else pytest.mark.online) for name in EXAMPLES],
)
def test_what_choose_wrote_passes_check(example: str, tmp_path: Path) -> None:
    folder = tmp_path / example
    shutil.copytree(ROOT / "examples" / example, folder)
    chosen = basewise(folder, "choose", ".", "--dockerfile", "Dockerfile", "-q")
    assert chosen.returncode == 0, chosen.stderr
    before = (folder / "Dockerfile").read_bytes()
    checked = basewise(folder, "check", "--fix")
    assert checked.returncode == 0, checked.stdout
    assert " error " not in checked.stdout
    assert basewise(folder, "pin", "--offline").returncode == 0
    assert (folder / "Dockerfile").read_bytes() == before


OWN = """\
FROM python:3.12-slim
ENV PORT=8000 SECRET_KEY=hunter2
WORKDIR /code
RUN curl -o model.bin http://127.0.0.1/model.bin
COPY . .
VOLUME /data
EXPOSE $PORT
STOPSIGNAL SIGINT
HEALTHCHECK --interval=30s CMD python -c "import socket; socket.create_connection(('127.0.0.1', 8000))"
LABEL org.example.team="data"
CMD ["uvicorn", "app:app"]
"""


def test_what_takes_over_an_own_dockerfile_passes_check_and_stays_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "sentiment"
    shutil.copytree(ROOT / "examples" / "sentiment", folder)
    (folder / "Dockerfile").write_text(OWN)
    chosen = basewise(folder, "choose", ".", "--dockerfile", "Dockerfile", "--force", "--format", "json")
    assert chosen.returncode == 0, chosen.stderr
    warning = "3 instructions of Dockerfile are not carried over: ENV SECRET_KEY (line 2), RUN (line 4), VOLUME (line 6)"
    assert warning in json.loads(chosen.stdout)["app"]["warnings"]
    before = (folder / "Dockerfile").read_text()
    assert "hunter2" not in before + chosen.stdout + chosen.stderr
    for line in ("WORKDIR /code", "EXPOSE 8000", "STOPSIGNAL SIGINT", 'LABEL org.example.team="data"'):
        assert f"\n{line}\n" in before
    assert "\nHEALTHCHECK --interval=30s CMD " in before
    checked = basewise(folder, "check", "--fix")
    assert checked.returncode == 0, checked.stdout
    assert " error " not in checked.stdout
    assert (folder / "Dockerfile").read_text() == before
    again = basewise(folder, "choose", ".", "--dockerfile", "Dockerfile", "-q")
    assert again.returncode == 0, again.stderr
    assert "not carried over" not in again.stdout + again.stderr
    assert instructions((folder / "Dockerfile").read_text()) == instructions(before)


def instructions(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith("#")]
