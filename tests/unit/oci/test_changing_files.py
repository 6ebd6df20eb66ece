"""Images that somebody changes while they are read: an error or the image as it was, never a mixture."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from basewise.errors import ImageError
from basewise.inventory.run import take_inventory
from basewise.oci.open import open_image
from basewise.testing.image_builder import ImageBuilder
from basewise.testing.python_images import python_image

Write = Callable[[ImageBuilder, Path], str]
WRITERS: dict[str, Write] = {
    "docker archive": lambda image, path: f"docker-archive:{image.write_docker_archive(path)}",
    "docker archive, new": lambda image, path: (
        f"docker-archive:{image.write_docker_archive(path, shape='new')}"
    ),
    "OCI archive": lambda image, path: f"oci-archive:{image.write_oci_archive(path)}",
}


def other_image() -> ImageBuilder:
    """Return an image of the same shape with other packages."""
    return python_image(packages=[("bash", "5.2.37-2+b11", "bash (5.2.37-2)"), ("evil", "1", "evil")])


@pytest.mark.parametrize("kind", WRITERS)
def test_an_archive_that_is_cut_while_it_is_read_is_an_error(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    with open_image(WRITERS[kind](python_image(), path)) as image:
        with path.open("r+b") as file:
            file.truncate(2_000)
        with pytest.raises(ImageError, match=r"it ends after|stream ends|inflates to|hash to") as error:
            take_inventory(image, cache=None)
    assert error.value.hint


@pytest.mark.parametrize("kind", WRITERS)
def test_an_archive_that_is_written_over_while_it_is_read_is_an_error(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    with open_image(WRITERS[kind](python_image(), path)) as image:
        WRITERS[kind](other_image(), tmp_path / "other.tar")
        path.write_bytes((tmp_path / "other.tar").read_bytes())
        with pytest.raises(ImageError, match=r"cannot (trust|read)"):
            take_inventory(image, cache=None)


@pytest.mark.parametrize("kind", WRITERS)
def test_an_archive_that_is_replaced_while_it_is_read_is_read_as_it_was(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    with open_image(WRITERS[kind](python_image(), path)) as image:
        WRITERS[kind](other_image(), tmp_path / "other.tar")
        (tmp_path / "other.tar").replace(path)
        found = take_inventory(image, cache=None)
    assert "evil" not in {one.package.name for one in found.packages}
    assert "libc6" in {one.package.name for one in found.packages}


@pytest.mark.parametrize("damage", ["cut", "written over", "removed", "a pipe"])
def test_a_layer_of_a_layout_that_changes_is_an_error(damage: str, tmp_path: Path) -> None:
    built = python_image()
    blob = built.write_layout(tmp_path) / "blobs" / "sha256" / built.layers[0].digest.hexadecimal
    with open_image(f"oci:{tmp_path}") as image:
        if damage == "cut":
            blob.write_bytes(blob.read_bytes()[:-10])
        elif damage == "written over":
            blob.write_bytes(other_image().layers[0].stored)
        else:
            blob.unlink()
        if damage == "a pipe":
            os.mkfifo(blob)
        with pytest.raises(ImageError, match=built.layers[0].digest.hexadecimal):
            take_inventory(image, cache=None)


def test_nothing_of_a_changed_layer_is_remembered(tmp_path: Path) -> None:
    from basewise.inventory.run import open_layer_cache  # noqa: PLC0415 - after the cache directory is set

    path = tmp_path / "image.tar"
    text = WRITERS["docker archive"](python_image(), path)
    whole = path.read_bytes()
    cache = open_layer_cache()
    with open_image(text) as image:
        with path.open("r+b") as file:
            file.truncate(2_000)
        with pytest.raises(ImageError):
            take_inventory(image, cache=cache)
    path.write_bytes(whole)
    with open_image(text) as image:
        assert take_inventory(image, cache=cache) == take_inventory(image, cache=None)
