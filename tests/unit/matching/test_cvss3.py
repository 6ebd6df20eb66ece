"""Base scores of CVSS 3, compared with a library for every vector that there is."""

from itertools import product

import pytest
from cvss import CVSS3  # type: ignore[import-untyped]  # it carries no type information

from basewise.matching.cvss3 import base_score

METRICS = ("AV:NALP", "AC:LH", "PR:NLH", "UI:NR", "S:UC", "C:NLH", "I:NLH", "A:NLH")


def every_vector() -> list[str]:
    named = [metric.partition(":") for metric in METRICS]
    values = [[f"{name}:{value}" for value in letters] for name, _, letters in named]
    return ["/".join(parts) for parts in product(*values)]


@pytest.mark.parametrize("version", ["3.0", "3.1"])
def test_every_vector_of_base_metrics_has_the_score_that_the_library_computes(version: str) -> None:
    vectors = [f"CVSS:{version}/{vector}" for vector in every_vector()]
    assert len(vectors) == 2592
    assert [base_score(vector) for vector in vectors] == [
        (version, float(CVSS3(vector).base_score)) for vector in vectors
    ]


@pytest.mark.parametrize(
    "vector",
    [
        "",
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H",
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:P",
        "CVSS:3.1/AC:L/AV:N/PR:N/UI:N/S:U/C:H/I:H/A:H",
        "CVSS:3.2/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
        "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H\n",
        "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
    ],
)
def test_what_is_not_the_eight_base_metrics_in_their_order_is_left_to_the_library(vector: str) -> None:
    assert base_score(vector) is None
