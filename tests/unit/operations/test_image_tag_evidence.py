"""What the tag of an image gives as evidence where nothing better is known."""

from __future__ import annotations

import msgspec
import pytest

from basewise.candidates.catalogue import load_catalogue
from basewise.dockerfile.images import ImageUse, image_uses, resolve_stages
from basewise.dockerfile.parse import parse_dockerfile
from basewise.model.reference import Reference
from basewise.operations.image_catalogues import MovedTag
from basewise.operations.image_tag_evidence import explicit_name, moved_from, with_tag
from basewise.rules.evidence import ImageEvidence

TRIXIE = "python:3.13-slim-trixie"
BOOKWORM = "python:3.13-slim-bookworm"


def use_of(name: str) -> ImageUse:
    dockerfile = parse_dockerfile(f"FROM {name}\n")
    (use,) = image_uses(dockerfile, resolve_stages(dockerfile))
    return use


def evidence(name: str) -> ImageEvidence:
    return ImageEvidence(use=use_of(name), reference=Reference.parse(name))


@pytest.mark.parametrize(
    ("name", "distro", "python", "user", "source"),
    [
        (TRIXIE, "debian 13", "3.13", "root", "the tag"),
        ("ubuntu:22.04", "ubuntu 22.04", None, "root", "the tag"),
        ("team/python:3.12", None, "3.12", None, "the tag"),
        ("team/base:1", None, None, None, ""),
    ],
)
def test_a_tag_tells_distribution_python_and_user(
    name: str, distro: str | None, python: str | None, user: str | None, source: str
) -> None:
    filled = with_tag(evidence(name))
    said = f"{filled.distro.id} {filled.distro.version}" if filled.distro is not None else None
    assert (said, filled.python, filled.user, filled.source) == (distro, python, user, source)


def test_what_is_measured_is_not_overruled_by_the_tag() -> None:
    measured = msgspec.structs.replace(
        evidence(TRIXIE), python="3.14", user="app", source="the catalogue of a day"
    )
    filled = with_tag(measured)
    assert (filled.python, filled.user, filled.source) == ("3.14", "app", "the catalogue of a day")


def test_a_floating_tag_has_an_explicit_name_and_an_explicit_one_has_none() -> None:
    image = load_catalogue().find(TRIXIE)
    assert explicit_name(Reference.parse("python:3.13-slim"), image) == TRIXIE
    assert explicit_name(Reference.parse(TRIXIE), image) == ""
    assert explicit_name(Reference.parse("python:3.13.9-slim-trixie"), image) == ""
    assert explicit_name(Reference.parse("python:3.13-slim"), None) == ""


def test_a_tag_moved_when_the_catalogue_says_so_or_its_digest_is_of_another_distribution() -> None:
    new, old = load_catalogue().find(TRIXIE), load_catalogue().find(BOOKWORM)
    assert "debian 12" in moved_from(MovedTag(old, "2026-08-01"), None, None).lower()
    assert "and the tag names" in moved_from(None, old, new)
    assert moved_from(None, new, new) == ""
    assert moved_from(None, None, new) == ""
