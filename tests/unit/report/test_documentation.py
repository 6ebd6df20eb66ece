"""The published contract and formula are those of the code."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from basewise.model.verdict import Verdict
from basewise.ranking.constraints import exclusions_of
from basewise.ranking.order import OrderKey
from basewise.ranking.weights import WEIGHT_SETS, Weights
from basewise.report.json_document import encode_json
from basewise.testing.candidates import added, candidate, no_wheel, rank_request
from basewise.testing.choices import choice

DOCS = Path(__file__).resolve().parents[3] / "docs"
REFERENCE = (DOCS / "reference" / "json-choose.md").read_text(encoding="utf-8")
EXPLANATION = (DOCS / "explanation-ranking.md").read_text(encoding="utf-8")


def keys(value: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        yield from value
        for each in value.values():
            yield from keys(each)
    elif isinstance(value, list):
        for each in value:
            yield from keys(each)


def test_every_field_of_the_document_is_in_its_reference() -> None:
    full = choice(
        [
            candidate("3.14", add_packages=(added("libpq5", closure=("libldap2",)),)),
            candidate("3.14", "3.24", "alpine", verdict=Verdict.DOES_NOT_FIT, reasons=no_wheel("torch")),
        ]
    )
    nothing = choice([candidate("3.10")])
    used = set(keys(json.loads(encode_json(full)))) | set(keys(json.loads(encode_json(nothing))))
    documented = set(re.findall(r"`([a-z_-]+)`", REFERENCE))
    assert used - documented == set()


def test_the_published_weights_are_the_ones_that_are_used() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|$", EXPLANATION, re.MULTILINE)
    published = {name: tuple(float(number) for number in numbers) for name, *numbers in rows}
    names = [name for name in Weights.__struct_fields__ if name != "name"]
    sets = [WEIGHT_SETS[prefer] for prefer in ("balanced", "security", "size")]
    assert published == {name: tuple(getattr(each, name) for each in sets) for name in names}


def test_the_published_order_is_the_one_that_is_used() -> None:
    section = EXPLANATION.split("## The order")[1].split("## Cost")[0]
    assert tuple(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == OrderKey.__struct_fields__


def test_every_constraint_is_published() -> None:
    section = EXPLANATION.split("## Constraints")[1].split("## The order")[0]
    everything = rank_request(
        images=("x:y",),
        platform="linux/s390x",
        python="3.9",
        distro="arch",
        libc="none",
        max_size_bytes=1,
        requires_python="<3",
    )
    broken = [
        candidate("3.15.0rc1", "bullseye", digest=None, verdict=Verdict.UNKNOWN),
        candidate("3.10"),
    ]
    used = {exclusion.constraint for each in broken for exclusion in exclusions_of(each, everything)}
    assert used <= set(re.findall(r"`([a-z-]+)`", section))
    assert len(used) == 12
