"""Real Debian systems from every source: one inventory, byte for byte, and it is what dpkg lists.

Minimal systems of two releases, and a look-alike of the full `python` image (the package list of
`buildpack-deps`, a CPython of this machine in `/usr/local`) under a layer of distributions that uv installed.
What differs by source is named in `SAYS_WHERE_FROM` and in decision 0130; everything else must be equal.
"""

from __future__ import annotations

import importlib.metadata
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from basewise.candidates.catalogue import load_catalogue
from basewise.model.base_image import BaseImage
from basewise.model.inventory import Inventory
from basewise.model.package import PackageType
from basewise.operations.read_image import ImageAccess, read_image
from basewise.operations.sbom import sbom_of
from basewise.report.json_document import encode_json
from basewise.testing.docker_registry import DockerRegistry
from basewise.testing.interpreter import Interpreter
from basewise.testing.root_systems import (
    SITE_PACKAGES,
    copy_image,
    make_python_layer,
    unpack_layers,
    write_plain_layout,
)

pytestmark = pytest.mark.integration

RequirePrograms = Callable[..., None]
DISTRIBUTIONS = ("numpy", "PyYAML", "requests", "setuptools")
HIDDEN = "usr/local/bin/pip3"
SETTINGS = {"Env": ["PATH=/usr/local/bin:/usr/bin", "LANG=C.UTF-8"], "User": "1000"}
ADDED_BY_UV = 1

# How the source names the image and stores its layers. The bytes of the files have no part in these.
SAYS_WHERE_FROM = ("reference", "name", "digest", "index_digest", "config_digest")
SAYS_HOW_STORED = ("compressed_bytes", "compressed_basis")
SAYS_HOW_LAYER_IS_STORED = ("digest", "size_bytes")
# A directory has neither a configuration nor layers.
SAYS_CONFIGURATION = ("default_user", "exposed_ports", "environment")

PROGRAMS = ("mmdebstrap", "skopeo", "docker-registry", "dpkg-query", "tar")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Return a directory that does not outlive the test: a full system takes gigabytes."""
    made = tmp_path / "system"
    made.mkdir()
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Inventory]:
    """Return a function that reads an image with an empty cache of its own, and once more with what it left there."""

    def read_twice(image: str, *, plain_http: str = "") -> Inventory:
        cache = tmp_path / f"cache-{len(list(tmp_path.iterdir()))}"
        cache.mkdir()
        monkeypatch.setenv("BASEWISE_CACHE_DIR", str(cache))
        access = ImageAccess(plain_http=(plain_http,) if plain_http else ())
        found = read_image(image, access=access)
        assert read_image(image, access=access) == found
        return found

    return read_twice


def comparable(inventory: Inventory, *, of_directory: bool = False) -> bytes:
    """Write down everything that was found, but for what names the source."""
    document: dict[str, Any] = msgspec.json.decode(encode_json(sbom_of(inventory)))
    image = document["image"]
    drop(image, SAYS_WHERE_FROM)
    drop(image["size"], SAYS_HOW_STORED)
    for layer in image["layers"]:
        drop(layer, SAYS_HOW_LAYER_IS_STORED)
    if of_directory:
        del document["image"]
        drop(document["surface"], SAYS_CONFIGURATION)
        for part in ("packages", "pythons", "embedded"):
            for item in document[part]:
                drop(item, ("layer",))
    document["sonames"] = sorted(inventory.sonames or ())
    document["symbols"] = msgspec.to_builtins(inventory.symbols)
    return msgspec.json.format(msgspec.json.encode(document))


def drop(item: dict[str, Any], names: tuple[str, ...]) -> None:
    for name in names:
        del item[name]


def check_every_source(
    layers: list[Path],
    folder: Path,
    read: Callable[..., Inventory],
    *,
    settings: dict[str, Any] | None = None,
) -> Inventory:
    """Read an image from every source; return the inventory that all of them gave."""
    plain = write_plain_layout(layers, folder / "plain", settings=settings)
    layout = folder / "layout"
    copy_image(f"oci:{plain}:1", f"oci:{layout}:1")
    copy_image(f"oci:{plain}:1", f"docker-archive:{folder / 'saved.tar'}:team/app:1")
    copy_image(f"oci:{plain}:1", f"oci-archive:{folder / 'layout.tar'}:1", "--dest-compress-format=zstd")
    expected = read(f"oci:{layout}")
    text = comparable(expected)
    assert expected.coverage.complete, expected.coverage.not_covered
    for source in (
        f"oci:{plain}",
        f"docker-archive:{folder / 'saved.tar'}",
        f"oci-archive:{folder / 'layout.tar'}",
    ):
        assert comparable(read(source)) == text, source
    with DockerRegistry(folder / "registry") as registry:
        registry.push(f"oci:{layout}:1", "team/app:1")
        pulled = read(f"{registry.host}/team/app:1", plain_http=registry.host)
    assert comparable(pulled) == text
    # A registry gives what was pushed, so that even the digests are equal.
    assert (pulled.image.digest, pulled.image.config_digest) == (
        expected.image.digest,
        expected.image.config_digest,
    )
    assert pulled.image.layers == expected.image.layers
    root = unpack_layers(layers, folder / "root")
    assert comparable(read(f"dir:{root}"), of_directory=True) == comparable(expected, of_directory=True)
    assert debian_packages(expected) == dpkg_packages(root)
    return expected


def debian_packages(inventory: Inventory) -> set[tuple[str | None, ...]]:
    packages = [found.package for found in inventory.packages if found.package.type is PackageType.DEB]
    listed: set[tuple[str | None, ...]] = {
        (one.name, one.version, one.arch, one.source, one.source_version) for one in packages
    }
    assert len(listed) == len(packages)
    return listed


def dpkg_packages(root: Path) -> set[tuple[str | None, ...]]:
    form = (
        "${db:Status-Status}\t${Package}\t${Version}\t${Architecture}\t${source:Package}\t${source:Version}\n"
    )
    done = subprocess.run(
        ["dpkg-query", f"--admindir={root}/var/lib/dpkg", "-W", f"-f={form}"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    lines = [tuple(line.split("\t")) for line in done.stdout.splitlines()]
    return {line[1:] for line in lines if line[0] == "installed"}


@pytest.mark.parametrize("suite", ["bullseye", "bookworm", "trixie"])
def test_a_minimal_system_is_the_same_from_every_source_and_as_dpkg_lists_it(
    suite: str,
    debian_archive: Callable[[str], Path],
    require_programs: RequirePrograms,
    folder: Path,
    read: Callable[..., Inventory],
) -> None:
    require_programs(*PROGRAMS, root=True)
    found = check_every_source([debian_archive(suite)], folder, read)
    assert len(found.packages) > 60
    assert found.distro is not None
    assert found.distro.codename == suite
    assert found.pythons == ()


def test_a_full_python_image_is_the_same_from_every_source_and_as_dpkg_and_uv_list_it(
    look_alike_archive: Callable[[BaseImage], Path],
    interpreter: Interpreter,
    require_programs: RequirePrograms,
    folder: Path,
    read: Callable[..., Inventory],
) -> None:
    require_programs(*PROGRAMS, root=True)
    base = look_alike_archive(full_image(interpreter.minor))
    layer = make_python_layer(folder / "added", interpreter.minor, DISTRIBUTIONS, hidden=[HIDDEN])
    found = check_every_source([base, layer], folder, read, settings=SETTINGS)
    assert len(debian_packages(found)) > 400
    (python,) = [one for one in found.packages if one.package.type is PackageType.CPYTHON]
    assert python.package.version == interpreter.version
    assert python.location == f"usr/local/bin/python{interpreter.minor}"
    site = SITE_PACKAGES.format(minor=interpreter.minor)
    installed = {
        (one.metadata["Name"].lower(), one.version)
        for one in importlib.metadata.distributions(path=[str(folder / "added" / "root" / site)])
    }
    by_uv = [
        one for one in found.packages if one.package.type is PackageType.PYPI and one.layer == ADDED_BY_UV
    ]
    assert {(one.package.name, one.package.version) for one in by_uv} == installed
    assert len(by_uv) == len(DISTRIBUTIONS)
    assert {(one.owner, one.installer) for one in by_uv} == {(None, "uv")}
    assert f"{HIDDEN}" not in found.surface.package_managers
    assert found.surface.default_user == "1000"


def full_image(minor: str) -> BaseImage:
    """Return the image of the catalogue whose packages are those of `buildpack-deps`."""
    return next(
        image
        for image in load_catalogue().images
        if image.variant == "full"
        and image.distro.codename == "trixie"
        and image.python_minor == minor
        and image.packages
    )
