"""What the tests of application reading share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import pytest

from basewise.app.read import ReadOptions, read_application
from basewise.model.requirement import Application


class ReadFiles(Protocol):
    """Writes files into a fresh folder and reads it as an application."""

    folder: Path

    def __call__(self, files: Mapping[str, str | bytes], **options: Any) -> Application: ...  # noqa: ANN401 - fields of ReadOptions


class _Reader:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, files: Mapping[str, str | bytes], **options: Any) -> Application:  # noqa: ANN401 - the same
        for name, content in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_application(self.folder, ReadOptions(**options))


@pytest.fixture
def read(tmp_path: Path) -> ReadFiles:
    """Return a function that writes files and reads the application."""
    folder = tmp_path / "app"
    folder.mkdir()
    return _Reader(folder)
