"""The packages of real Debian systems beside those that syft 1.18 lists: only the differences of decision 0130.

The systems are those of `test_image_sources_debian`; both programs read the same OCI layout.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from basewise.candidates.catalogue import load_catalogue
from basewise.model.base_image import BaseImage
from basewise.model.inventory import Inventory
from basewise.model.package import PackageType
from basewise.operations.read_image import read_image
from basewise.testing.interpreter import Interpreter
from basewise.testing.root_systems import make_python_layer, write_plain_layout

pytestmark = pytest.mark.integration

RequirePrograms = Callable[..., None]
# setuptools carries a dozen distributions inside, pip carries launchers for Windows.
DISTRIBUTIONS = ("numpy", "PyYAML", "requests", "setuptools")
SYFT = Path(sys.executable).with_name("syft")
SYFT_SECONDS = 600


class Listed(msgspec.Struct, frozen=True):
    """A package as both programs list it: Python names in their normal form; the path is of its record."""

    type: str
    name: str
    version: str
    arch: str = ""
    source: str = ""
    source_version: str = ""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Return a directory that does not outlive the test."""
    made = tmp_path / "system"
    made.mkdir()
    yield made
    shutil.rmtree(made, ignore_errors=True)


def run_syft(layout: Path, folder: Path) -> list[dict[str, Any]]:
    """Return what syft lists."""
    settings = {
        "SYFT_CHECK_FOR_APP_UPDATE": "false",
        "SYFT_CACHE_DIR": str(folder / "syft"),
        "HOME": str(folder),
    }
    done = subprocess.run(
        [str(SYFT), "scan", "--quiet", "--output", "json", f"oci-dir:{layout}"],
        capture_output=True,
        check=True,
        timeout=SYFT_SECONDS,
        env={**os.environ, **settings},
    )
    document: dict[str, Any] = json.loads(done.stdout)
    assert document["descriptor"]["version"].startswith("1.18.")
    listed: list[dict[str, Any]] = document["artifacts"]
    return listed


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def by_syft(artifact: dict[str, Any]) -> Listed:
    if artifact["type"] == "python":
        return Listed("pypi", normal(artifact["name"]), artifact["version"])
    if artifact["type"] != "deb":
        return Listed(artifact["type"], artifact["name"], artifact["version"])
    facts = artifact["metadata"]
    return Listed(
        "deb",
        artifact["name"],
        artifact["version"],
        facts["architecture"],
        facts["source"] or artifact["name"],
        facts["sourceVersion"] or artifact["version"],
    )


def by_basewise(inventory: Inventory) -> set[Listed]:
    return {
        Listed(
            str(one.type),
            one.name,
            one.version,
            one.arch or "",
            one.source or "" if one.type is PackageType.DEB else "",
            one.source_version or "" if one.type is PackageType.DEB else "",
        )
        for one in (found.package for found in inventory.packages)
    }


def difference_of(artifact: dict[str, Any], inventory: Inventory) -> str:
    """Name the class of decision 0130 that something belongs to that only syft lists; "" for none."""
    paths = [location["path"].lstrip("/") for location in artifact["locations"]]
    records = {(one.kind, one.location): one for one in inventory.embedded}
    if artifact["type"] == "python":
        for path in paths:
            inside = records.get(("vendored", path.rpartition("/")[0])) or records.get(("vendored", path))
            if inside is not None and (normal(inside.name), inside.version) == (
                normal(artifact["name"]),
                artifact["version"],
            ):
                return "distribution inside a distribution"
    if artifact["type"] == "dotnet" and paths and all(path.endswith(".exe") for path in paths):
        return "launcher for Windows"
    if artifact["type"] == "binary" and artifact["name"] == "python":
        true = {one.package.version for one in inventory.packages if one.package.type is PackageType.CPYTHON}
        if artifact["version"] in true:
            return "interpreter under another type"
    return ""


def compare(
    layers: list[Path], folder: Path, settings: dict[str, Any] | None = None
) -> tuple[Inventory, set[str]]:
    """Check that the two lists differ only in known ways; return the inventory and the differences that there were."""
    layout = write_plain_layout(layers, folder / "layout", settings=settings)
    inventory = read_image(f"oci:{layout}")
    ours, seen, unexplained = by_basewise(inventory), set(), []
    theirs = set()
    for artifact in run_syft(layout, folder):
        listed = by_syft(artifact)
        theirs.add(listed)
        if listed not in ours:
            why = difference_of(artifact, inventory)
            seen.add(why)
            if not why:
                unexplained.append((listed, artifact["locations"]))
    assert unexplained == []
    only_ours = ours - theirs
    assert {one.type for one in only_ours} <= {"cpython"}, only_ours
    return inventory, seen


@pytest.mark.parametrize("suite", ["bullseye", "bookworm", "trixie"])
def test_a_minimal_system_has_the_packages_that_syft_lists(
    suite: str, debian_archive: Callable[[str], Path], require_programs: RequirePrograms, folder: Path
) -> None:
    require_programs("mmdebstrap", str(SYFT), root=True)
    inventory, differences = compare([debian_archive(suite)], folder)
    assert differences == set()
    assert {one.package.type for one in inventory.packages} == {PackageType.DEB}
    assert len(inventory.packages) > 60


def test_a_full_python_image_differs_from_what_syft_lists_in_known_ways_only(
    look_alike_archive: Callable[[BaseImage], Path],
    interpreter: Interpreter,
    require_programs: RequirePrograms,
    folder: Path,
) -> None:
    require_programs("mmdebstrap", str(SYFT), root=True)
    image = next(
        image
        for image in load_catalogue().images
        if image.variant == "full"
        and image.distro.codename == "trixie"
        and image.python_minor == interpreter.minor
        and image.packages
    )
    layer = make_python_layer(folder / "added", interpreter.minor, DISTRIBUTIONS)
    inventory, differences = compare([look_alike_archive(image), layer], folder)
    assert differences >= {"distribution inside a distribution", "launcher for Windows"}
    assert len(inventory.packages) > 400
    (python,) = [one.package for one in inventory.packages if one.package.type is PackageType.CPYTHON]
    assert python.version == interpreter.version
