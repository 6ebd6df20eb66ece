"""What the catalogues know of an image, asked by tag, by digest, and by a digest that was superseded."""

from __future__ import annotations

import pytest

from basewise.candidates.catalogue import load_catalogue
from basewise.model.digest import Digest
from basewise.model.platform import Platform
from basewise.model.reference import Reference
from basewise.operations.image_catalogues import Catalogues, load_catalogues

TRIXIE = "python:3.13-slim-trixie"
AMD64 = Platform.parse("linux/amd64")


@pytest.fixture(scope="module")
def known() -> Catalogues:
    return load_catalogues(AMD64)


def test_a_tag_leads_to_its_build_also_by_another_name_of_it(known: Catalogues) -> None:
    image = known.by_tag(Reference.parse(TRIXIE))
    assert image is not None
    assert image.name == TRIXIE
    assert all(known.by_tag(Reference.parse(name)) == image for name in image.also_known_as)
    assert known.by_tag(Reference.parse(f"team/{TRIXIE}")) is None


def test_a_digest_of_an_index_and_one_of_its_manifest_are_the_same_build(known: Catalogues) -> None:
    image = load_catalogue(AMD64).find(TRIXIE)
    assert image.manifest_digest is not None
    assert image.index_digest is not None
    assert image.manifest_digest != image.index_digest
    assert known.by_digest(image.index_digest) == known.by_digest(image.manifest_digest) == image


def test_a_superseded_digest_leads_to_the_newest_build_of_its_name(known: Catalogues) -> None:
    old = next(build for build in load_catalogue(AMD64).superseded if build.image == TRIXIE)
    build = known.superseded_build(Digest.parse(old.index_digest))
    assert build == old
    newest = known.newest_of(None, build)
    assert newest is not None
    assert newest.name == TRIXIE
    assert known.by_digest(Digest.parse(old.index_digest)) is None


def test_a_floating_tag_that_moved_says_what_it_named_and_when(known: Catalogues) -> None:
    moved = known.moved["python:3.11-slim"]
    assert moved.image.reference.repository == "library/python"
    assert moved.on.startswith("20")


def test_a_platform_without_a_catalogue_knows_nothing() -> None:
    known = load_catalogues(Platform.parse("linux/s390x"))
    assert (known.whole, known.moved) == (None, {})
    assert known.by_tag(Reference.parse(TRIXIE)) is None
    assert known.newest_of(None, None) is None
