"""Images and surroundings that want to be opened twice, to cost without end, or to give another answer each time."""

from __future__ import annotations

import gzip
import json
import os
import resource
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import msgspec
import pytest

from basewise.errors import ImageError
from basewise.image.limits import DEFAULT_LIMITS
from basewise.image.read_layer import read_layer
from basewise.image.wanted import Wanted
from basewise.inventory.dpkg import DpkgCataloger
from basewise.inventory.run import open_layer_cache, take_inventory
from basewise.model.inventory import Inventory
from basewise.oci.open import open_image
from basewise.testing.image_builder import ImageBuilder, files
from basewise.testing.layers import Everything, stored_layer
from basewise.testing.python_images import python_image
from basewise.testing.small_images import inventory_of
from basewise.testing.tar_writer import Member, gzip_bytes, tar_bytes, zstd_bytes

STATUS = "Package: {0}\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n"


def test_archives_inside_a_layer_are_files_and_are_not_opened() -> None:
    """A tar in a tar, gzip in gzip and a bomb among them: what a layer holds is inflated once."""
    inner = tar_bytes(files({"var/lib/dpkg/status": STATUS.format("inner")}))
    bomb = gzip.compress(gzip.compress(bytes(2**24)))
    members = files({"var/lib/dpkg/status": STATUS.format("outer"), "layer.tar": inner, "layer.tar.gz": bomb})
    found = inventory_of({one.path: one.content for one in members if isinstance(one.path, str)})
    assert [one.package.name for one in found.packages] == ["outer"]
    tar = tar_bytes(members)
    twice = stored_layer(gzip_bytes(gzip_bytes(tar)), gzip_bytes(tar))
    with pytest.raises(ImageError, match="cannot read layer"):
        read_layer(twice, Wanted([Everything()]))


def test_a_frame_of_zstd_that_grows_without_measure_takes_no_memory() -> None:
    tar = tar_bytes([Member(path="zeros", size=2**31)], end=b"")
    stored = zstd_bytes(tar) + zstd_bytes(bytes(2**26)) * 8
    limits = msgspec.structs.replace(DEFAULT_LIMITS, layer_bytes=2**28)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    content = read_layer(stored_layer(stored, tar), Wanted([Everything()], limits), limits)
    assert 2**29 / len(stored) > 10_000
    assert "`layer_bytes`" in str(content.not_covered)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 96 * 1024


def test_a_layer_that_an_archive_lists_twice_is_read_and_merged_twice(tmp_path: Path) -> None:
    builder = ImageBuilder().layer({"a": "1"}).layer({".wh.a": "", "b": "2"})
    builder.layers.append(builder.layers[0])
    for shape in ("old", "new"):
        path = builder.write_docker_archive(tmp_path / f"{shape}.tar", shape=shape)
        with open_image(f"docker-archive:{path}") as image:
            found = take_inventory(image, cache=open_layer_cache())
        assert [layer.entries for layer in found.image.layers] == [1, 1, 1]
        assert found.image.size.disk_bytes == 3


def test_fifty_thousand_files_beside_the_stanzas_of_distroless_are_no_packages() -> None:
    parts = "var/lib/dpkg/status.d"
    content: dict[str, bytes | str] = {f"{parts}/{number}.md5sums": "" for number in range(50_000)}
    content[f"{parts}/base"] = "Package: base-files\nVersion: 13\nArchitecture: amd64\n"
    content[f"{parts}/base.preinst"] = "#!/bin/sh\necho Package: no\n"
    found = inventory_of(content, catalogers=(DpkgCataloger(),))
    assert [one.package.name for one in found.packages] == ["base-files"]


def test_a_cache_that_is_cleared_while_images_are_read_changes_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BASEWISE_CACHE_DIR", str(tmp_path / "cache"))
    text = f"oci:{python_image().write_layout(tmp_path / 'layout')}"
    found: list[Inventory] = []
    ended = threading.Event()

    def read() -> None:
        for _ in range(10):
            with open_image(text) as image:
                found.append(take_inventory(image, cache=open_layer_cache()))

    def clear() -> None:
        while not ended.wait(0.002):
            shutil.rmtree(tmp_path / "cache", ignore_errors=True)

    clearing = threading.Thread(target=clear, daemon=True)
    clearing.start()
    reading = [threading.Thread(target=read, daemon=True) for _ in range(4)]
    for thread in reading:
        thread.start()
    for thread in reading:
        thread.join(60)
    ended.set()
    clearing.join(60)
    assert len(found) == 40
    assert found == found[:1] * 40


@pytest.mark.skipif(os.name != "posix", reason="zones of POSIX")
def test_zone_language_and_seed_change_no_byte(tmp_path: Path) -> None:
    text = f"oci:{python_image().write_layout(tmp_path / 'layout')}"
    surroundings: list[dict[str, str]] = [
        {"TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0"},
        {"TZ": "Pacific/Kiritimati", "LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "1"},
        {"TZ": "XXX-99:88:77", "LC_ALL": "POSIX", "PYTHONHASHSEED": "4242"},
    ]
    call = [sys.executable, "-m", "basewise", "sbom", text, "--format", "spdx", "--now", "2026-11-23"]
    printed = {
        subprocess.run(
            call,
            env={**os.environ, **one, "BASEWISE_CACHE_DIR": str(tmp_path / one["PYTHONHASHSEED"])},
            capture_output=True,
            check=True,
            timeout=60,
        ).stdout
        for one in surroundings
    }
    assert len(printed) == 1
    assert json.loads(printed.pop())["creationInfo"]["created"] == "2026-11-23T00:00:00Z"
