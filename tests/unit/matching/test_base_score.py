from __future__ import annotations

import sys
from itertools import product

import pytest
from cvss import CVSS3  # type: ignore[import-untyped]  # the library carries no type information

from basewise.matching.base_score import base_score
from basewise.matching.severity import score_of

METRICS = {"AV": "NALP", "AC": "LH", "PR": "NLH", "UI": "NR", "S": "UC", "C": "NLH", "I": "NLH", "A": "NLH"}
ALL = [
    "/".join((prefix, *(f"{name}:{value}" for name, value in zip(METRICS, values, strict=True))))
    for prefix in ("CVSS:3.0", "CVSS:3.1")
    for values in product(*METRICS.values())
]
ONE = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"


def test_every_complete_vector_has_the_score_that_the_library_gives() -> None:
    assert len(ALL) == 2 * 2592
    scores = {vector: base_score(vector) for vector in ALL}
    assert scores == {vector: (vector[5:8], float(CVSS3(vector).base_score)) for vector in ALL}
    assert {type(score[1]) for score in scores.values() if score is not None} == {float}


@pytest.mark.parametrize(
    "vector",
    [
        "",
        ONE.removeprefix("CVSS:3.1/"),
        ONE.replace("3.1", "3.2"),
        ONE.replace("AV:N", "AV:X"),
        f"{ONE}/E:U",
        f"{ONE}/",
        f"{ONE}\n",
        ONE.replace("AV:N/AC:L", "AC:L/AV:N"),
        ONE.replace("/A:H", ""),
    ],
)
def test_another_vector_is_left_to_the_library(vector: str) -> None:
    assert base_score(vector) is None


def test_a_complete_vector_does_not_import_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cvss", None)
    score_of.cache_clear()
    assert score_of(ONE) == ("3.1", 9.8)
    with pytest.raises(ImportError):
        score_of(f"{ONE}/E:U")
