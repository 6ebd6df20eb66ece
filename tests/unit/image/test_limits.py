"""Every limit has a name, a default and a line in the documentation."""

from __future__ import annotations

from pathlib import Path

import msgspec

from basewise.image.limits import DEFAULT_LIMITS, Limits

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "images.md"


def test_every_limit_is_documented() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for name in Limits.__struct_fields__:
        assert f"`{name}`" in page, name


def test_no_limit_is_missing_by_default() -> None:
    assert all(value > 0 for value in msgspec.structs.asdict(DEFAULT_LIMITS).values())
