from __future__ import annotations

import pytest

from basewise.fit.facts import NativeNeed, NeedKind, RuntimeKnowledge
from basewise.fit.knowledge import Knowledge
from basewise.fit.native import EnvironmentNeeds, collect_needs
from basewise.fit.plan import Place, Planner
from basewise.fit.targets import target_of
from basewise.fit.wheel_facts import FactOrigin, FoundFact
from basewise.model.requirement import ResolvedPackage
from basewise.testing.fits import EVIDENCE, base_image, fact, pin, resolution

GLIBC = "cp312-cp312-manylinux_2_28_x86_64"


def needs(
    *pins: ResolvedPackage, knowledge: Knowledge, facts: dict[str, FoundFact] | None = None
) -> EnvironmentNeeds:
    place = Place(target_of(base_image()), "bookworm")
    plan = Planner(resolution(*pins), knowledge).plan(place, "3.12.14")
    return collect_needs(plan, facts or {}, knowledge, injected=frozenset({"libcuda.so.1"}))


def entry(*wanted: NativeNeed, note: str = "", **fields: str) -> Knowledge:
    known = RuntimeKnowledge(package="beta", needs=wanted, note=note, evidence=EVIDENCE, **fields)  # type: ignore[arg-type]  # by name
    return Knowledge(runtime=(known,))


def found(name: str, **values: object) -> FoundFact:
    return FoundFact(fact(name, **values), FactOrigin.EMBEDDED)


def test_programs_that_are_called_are_needs() -> None:
    program = NativeNeed(
        kind=NeedKind.PROGRAM, name="tesseract", when="call", packages={"bookworm": ("tesseract-ocr",)}
    )
    (need,) = needs(pin("beta", "1.0", "py3-none-any"), knowledge=entry(program)).needs
    assert (need.name, need.when, need.wanted_by) == ("tesseract", "call", ("beta",))
    assert need.evidence == "documentation(invented)"


def test_optional_needs_are_remarks() -> None:
    optional = NativeNeed(kind=NeedKind.PROGRAM, name="dot", when="optional")
    result = needs(pin("beta", "1.0", "py3-none-any"), knowledge=entry(optional))
    assert result.needs == ()
    assert result.reasons[0].sentence == "beta 1.0 can use dot, which is optional and not installed"


def test_a_need_vanishes_where_another_distribution_settles_it() -> None:
    need = NativeNeed(kind=NeedKind.SONAME, name="libpq.so.5", unless=("beta-binary",))
    assert needs(pin("beta", "1.0", "py3-none-any"), knowledge=entry(need)).needs != ()
    both = (pin("beta", "1.0", "py3-none-any"), pin("beta-binary", "1.0", "py3-none-any"))
    assert needs(*both, knowledge=entry(need)).needs == ()


@pytest.mark.parametrize(("level", "said"), [("x86-64-v2", True), ("aarch64-v8.2", False)])
def test_a_processor_level_is_said_for_its_own_machine_alone(level: str, *, said: bool) -> None:
    cpu = NativeNeed(kind=NeedKind.CPU, name=level)
    result = needs(pin("beta", "1.0", GLIBC), knowledge=entry(cpu, note="old machines fail"))
    assert bool(result.reasons) is said
    if said:
        assert result.reasons[0].sentence == "beta 1.0: old machines fail"


def test_knowledge_of_other_versions_and_libraries_does_not_count() -> None:
    need = NativeNeed(kind=NeedKind.SONAME, name="libpq.so.5")
    package = pin("beta", "1.0", "py3-none-any")
    assert needs(package, knowledge=entry(need, versions=">=2")).needs == ()
    assert needs(package, knowledge=entry(need, libc="musl")).needs == ()
    assert needs(package, knowledge=entry(need, file_kind="platform")).needs == ()
    assert needs(package, knowledge=entry(need, file_kind="any")).needs != ()


def test_one_library_of_several_distributions_is_one_need() -> None:
    facts = {
        f"{name}-1.0-{GLIBC}.whl": found(f"{name}-1.0-{GLIBC}.whl", hard=("libgomp.so.1", "libcuda.so.1"))
        for name in ("beta", "alpha")
    }
    result = needs(pin("beta", "1.0", GLIBC), pin("alpha", "1.0", GLIBC), knowledge=Knowledge(), facts=facts)
    assert [(need.name, need.wanted_by) for need in result.needs] == [("libgomp.so.1", ("alpha", "beta"))]


def test_without_a_distribution_its_needs_are_gone() -> None:
    facts = {
        f"beta-1.0-{GLIBC}.whl": found(f"beta-1.0-{GLIBC}.whl", hard=("libGL.so.1", "libgomp.so.1")),
        f"alpha-1.0-{GLIBC}.whl": found(f"alpha-1.0-{GLIBC}.whl", hard=("libgomp.so.1",)),
    }
    result = needs(pin("beta", "1.0", GLIBC), pin("alpha", "1.0", GLIBC), knowledge=Knowledge(), facts=facts)
    left = result.without(frozenset({"beta"}))
    assert [(need.name, need.wanted_by) for need in left.needs] == [("libgomp.so.1", ("alpha",))]


def test_soft_sonames_add_nothing() -> None:
    facts = {f"beta-1.0-{GLIBC}.whl": found(f"beta-1.0-{GLIBC}.whl", soft=("libSM.so.6",))}
    assert needs(pin("beta", "1.0", GLIBC), knowledge=Knowledge(), facts=facts).needs == ()
