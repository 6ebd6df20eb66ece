"""Pages in a real browser: Debian's Chromium, headless. Any message on its console and any request fails the test."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # has no types
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

OpenPage = Callable[..., Page]
CHROMIUM = "/usr/bin/chromium"
READY = "html[data-picture=ready]"


@pytest.fixture(scope="session")
def browser(require_programs: Callable[..., None]) -> Iterator[Browser]:
    """Return a browser that this process starts and ends."""
    require_programs("chromium")
    # Chromium refuses its sandbox to root; it shows nothing here but files that the tests wrote.
    arguments = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    # Containers often have little shared memory; a file does as well.
    arguments.append("--disable-dev-shm-usage")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield started
        started.close()


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[OpenPage]:
    """Return a function that shows HTML in a window of its own; keywords are those of a browser context."""
    contexts: list[BrowserContext] = []
    said: list[str] = []
    asked: list[str] = []

    def show(html: str, *, picture: bool = True, **options: Any) -> Page:  # noqa: ANN401 - as Playwright has them
        file = tmp_path / f"page-{len(contexts)}.html"
        file.write_text(html, encoding="utf-8", errors="surrogatepass")
        # Without smooth scrolling a click meets what was there when it was aimed.
        usual = {"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce"}
        context = browser.new_context(**{**usual, **options})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: said.append(f"error: {error}"))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(file.as_uri())
        if picture and options.get("java_script_enabled", True):
            page.wait_for_selector(READY, state="attached")
        return page

    yield show
    for context in contexts:
        context.close()
    assert said == []
    assert [url for url in asked if not url.startswith("file:")] == []


@pytest.fixture(scope="session")
def accessibility_faults() -> Callable[[Page], list[str]]:
    """Return a function that lists what axe-core finds wrong on a page."""
    axe = Axe()

    def faults(page: Page) -> list[str]:
        found = axe.run(page).response["violations"]
        return [
            f"{fault['id']}: {node['target']} {re.sub(' +', ' ', node['failureSummary'])}"
            for fault in found
            for node in fault["nodes"]
        ]

    return faults
