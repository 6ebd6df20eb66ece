from __future__ import annotations

import msgspec

from basewise.fit.cost import INSTALLED_PER_PACKED_BYTE, WheelCost, wheel_cost
from basewise.fit.knowledge import Knowledge
from basewise.fit.plan import Place, Planner
from basewise.fit.targets import target_of
from basewise.fit.wheel_facts import FactOrigin, FoundFact
from basewise.model.requirement import ResolvedPackage
from basewise.testing.fits import base_image, fact, pin, resolution, wheel

ANY = "alpha-1.0-py3-none-any.whl"


def cost(*pins: ResolvedPackage, found: dict[str, FoundFact] | None = None) -> WheelCost:
    place = Place(target_of(base_image()), "bookworm")
    return wheel_cost(Planner(resolution(*pins), Knowledge()).plan(place, "3.12.14"), found or {})


def test_measured_sizes_are_summed() -> None:
    result = cost(pin("alpha", "1.0", "py3-none-any"), found={ANY: FoundFact(fact(ANY), FactOrigin.EMBEDDED)})
    assert (result.download_bytes, result.disk_bytes, result.estimated) == (1000, 3000, False)


def test_an_unmeasured_size_on_disk_is_estimated_and_said() -> None:
    result = cost(pin("alpha", "1.0", "py3-none-any"))
    assert result.disk_bytes == int(1000 * INSTALLED_PER_PACKED_BYTE)
    assert result.estimated
    assert result.installs[0].installed_estimated


def test_a_size_inferred_from_another_wheel_is_an_estimate() -> None:
    inferred = FoundFact(fact(ANY), FactOrigin.INFERRED, "other.whl", size_inferred=True)
    assert cost(pin("alpha", "1.0", "py3-none-any"), found={ANY: inferred}).estimated


def test_an_unknown_part_makes_the_sum_unknown() -> None:
    unsized = ResolvedPackage(name="alpha", version="1.0", wheels=(wheel(ANY, size_bytes=None),))
    result = cost(unsized, pin("beta", "1.0", "py3-none-any"))
    assert result.download_bytes is None
    assert result.disk_bytes is None


def test_what_cannot_be_installed_makes_the_sum_unknown() -> None:
    assert cost(pin("beta", "1.0", "cp311-cp311-win_amd64")).disk_bytes is None


def test_the_size_of_the_fact_stands_in_where_the_lock_has_none() -> None:
    unsized = ResolvedPackage(name="alpha", version="1.0", wheels=(wheel(ANY, size_bytes=None),))
    known = msgspec.structs.replace(fact(ANY), size_bytes=1234)
    assert cost(unsized, found={ANY: FoundFact(known, FactOrigin.EMBEDDED)}).download_bytes == 1234
