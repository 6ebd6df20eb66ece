"""Statements of strangers are read or refused, never more; what is written as a package URL is read back."""

from __future__ import annotations

import contextlib
import json

from hypothesis import given
from hypothesis import strategies as st

from basewise.errors import ImageError
from basewise.inventory.sbom_statement import read_cyclonedx_statement, read_spdx_statement
from basewise.model.choice import CandidateDistro
from basewise.model.package import PackageType
from basewise.model.sbom import SbomPackage
from basewise.report.purl import package_purl

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
# Debian Policy, 5.6.1: what a source or binary package may be called; no `@` is among it.
NAMES = st.from_regex(r"[a-z0-9][a-z0-9+.-]{1,18}", fullmatch=True)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
LOCATORS = st.one_of(TEXT, st.builds("pkg:{}/{}@{}?{}={}#{}".format, TEXT, TEXT, TEXT, TEXT, TEXT, TEXT))


def document(locators: list[str]) -> bytes:
    packages = [
        {"externalRefs": [{"referenceType": "purl", "referenceLocator": locator}]} for locator in locators
    ]
    return json.dumps({"spdxVersion": "SPDX-2.3", "packages": packages}).encode()


@given(st.binary(max_size=200) | VALUES.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    for read in (read_spdx_statement, read_cyclonedx_statement):
        with contextlib.suppress(ImageError):
            read(content)


@given(st.lists(LOCATORS, max_size=4))
def test_any_locator_gives_whole_packages_or_none(locators: list[str]) -> None:
    for package in read_spdx_statement(document(locators)).packages:
        assert package.name
        assert package.version
        assert package.source
        assert package.source_version


@given(name=NAMES, version=TEXT, source=NAMES, source_version=TEXT, arch=TEXT)
def test_a_debian_package_is_read_back_as_it_was_written(
    name: str, version: str, source: str, source_version: str, arch: str
) -> None:
    written = SbomPackage(
        type=PackageType.DEB, name=name, version=version, arch=arch, source=source, source_version=source_version,
        location="x", layer=0, owner=None, installer="", direct="", module="", files_changed=False,
    )  # fmt: skip
    purl = package_purl(written, CandidateDistro("debian", "13", "trixie"))
    (read,) = read_spdx_statement(document([purl])).packages
    assert (read.name, read.version, read.arch, read.source_version) == (name, version, arch, source_version)
    assert read.source == source


@given(st.lists(LOCATORS, max_size=4))
def test_both_formats_say_the_same_of_the_same_locators(locators: list[str]) -> None:
    """The second component lies inside the first, and so on."""
    components: list[dict[str, object]] = []
    for locator in reversed(locators):
        components = [{"type": "library", "purl": locator, "components": components}]
    bom = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": components}
    assert read_cyclonedx_statement(json.dumps(bom).encode()) == read_spdx_statement(document(locators))
