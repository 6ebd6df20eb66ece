"""Ways to run what uses threads."""

from __future__ import annotations

import threading

import pytest


@pytest.fixture(params=["threads", "no threads"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run with threads, and as where the system allows no more of them."""
    way: str = request.param
    if way == "no threads":

        def refuse(_: threading.Thread) -> None:
            raise RuntimeError("can't start new thread")

        monkeypatch.setattr(threading.Thread, "start", refuse)
    return way
