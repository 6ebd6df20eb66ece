"""Taking an inventory: every layer once, every limit told, every source alike."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from basewise._internal.tar import ByteStream
from basewise.errors import ImageError
from basewise.image.image import Image, StoredLayer
from basewise.image.layer_cache import LayerCache
from basewise.image.limits import DEFAULT_LIMITS, Limits
from basewise.inventory.builtin import CATALOGERS
from basewise.inventory.cataloger import Cataloger, CatalogResult, ImageView
from basewise.inventory.run import open_layer_cache, take_inventory
from basewise.model.distro import Distro
from basewise.model.evidence import NotCovered
from basewise.model.inventory import InstalledPackage, Inventory, Owner
from basewise.model.package import Package, PackageType
from basewise.oci.open import open_image
from basewise.testing.image_builder import ImageBuilder


class Lines:
    """Finds a package in each line of `packages.txt`, and owns `owned`."""

    name = "lines"
    version = 1
    wants: tuple[str, ...] = ("packages.txt",)
    condenses = ()
    max_file_bytes = 0

    def condense(self, path: str, content: bytes) -> bytes:  # noqa: ARG002 - of the protocol
        return content

    def catalog(self, view: ImageView) -> CatalogResult:
        text = view.tree.read("packages.txt")
        if text is None:
            return CatalogResult(not_covered=(NotCovered("packages", "no list"),))
        return CatalogResult(
            packages=tuple(
                InstalledPackage(
                    package=Package(type=PackageType.DEB, name=name, version="1"),
                    location="packages.txt",
                    layer=next(
                        layer
                        for layer, known in view.tree.history("packages.txt")
                        if name in (known or b"").decode()
                    ),
                )
                for name in text.decode().split()
            ),
            distro=Distro("debian", "13"),
            owned={"owned": Owner(PackageType.DEB, "a")},
        )


class After(Lines):
    """Sees what was found before it."""

    name = "after"
    wants = ()

    def catalog(self, view: ImageView) -> CatalogResult:
        if not view.packages():
            return CatalogResult()
        assert view.owner_of("owned") == Owner(PackageType.DEB, "a")
        assert view.owner_of("other") is None
        assert view.distro == Distro("debian", "13")
        assert view.packages(PackageType.PYPI) == ()
        return CatalogResult(distro=Distro("other", "1"))


TWO: list[Any] = [Lines(), After()]


def builder() -> ImageBuilder:
    return (
        ImageBuilder()
        .layer({"packages.txt": "a b", "big": "x" * 1000}, created_by="ADD rootfs")
        .layer({"packages.txt": "a b c"}, created_by="RUN install c")
        .layer({".wh.big": ""}, created_by="RUN rm big")
    )


def inventory_of(
    text: str,
    *,
    cache: LayerCache | None = None,
    limits: Limits = DEFAULT_LIMITS,
    catalogers: Sequence[Cataloger] = tuple(TWO),
) -> Inventory:
    with open_image(text) as image:
        return take_inventory(image, cache=cache, limits=limits, catalogers=catalogers)


def test_packages_come_sorted_with_the_layer_that_brought_them(tmp_path: Path) -> None:
    found = inventory_of(str(builder().write_layout(tmp_path)))
    assert [(package.package.name, package.layer) for package in found.packages] == [
        ("a", 0),
        ("b", 0),
        ("c", 1),
    ]
    assert found.distro == Distro("debian", "13")
    assert found.surface.packages == 3
    assert found.coverage.complete
    assert [layer.created_by for layer in found.image.layers] == ["ADD rootfs", "RUN install c", "RUN rm big"]
    assert [layer.disk_bytes for layer in found.image.layers] == [1003, 5, 0]
    assert found.image.size.disk_bytes == 1008
    assert str(found.image.size.compressed_basis) == "exact"


def test_the_same_image_from_four_sources_has_the_same_inventory(tmp_path: Path) -> None:
    image = builder()
    root = tmp_path / "root"
    root.mkdir()
    (root / "packages.txt").write_text("a b c")
    texts = [
        f"oci:{image.write_layout(tmp_path / 'layout')}",
        f"oci-archive:{image.write_oci_archive(tmp_path / 'oci.tar')}",
        f"docker-archive:{image.write_docker_archive(tmp_path / 'old.tar')}",
        f"docker-archive:{image.write_docker_archive(tmp_path / 'new.tar', shape='new')}",
        f"dir:{root}",
    ]
    packages = {
        msgspec.json.encode([(found.package, found.location) for found in inventory_of(text).packages])
        for text in texts
    }
    assert len(packages) == 1
    with_layers = {msgspec.json.encode(inventory_of(text).packages) for text in texts[:4]}
    assert len(with_layers) == 1


def count_opens(image: Image) -> tuple[Image, list[str]]:
    opened: list[str] = []

    def counting(layer: StoredLayer) -> StoredLayer:
        def open_blob() -> AbstractContextManager[ByteStream]:
            opened.append(layer.name)
            return layer.open_blob()

        return msgspec.structs.replace(layer, open_blob=open_blob)

    layers = tuple(counting(layer) for layer in image.layers if isinstance(layer, StoredLayer))
    return msgspec.structs.replace(image, layers=layers), opened


def test_no_layer_is_read_twice_in_its_life_whatever_image_it_is_in(tmp_path: Path) -> None:
    first = builder()
    second = builder().layer({"new": "x"})
    cache = open_layer_cache(TWO)
    image, opened = count_opens(open_image(str(first.write_layout(tmp_path / "one"))))
    cold = take_inventory(image, cache=cache, catalogers=TWO)
    assert len(opened) == 3
    warm = take_inventory(image, cache=open_layer_cache(TWO), catalogers=TWO)
    assert len(opened) == 3
    assert warm == cold
    image, opened = count_opens(open_image(str(second.write_layout(tmp_path / "two"))))
    take_inventory(image, cache=cache, catalogers=TWO)
    assert opened == [f"layer {second.layers[3].digest}"]


def test_another_version_of_a_cataloger_reads_again(tmp_path: Path) -> None:
    class Newer(Lines):
        version = 2

    image, opened = count_opens(open_image(str(builder().write_layout(tmp_path))))
    take_inventory(image, cache=open_layer_cache(TWO), catalogers=TWO)
    newer: list[Any] = [Newer()]
    take_inventory(image, cache=open_layer_cache(newer), catalogers=newer)
    assert len(opened) == 6


def test_two_layers_are_read_at_a_time(tmp_path: Path) -> None:
    image = open_image(str(builder().write_layout(tmp_path)))
    meeting = threading.Barrier(2, timeout=20)

    def together(layer: StoredLayer) -> StoredLayer:
        def open_blob() -> AbstractContextManager[ByteStream]:
            meeting.wait()
            return layer.open_blob()

        return msgspec.structs.replace(layer, open_blob=open_blob)

    layers = tuple(together(layer) for layer in image.layers[:2] if isinstance(layer, StoredLayer))
    found = take_inventory(msgspec.structs.replace(image, layers=layers), cache=None, catalogers=TWO)
    assert len(found.packages) == 3


def limits(**changes: int) -> Limits:
    return msgspec.structs.replace(DEFAULT_LIMITS, **changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"entries": 1}, "more than 1 entries"),
        ({"layer_bytes": 1500}, "inflates to more than 1500 bytes"),
        ({"file_bytes": 2}, "more than the limit of 2"),
        ({"kept_bytes": 4}, "more than 4 bytes"),
    ],
)
def test_a_limit_that_is_hit_is_told_and_the_rest_is_kept(
    changes: dict[str, int], message: str, tmp_path: Path
) -> None:
    found = inventory_of(str(builder().write_layout(tmp_path)), limits=limits(**changes))
    assert not found.coverage.complete
    assert message in str(found.coverage.not_covered)
    assert len(found.image.layers) == 3


def test_a_layer_that_was_cut_by_a_limit_is_not_remembered(tmp_path: Path) -> None:
    text = str(builder().write_layout(tmp_path))
    small = limits(layer_bytes=1500)
    inventory_of(text, cache=open_layer_cache(TWO, limits=small), limits=small)
    assert inventory_of(text, cache=open_layer_cache(TWO)).coverage.complete


def test_more_layers_than_the_limit_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="3 layers, more than the limit of 2"):
        inventory_of(str(builder().write_layout(tmp_path)), limits=limits(layers=2))


def test_an_image_without_files_is_no_clean_image(tmp_path: Path) -> None:
    for image in (ImageBuilder(), ImageBuilder().layer({})):
        found = inventory_of(str(image.write_layout(tmp_path / str(len(image.layers)))), catalogers=[])
        assert not found.coverage.complete
        assert "the image has no files" in str(found.coverage.not_covered)


def test_a_damaged_layer_is_an_error_that_names_it(tmp_path: Path) -> None:
    image = builder()
    layout = image.write_layout(tmp_path)
    (layout / "blobs" / "sha256" / image.layers[1].digest.hexadecimal).write_bytes(
        b"x" * len(image.layers[1].stored)
    )
    with pytest.raises(ImageError, match=str(image.layers[1].digest)):
        inventory_of(str(layout))


def test_runs_in_parallel_on_one_cache_say_the_same(tmp_path: Path) -> None:
    text = str(builder().write_layout(tmp_path))
    found: list[Inventory] = []

    def run() -> None:
        found.append(inventory_of(text, cache=open_layer_cache(TWO)))

    threads = [threading.Thread(target=run) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 12
    assert len({msgspec.json.encode(one) for one in found}) == 1


PROGRAM = """
import sys
from basewise.inventory.run import open_layer_cache, take_inventory
from basewise.oci.open import open_image
print("begun", flush=True)
while True:
    import shutil, os
    shutil.rmtree(os.path.join(os.environ["BASEWISE_CACHE_DIR"], "layers"), ignore_errors=True)
    with open_image(sys.argv[1]) as image:
        take_inventory(image, cache=open_layer_cache())
"""


def test_a_run_that_is_killed_leaves_a_cache_that_is_right(tmp_path: Path) -> None:
    text = str(
        ImageBuilder().layer({f"f{number}": "x" * 500 for number in range(300)}).write_layout(tmp_path)
    )
    expected = inventory_of(text, catalogers=CATALOGERS)
    for attempt in range(4):
        process = subprocess.Popen([sys.executable, "-c", PROGRAM, text], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        try:
            process.wait(0.05 + 0.13 * attempt)
        except subprocess.TimeoutExpired:
            process.kill()
        process.communicate()
        assert inventory_of(text, cache=open_layer_cache(), catalogers=CATALOGERS) == expected
    assert Path(os.environ["BASEWISE_CACHE_DIR"]).is_dir()


def test_the_catalogers_have_names_of_their_own() -> None:
    names = [cataloger.name for cataloger in CATALOGERS]
    assert len(names) == len(set(names))
