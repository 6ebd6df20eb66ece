from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from basewise.candidates.catalogue import load_catalogue
from basewise.candidates.coverage import catalogue_not_covered
from basewise.candidates.user_catalogue import (
    MeasuredImage,
    change_user_catalogue,
    load_whole_catalogue,
    read_user_catalogue,
    user_catalogue_path,
    with_measured,
)
from basewise.errors import ImageError, OutputError
from basewise.model.digest import Digest
from basewise.model.evidence import NotCovered
from basewise.model.platform import LINUX_ARM64
from basewise.model.reference import Reference

NOW = datetime(2026, 11, 23, tzinfo=UTC)
EMBEDDED = load_catalogue()
DIGEST = Digest("sha256", "e" * 64)


def own_file() -> Path:
    path = user_catalogue_path()
    assert path is not None
    return path


def entry(name: str = "registry.example:5000/team/base:3.12-slim-trixie", **facts: Any) -> MeasuredImage:  # noqa: ANN401 - any field of a base image
    image = msgspec.structs.replace(
        EMBEDDED.find("python:3.12-slim-trixie"), reference=Reference.parse(name), also_known_as=(), **facts
    )
    return MeasuredImage(image=image, measured_at=NOW)


def keep(*entries: MeasuredImage) -> None:
    change_user_catalogue(lambda known: [*known, *entries])


def test_without_a_file_the_catalogue_is_the_embedded_one() -> None:
    assert not own_file().exists()
    assert load_whole_catalogue() == EMBEDDED


def test_what_was_kept_is_read_again_as_it_was() -> None:
    one, other = entry(), entry("team/other:3.12-slim-trixie", sonames=None, packages=None)
    keep(one, other)
    assert read_user_catalogue() == (one, other)


def test_an_own_image_is_found_by_its_name_and_digest_beside_the_embedded_ones() -> None:
    keep(entry(index_digest=DIGEST))
    catalogue = load_whole_catalogue()
    assert len(catalogue.images) == len(EMBEDDED.images) + 1
    for text in (
        "registry.example:5000/team/base:3.12-slim-trixie",
        f"registry.example:5000/team/base@{DIGEST}",
    ):
        assert catalogue.find(text).index_digest == DIGEST
    assert catalogue.find("python:3.12-slim-trixie") == EMBEDDED.find("python:3.12-slim-trixie")


def test_an_own_image_takes_the_place_of_an_embedded_one_of_its_name() -> None:
    keep(entry("python:3.12-slim-trixie", index_digest=DIGEST))
    catalogue = load_whole_catalogue()
    assert len(catalogue.images) == len(EMBEDDED.images)
    assert catalogue.find("python:3.12-slim-trixie").index_digest == DIGEST


def test_a_tag_that_moved_belongs_to_the_image_that_was_read_last() -> None:
    assert EMBEDDED.find("python:3.13-slim").name == "python:3.13-slim-trixie"
    moved = entry("python:3.13-slim-forky")
    image = msgspec.structs.replace(moved.image, also_known_as=("python:3.13-slim",))
    catalogue = with_measured(EMBEDDED, [msgspec.structs.replace(moved, image=image)])
    assert catalogue.find("python:3.13-slim").name == "python:3.13-slim-forky"


def test_an_image_of_another_platform_is_no_candidate_here() -> None:
    keep(entry(platform=LINUX_ARM64))
    assert load_whole_catalogue() == EMBEDDED
    assert len(load_whole_catalogue(LINUX_ARM64).images) == len(load_catalogue(LINUX_ARM64).images) + 1


def test_what_could_not_be_read_of_an_own_image_stays_said() -> None:
    said = NotCovered("packages of `x`", "damaged")
    keep(msgspec.structs.replace(entry(), not_covered=(said,)))
    assert said in catalogue_not_covered(load_whole_catalogue(), NOW.date())


def broken(change: Any) -> bytes:  # noqa: ANN401 - any function over the decoded document
    document = json.loads(msgspec.json.encode({"schema": "basewise.user-catalogue/1", "images": [entry()]}))
    change(document)
    return json.dumps(document).encode()


def set_image(**facts: object) -> Any:  # noqa: ANN401 - a function over the decoded document
    return lambda document: document["images"][0]["image"].update(facts)


DAMAGE = {
    "empty": (b"", "truncated"),
    "no JSON": (b"{", "truncated"),
    "no UTF-8": (b'{"schema": "\xff"}', "invalid"),
    "deep": (b"[" * 100_000, "Expected `object`"),
    "another schema": (b'{"schema": "basewise.user-catalogue/2"}', "its schema is"),
    "a field is missing": (broken(lambda d: d["images"][0]["image"].pop("python")), "missing required field `python`"),
    "twice": (broken(lambda d: d["images"].append(d["images"][0])), "stands there twice"),
    "a name with a line end": (
        broken(set_image(reference={"registry": "docker.io", "repository": "x\nRUN evil"})), "not an image reference",
    ),
    "a digest of another kind": (
        broken(set_image(index_digest={"algorithm": "sha256", "hexadecimal": "x y"})), "not a digest",
    ),
    "an alias that is no name": (broken(set_image(also_known_as=["A B"])), "not an image reference"),
    "a Python that is none": (broken(set_image(python="three")), "invalid literal"),
    "a C library that is none": (broken(set_image(libc={"family": "bionic", "version": "1.0"})), "C library"),
    "a C library without version": (broken(set_image(libc={"family": "glibc", "version": "new"})), "invalid literal"),
    "a time without zone": (broken(set_image(created="2026-01-01T00:00:00")), "without time zone"),
    "a size below zero": (
        broken(lambda d: d["images"][0]["image"]["size"].update(disk_bytes=-1)), "a size below zero",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_file_is_an_error_that_names_it(name: str) -> None:
    content, said = DAMAGE[name]
    own_file().write_bytes(content)
    with pytest.raises(ImageError, match="cannot read your catalogue") as raised:
        load_whole_catalogue()
    assert said in raised.value.message
    assert str(own_file()) in raised.value.message


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_file_is_not_written_over(name: str) -> None:
    content, _ = DAMAGE[name]
    own_file().write_bytes(content)
    with pytest.raises(ImageError):
        keep(entry())
    assert own_file().read_bytes() == content


def test_a_change_that_fails_leaves_the_file_as_it_was() -> None:
    keep(entry())

    def fail(known: tuple[MeasuredImage, ...]) -> tuple[MeasuredImage, ...]:
        assert known
        raise ImageError("no")

    with pytest.raises(ImageError):
        change_user_catalogue(fail)
    assert read_user_catalogue() == (entry(),)


def test_a_directory_in_its_place_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BASEWISE_CATALOGUE", str(tmp_path))
    with pytest.raises(ImageError, match="cannot read your catalogue"):
        load_whole_catalogue()


def test_a_file_that_cannot_be_made_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("BASEWISE_CATALOGUE", str(tmp_path / "file" / "own.json"))
    with pytest.raises(OutputError, match="cannot change"):
        keep(entry())


def test_the_file_is_in_the_data_directory_of_the_user_when_nothing_names_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("BASEWISE_CATALOGUE")
    assert own_file().name == "catalogue.json"
    assert "basewise" in str(own_file())
