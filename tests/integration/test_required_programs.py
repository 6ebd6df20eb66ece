"""What happens where a program that an integration test needs is missing."""

from __future__ import annotations

from collections.abc import Callable

import pytest


def test_a_missing_program_skips_with_its_name(
    require_programs: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="`no-such-program`"):
        require_programs("sh", "no-such-program")


def test_a_missing_program_is_a_failure_where_ci_is_true(
    require_programs: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="`no-such-program`"):
        require_programs("no-such-program")


def test_nothing_happens_where_all_is_there(require_programs: Callable[..., None]) -> None:
    require_programs("sh")
