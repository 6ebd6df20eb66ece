from __future__ import annotations

import re
from pathlib import Path

from basewise.model.refresh import Change, Refresh, RefreshRow
from basewise.report.refresh import render_refresh

REFERENCE = (Path(__file__).resolve().parents[3] / "docs" / "reference" / "json-refresh.md").read_text(
    "utf-8"
)


def row(image: str, change: Change, **facts: object) -> RefreshRow:
    given = {
        "also_known_as": (), "digest": f"sha256:{'b' * 64}", "before": None, "python": "3.12.1", "how": "layers",
        "bytes_fetched": 1500, "why": "", **facts,
    }  # fmt: skip
    return RefreshRow(image=image, change=change, **given)  # type: ignore[arg-type]  # each is given by its name above


def refresh(*images: RefreshRow) -> Refresh:
    return Refresh(
        generated_at="2026-11-23T00:00:00Z", repository="python", platform="linux/amd64", tags=7, tags_complete=True,
        images=images, bytes_fetched=2500, file="own.json",
    )  # fmt: skip


def test_what_did_not_change_is_counted_and_not_listed() -> None:
    text = render_refresh(refresh(row("python:3.12-slim", Change.UNCHANGED)), "table")
    assert text == "python for linux/amd64: 1 unchanged\n2.5 kB fetched in all; the repository has 7 tags\n"


def test_a_digest_that_moved_is_shown_with_the_one_before() -> None:
    text = render_refresh(refresh(row("x:1", Change.RENEWED, before=f"sha256:{'a' * 64}")), "table")
    assert "aaaaaaaaaaaa > bbbbbbbbbbbb" in text
    assert text.endswith("kept in own.json\n")


def test_nothing_of_a_registry_can_command_a_terminal() -> None:
    text = render_refresh(refresh(row("x:\x1b[31m", Change.NOT_READ, why="::error::\x1b\u202e")), "table")
    assert text.isascii()
    assert "\x1b" not in text
    assert "::error" not in text


def test_every_field_of_the_document_is_in_its_reference() -> None:
    fields = {name for kind in (Refresh, RefreshRow) for name in kind.__struct_fields__}
    assert fields - set(re.findall(r"`([a-z_]+)`", REFERENCE)) == set()
    assert {str(change) for change in Change} <= set(re.findall(r"`([a-z-]+)`", REFERENCE))
