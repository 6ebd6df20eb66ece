"""A Dockerfile that was written is read again before anybody gets it."""

from __future__ import annotations

import pytest

from basewise.errors import InvalidValueError
from basewise.model.build_plan import BuildPlan
from basewise.operations.read_back import read_back

DIGEST = "sha256:" + "a" * 64
PLAN = BuildPlan(
    image="python:3.13-slim-trixie",
    digest=DIGEST,
    base_name="docker.io/library/python:3.13-slim-trixie",
    package_manager="apt",
)
TEXT = f"FROM python:3.13-slim-trixie@{DIGEST}\nRUN true\nUSER {PLAN.uid}:{PLAN.uid}\n"


def test_what_was_planned_comes_back() -> None:
    assert read_back(TEXT, PLAN) == TEXT


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace("slim", "full"),
        TEXT.replace(DIGEST, "sha256:" + "b" * 64),
        TEXT + "FROM evil:1\n",
        TEXT + "COPY --from=evil:1 / /\n",
        TEXT + "USER root\n",
        TEXT + "ADD https://example.com/x /\n",
        "# syntax=evil/frontend\n" + TEXT,
        TEXT.replace("RUN true", 'SHELL ["evil"]'),
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError, match="nothing was written"):
        read_back(text, PLAN)
