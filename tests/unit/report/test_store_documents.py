"""The documents of the store and the catalogue: whatever a path or a name holds, a terminal takes them for text."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from basewise.model.evidence import Coverage
from basewise.model.listing import CandidateListing
from basewise.model.store_status import DatabaseStatus
from basewise.model.store_update import DatabaseUpdate
from basewise.report.listing import render_catalogue, render_store_status
from basewise.report.store_update import render_store_update

NOTHING = Coverage(complete=True, not_covered=())
# A byte of a file name that is no UTF-8, a control sequence of one character, and a change of direction.
HOSTILE = "/store/\udcff\x9b31m\u202e"


def status(form: str) -> str:
    found = DatabaseStatus(
        store=HOSTILE, own_store=HOSTILE, own_store_state="in use", as_of="2026-11-20", exploited_as_of="",
        stale_after_days=7, stale=(), after_clock=(), entries=0, releases=(), coverage=NOTHING,
    )  # fmt: skip
    return render_store_status(found, form, width=100, color=False)


def update(form: str) -> str:
    did = DatabaseUpdate(
        store=HOSTILE, written=True, size_bytes=1, complete=True, sources=(), notes=(), coverage=NOTHING
    )
    return render_store_update(did, form, width=100, color=False)


def catalogue(form: str) -> str:
    listing = CandidateListing(
        generated_at="2026-11-23", platform="linux/amd64", as_of="2026-11-20", images=(), warnings=(HOSTILE,),
        coverage=NOTHING,
    )  # fmt: skip
    return render_catalogue(listing, form, width=100, color=False)


@pytest.mark.parametrize("written", [status, update, catalogue])
def test_a_document_is_printable_ascii_whatever_its_texts_hold(written: Callable[[str], str]) -> None:
    text = written("json")
    assert text.isascii()
    assert text.replace("\n", "").isprintable()
    assert json.loads(text)["coverage"]["complete"] is True


@pytest.mark.parametrize("written", [status, update, catalogue])
def test_a_table_has_no_control_character_whatever_its_texts_hold(written: Callable[[str], str]) -> None:
    assert written("table").replace("\n", "").isprintable()
