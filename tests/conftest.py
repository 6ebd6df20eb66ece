"""What all tests share: data beside the project, and a cache of their own."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test an empty cache, an empty catalogue of its own and no settings from the environment of whoever runs it."""
    for name in list(os.environ):
        if name.startswith("BASEWISE_") and name != "BASEWISE_TEST_DATA":
            monkeypatch.delenv(name)
    monkeypatch.setenv("BASEWISE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
    monkeypatch.setenv("BASEWISE_CATALOGUE", str(tmp_path_factory.mktemp("catalogue") / "own.json"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real data beside the project; skip with the reason where it is absent, fail with CI=true."""
    folder = Path(os.environ.get("BASEWISE_TEST_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        reason = f"no data beside the project: {folder} (set BASEWISE_TEST_DATA)"
        if os.environ.get("CI", "").lower() == "true":
            pytest.fail(f"{reason}; with CI=true that is a failure")
        pytest.skip(reason)
    return folder
