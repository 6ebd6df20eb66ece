"""How the application is started, as far as its files show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.unit.app.conftest import ReadFiles

FASTAPI = "from fastapi import FastAPI\n\napp = FastAPI()\n"
ADDRESS = ("--host", "0.0.0.0", "--port", "8000")  # noqa: S104 - inside a container


@pytest.mark.parametrize(
    ("files", "command", "source"),
    [
        (
            {"main.py": FASTAPI, "requirements.txt": "fastapi\nuvicorn\n"},
            ("uvicorn", "main:app", *ADDRESS),
            "main.py:3",
        ),
        (
            {"main.py": FASTAPI, "requirements.txt": "fastapi[standard]\n"},
            ("uvicorn", "main:app", *ADDRESS),
            "main.py:3",
        ),
        ({"main.py": FASTAPI, "requirements.txt": "fastapi\n"}, (), ""),
        (
            {
                "demo/api.py": "import fastapi as f\nservice: f.FastAPI = f.FastAPI(title='x')\n",
                "requirements.txt": "uvicorn\n",
            },
            ("uvicorn", "demo.api:service", *ADDRESS),
            "demo/api.py:2",
        ),
        (
            {"src/demo/main.py": FASTAPI, "requirements.txt": "uvicorn\n"},
            ("uvicorn", "demo.main:app", "--app-dir", "src", *ADDRESS),
            "src/demo/main.py:3",
        ),
        (
            {
                "app.py": "from flask import Flask\nsite = Flask(__name__)\n",
                "requirements.txt": "flask\ngunicorn\n",
            },
            ("gunicorn", "--bind", "0.0.0.0:8000", "app:site"),
            "app.py:2",
        ),
        (
            {"app.py": "from flask import Flask\nsite = Flask(__name__)\n", "requirements.txt": "flask\n"},
            ("flask", "--app", "app:site", "run", *ADDRESS),
            "app.py:2",
        ),
        (
            {"page.py": "import streamlit as st\nst.title('x')\n", "requirements.txt": "streamlit\n"},
            ("streamlit", "run", "page.py", "--server.address", "0.0.0.0", "--server.port", "8501"),  # noqa: S104 - inside a container
            "page.py",
        ),
        (
            {"main.py": "import x\nif __name__ == '__main__':\n    x.run()\n", "requirements.txt": "x\n"},
            ("python", "main.py"),
            "main.py:2",
        ),
        ({"other.py": "if __name__ == '__main__':\n    pass\n", "requirements.txt": "x\n"}, (), ""),
        (
            {"Procfile": "worker: python w.py\nweb: uvicorn main:app --port 80\n", "requirements.txt": "x\n"},
            ("uvicorn", "main:app", "--port", "80"),
            "Procfile:2",
        ),
        (
            {"Procfile": "web: uvicorn main:app --port $PORT\n", "requirements.txt": "x\n"},
            ("/bin/sh", "-c", "uvicorn main:app --port $PORT"),
            "Procfile:1",
        ),
        ({"main.py": "class FastAPI: ...\napp = FastAPI()\n", "requirements.txt": "uvicorn\n"}, (), ""),
        (
            {
                "main.py": "import fastapi\ndef app(): return fastapi.FastAPI()\n",
                "requirements.txt": "uvicorn\n",
            },
            (),
            "",
        ),
        ({"main.py": "(((", "requirements.txt": "uvicorn\n"}, (), ""),
    ],
)
def test_a_start_command_is_found(
    read: ReadFiles, files: dict[str, str], command: tuple[str, ...], source: str
) -> None:
    application = read(files)
    assert (application.command, application.command_source) == (command, source)
