"""A start command names no tool that the written Dockerfile does not install."""

from __future__ import annotations

from pathlib import Path

import pytest

from basewise.app.command_runner import without_runner
from basewise.app.read import read_application

SHELL = ("/bin/sh", "-c")


@pytest.mark.parametrize(
    ("written", "started"),
    [
        (("uv", "run", "--no-sync", "uvicorn", "app:app"), ("uvicorn", "app:app")),
        (
            ("/usr/bin/uv", "run", "--package", "svc", "--", "gunicorn", "--bind", ":80"),
            ("gunicorn", "--bind", ":80"),
        ),
        (("uv", "run", "-m", "svc", "--port", "80"), ("python", "-m", "svc", "--port", "80")),
        (("uv", "run", "main.py"), ("python", "main.py")),
        (("poetry", "run", "python", "-m", "svc"), ("python", "-m", "svc")),
        (("conda", "run", "--no-capture-output", "-n", "ml", "python", "x.py"), ("python", "x.py")),
        ((*SHELL, "poetry run gunicorn app:app"), ("gunicorn", "app:app")),
        ((*SHELL, "exec uv run fastapi run app.py"), ("fastapi", "run", "app.py")),
        ((*SHELL, "alembic upgrade head && uv run app"), (*SHELL, "alembic upgrade head && uv run app")),
        ((*SHELL, "python app.py"), (*SHELL, "python app.py")),
        (("python", "app.py"), ("python", "app.py")),
        (("/app/.venv/bin/gunicorn", "a:b"), ("gunicorn", "a:b")),
        (("/opt/conda/envs/ml/bin/python", "x.py"), ("python", "x.py")),
        ((*SHELL, "exec /opt/venv/bin/python x.py"), ("python", "x.py")),
        (("/usr/bin/tini", "--", "python"), ("/usr/bin/tini", "--", "python")),
        (("uv", "run"), ("uv", "run")),
        (("uv", "run", "--all-extras"), ("uv", "run", "--all-extras")),
        ((), ()),
    ],
)
def test_what_a_tool_would_start_is_started_without_it(
    written: tuple[str, ...], started: tuple[str, ...]
) -> None:
    assert without_runner(written) == started


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Dockerfile", 'FROM python:3.13\nCMD ["uv", "run", "gunicorn", "a:b"]\n'),
        ("Procfile", "web: uv run gunicorn a:b\n"),
    ],
)
def test_the_application_is_read_with_its_own_start_command(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / "requirements.txt").write_text("gunicorn\n")
    (tmp_path / name).write_text(text)
    assert read_application(tmp_path).command == ("gunicorn", "a:b")
