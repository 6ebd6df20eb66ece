from __future__ import annotations

from datetime import date

import pytest

from basewise.errors import UsageError
from basewise.model.base_image import Trust
from basewise.model.choice import Candidate
from basewise.model.verdict import Reason, ReasonKind, Verdict
from basewise.ranking.constraints import exclusions_of, python_allows
from basewise.testing.candidates import candidate, no_wheel, rank_request, sizes

SLIM = candidate("3.12", also_known_as=("python:3.12-slim",))
ALPINE = candidate("3.12", "3.24", "alpine")


def constraints(chosen: Candidate, **changes: object) -> list[str]:
    return [exclusion.constraint for exclusion in exclusions_of(chosen, rank_request(**changes))]


def sentences(chosen: Candidate, **changes: object) -> list[str]:
    return [exclusion.sentence for exclusion in exclusions_of(chosen, rank_request(**changes))]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"python": "3.12"}, []),
        ({"python": "3.12.7"}, []),
        ({"python": "3.11"}, ["python"]),
        ({"platform": "linux/amd64"}, []),
        ({"platform": "linux/arm64"}, ["platform"]),
        ({"distro": "trixie"}, []),
        ({"distro": "Debian"}, []),
        ({"distro": "13"}, []),
        ({"distro": "debian:13"}, []),
        ({"distro": "debian13"}, []),
        ({"distro": "bookworm"}, ["distro"]),
        ({"libc": "glibc"}, []),
        ({"libc": "musl"}, ["libc"]),
        ({"max_size_bytes": 647_000_000}, []),
        ({"max_size_bytes": 646_999_999}, ["max-size"]),
        ({"images": ("python:3.12-slim-trixie",)}, []),
        ({"images": ("python:3.12-slim",)}, []),
        ({"images": (f"python:3.12-slim@{SLIM.digest}",)}, []),
        ({"images": ("python:3.12-slim@sha256:" + "0" * 64,)}, ["image"]),
        ({"images": ("python:3.11-slim",)}, ["image"]),
        ({"requires_python": ">=3.10,<3.13"}, []),
        ({"requires_python": ">=3.13"}, ["requires-python"]),
        ({"requires_python": " "}, []),
        ({"python": "3.11", "libc": "musl", "requires_python": "<3"}, ["python", "libc", "requires-python"]),
    ],
)
def test_what_the_user_asks_for_excludes_the_rest(changes: dict[str, object], expected: list[str]) -> None:
    assert constraints(SLIM, **changes) == expected


@pytest.mark.parametrize("name", ["alpine", "3.24", "alpine3.24", "alpine:3.24", "alpine 3.24"])
def test_an_alpine_release_has_several_names(name: str) -> None:
    assert constraints(ALPINE, distro=name) == []


@pytest.mark.parametrize(
    ("chosen", "constraint", "lifted_by"),
    [
        (candidate("3.15.0rc1"), "prerelease", "include_prerelease"),
        (candidate("3.15.0a4"), "prerelease", "include_prerelease"),
        (candidate("3.10"), "python-eol", "include_eol"),
        (candidate("3.12", "bullseye"), "distro-eol", "include_eol"),
        (candidate("3.12", digest=None), "digest", "allow_undigested"),
        (candidate("3.12", verdict=Verdict.UNKNOWN), "fit", "allow_unknown"),
    ],
)
def test_a_rule_excludes_unless_a_flag_lifts_it(chosen: Candidate, constraint: str, lifted_by: str) -> None:
    assert constraints(chosen) == [constraint]
    assert constraints(chosen, **{lifted_by: True}) == []


def test_a_python_is_supported_on_its_last_day() -> None:
    assert constraints(candidate("3.10"), today=date(2026, 10, 31)) == []
    assert constraints(candidate("3.10"), today=date(2026, 11, 1)) == ["python-eol"]


def test_a_floating_tag_is_out_unless_it_is_named() -> None:
    trust = Trust(publisher="someone", official=False, explicit_tag=False, digest_pinned=True)
    floating = candidate("3.12", image="someone/python:slim", trust=trust)
    assert constraints(floating) == ["tag"]
    assert constraints(floating, images=("someone/python:slim",)) == []


def test_a_limit_on_an_unknown_size_cannot_be_checked() -> None:
    unknown = candidate("3.12", size=sizes(wheels=False))
    (sentence,) = sentences(unknown, max_size_bytes=500_000_000)
    assert "not known" in sentence
    assert constraints(unknown, max_size_bytes=100_000_000) == ["max-size"]
    assert constraints(unknown) == []


def test_an_exclusion_for_missing_wheels_names_every_package() -> None:
    packages = [f"package-{number:02}" for number in range(30)]
    broken = candidate("3.12", "3.24", "alpine", verdict=Verdict.DOES_NOT_FIT, reasons=no_wheel(*packages))
    (sentence,) = sentences(broken)
    assert all(package in sentence for package in packages)
    assert sentence.endswith("have no musl wheel and no build recipe")


def test_one_package_has_and_two_have() -> None:
    (one,) = sentences(candidate(verdict=Verdict.DOES_NOT_FIT, reasons=no_wheel("torch")))
    assert one == "torch has no wheel for Python 3.12 on glibc 2.41 and no build recipe"
    (two,) = sentences(candidate(verdict=Verdict.DOES_NOT_FIT, reasons=no_wheel("torch", "scipy")))
    assert two.startswith("scipy and torch have no wheel")


def test_other_blocking_reasons_keep_their_sentence() -> None:
    needs = Reason(
        kind=ReasonKind.SYMBOL_VERSION, package="torch", sentence="torch needs GLIBC_2.99", blocking=True
    )
    note = Reason(kind=ReasonKind.NOTE, package="torch", sentence="a note")
    broken = candidate("3.12", verdict=Verdict.DOES_NOT_FIT, reasons=(needs, needs, note))
    assert sentences(broken) == ["torch needs GLIBC_2.99"]


def test_a_python_that_requires_python_excludes_is_explained_once() -> None:
    reason = Reason(kind=ReasonKind.PYTHON, package="", sentence="needs Python 3.13", blocking=True)
    broken = candidate("3.12", verdict=Verdict.DOES_NOT_FIT, reasons=(reason,))
    assert constraints(broken, requires_python=">=3.13") == ["requires-python"]
    assert constraints(broken) == ["fit"]


def test_an_unknown_fit_names_what_is_not_known() -> None:
    reasons = (Reason(kind=ReasonKind.NO_FILE, package="torch", sentence="the files of torch are not known"),)
    (sentence,) = sentences(candidate(verdict=Verdict.UNKNOWN, reasons=reasons))
    assert "torch" in sentence


@pytest.mark.parametrize(
    ("specifiers", "version", "expected"),
    [
        (None, "3.12.1", True),
        (">=3.11", "3.15.0rc1", True),
        ("==3.11.*", "3.12.1", False),
        ("<4", "3.9.1", True),
    ],
)
def test_specifiers_allow_a_python(specifiers: str | None, version: str, expected: bool) -> None:
    assert python_allows(specifiers, version) is expected


def test_a_range_that_is_none_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="no version range"):
        python_allows("three", "3.12.1")
