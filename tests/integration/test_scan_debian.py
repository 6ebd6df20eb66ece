"""A real Debian system into which old packages are planted: the scan reports exactly the planted pairs.

What applies is worked out here anew: facts of the store, and `dpkg --compare-versions` for the order of versions.
"""

from __future__ import annotations

import io
import re
import subprocess
import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import msgspec
import pytest

from basewise.advisories.store import Store
from basewise.model.advisory import Advisory, FactKind
from basewise.model.finding import State
from basewise.model.scan import Origin, Scan
from basewise.operations.scan import scan
from basewise.testing.root_systems import copy_image, write_plain_layout
from basewise.testing.sample_day import SAMPLE_MOMENT

pytestmark = pytest.mark.integration

SUITE = "bookworm"
STATUS = "var/lib/dpkg/status"
NOW = SAMPLE_MOMENT
Pairs = set[tuple[str, str]]
# Of Debian's security advisories DSA-5514-1 (2023-10-03) and DSA-5611-1 (2024-01-30) for bookworm.
KNOWN = {
    ("CVE-2023-4911", "glibc"): "2.36-9+deb12u3",
    ("CVE-2023-6246", "glibc"): "2.36-9+deb12u4",
    ("CVE-2023-6779", "glibc"): "2.36-9+deb12u4",
    ("CVE-2023-6780", "glibc"): "2.36-9+deb12u4",
}


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    with Store.open_embedded() as opened:
        yield opened


@pytest.fixture(scope="module")
def system(debian_archive: Callable[[str], Path], require_programs: Callable[..., None]) -> Path:
    require_programs("dpkg", "skopeo")
    return debian_archive(SUITE)


@pytest.fixture(scope="module")
def status(system: Path) -> str:
    with tarfile.open(system) as archive:
        for name in (f"./{STATUS}", STATUS):
            try:
                file = archive.extractfile(name)
            except KeyError:
                continue
            assert file is not None
            return file.read().decode()
    raise AssertionError(f"no {STATUS} in {system}")


def sources(status: str) -> dict[str, str]:
    """Return the version of each source in a dpkg status file."""
    found = {}
    for stanza in filter(None, status.split("\n\n")):
        stated = re.search(r"^Source: \S+ \((\S+)\)$", stanza, re.MULTILINE)
        version = stated or re.search(r"^Version: (\S+)$", stanza, re.MULTILINE)
        if version is not None:
            found[_source(stanza)] = version[1]
    return found


def planted(status: str, old: Mapping[str, str]) -> str:
    """Return a status file in which all packages of some sources have an old version."""
    return "\n\n".join(_with_version(stanza, old.get(_source(stanza), "")) for stanza in status.split("\n\n"))


def _source(stanza: str) -> str:
    fields = dict(re.findall(r"^(Package|Source): (\S+)", stanza, re.MULTILINE))
    return str(fields.get("Source", fields.get("Package", "")))


def _with_version(stanza: str, version: str) -> str:
    if not version:
        return stanza
    one_version = re.sub(r"^Source: (\S+).*$", r"Source: \1", stanza, flags=re.MULTILINE)
    return re.sub(r"^Version: .*$", f"Version: {version}", one_version, flags=re.MULTILINE)


def is_older(left: str, right: str) -> bool:
    return subprocess.run(["dpkg", "--compare-versions", left, "lt", right], check=False).returncode == 0


def fixes(store: Store, source: str) -> dict[str, str]:
    """Return the first version that fixes each vulnerability of a source, where nothing took a fix back."""
    facts: dict[str, list[Advisory]] = {}
    for each in store.facts("debian", SUITE, source):
        facts.setdefault(each.id, []).append(each)
    return {
        name: min((each.version for each in known if each.kind is FactKind.FIXED), key=_by_dpkg(known))
        for name, known in facts.items()
        if any(each.kind is FactKind.FIXED for each in known)
        and all(each.kind is not FactKind.REVERTED for each in known)
    }


def _by_dpkg(facts: Iterable[Advisory]) -> Callable[[str], int]:
    versions = sorted({each.version for each in facts if each.version})
    return lambda version: sum(is_older(other, version) for other in versions)


def plant(installed: Mapping[str, str], store: Store) -> tuple[dict[str, str], Pairs]:
    """Choose a version just below a fix for every other source that has fixes, and say which pairs it must show."""
    old: dict[str, str] = {}
    expected: Pairs = set()
    with_fixes = [name for name in sorted(installed) if fixes(store, name)]
    for source in with_fixes[::2]:
        first = fixes(store, source)
        reached = sorted({version for version in first.values() if not is_older(installed[source], version)})
        if reached:
            old[source] = f"{reached[len(reached) // 3]}~planted"
            expected |= {(name, source) for name, version in first.items() if is_older(old[source], version)}
    return old, expected


def layer(path: Path, content: str) -> Path:
    raw = content.encode()
    member = tarfile.TarInfo(STATUS)
    member.size = len(raw)
    with tarfile.open(path, "w") as archive:
        archive.addfile(member, io.BytesIO(raw))
    return path


def fixable(found: Scan) -> Pairs:
    return {(one.id, one.package.source or "") for one in found.findings if one.state is State.FIXED}


def test_exactly_the_planted_pairs_are_reported(
    system: Path, status: str, store: Store, tmp_path: Path
) -> None:
    old, expected = plant(sources(status), store)
    assert len(old) >= 8
    assert len(expected) >= 30
    before = scan(f"oci:{write_plain_layout([system], tmp_path / 'before')}", now=NOW, store=store)
    over = layer(tmp_path / "over.tar", planted(status, old))
    found = scan(f"oci:{write_plain_layout([system, over], tmp_path / 'after')}", now=NOW, store=store)
    assert fixable(found) - fixable(before) == expected - fixable(before)
    assert fixable(before) - fixable(found) == set()
    new = [one for one in found.findings if (one.id, one.package.source) in expected]
    assert {one.layer for one in new} == {1}
    assert {one.fixed_version for one in new} == {
        fixes(store, one.package.source or "")[one.id] for one in new
    }


def test_advisories_that_are_known_to_all_are_reported_with_their_fix(
    system: Path, status: str, store: Store, tmp_path: Path
) -> None:
    over = layer(tmp_path / "over.tar", planted(status, {"glibc": "2.36-9"}))
    found = scan(f"oci:{write_plain_layout([system, over], tmp_path / 'layout')}", now=NOW, store=store)
    fixed_in = {(one.id, one.package.source): one.fixed_version for one in found.findings}
    assert {pair: fixed_in.get(pair) for pair in KNOWN} == KNOWN


def test_the_form_of_an_image_changes_no_finding(
    system: Path, status: str, store: Store, tmp_path: Path
) -> None:
    over = layer(tmp_path / "over.tar", planted(status, {"glibc": "2.36-9", "zlib": "1:1.2.13.dfsg-1"}))
    two = write_plain_layout([system, over], tmp_path / "two")
    squashed = write_plain_layout([squash(system, over, tmp_path / "squashed.tar")], tmp_path / "one")
    copy_image(f"oci:{two}:1", f"docker-archive:{tmp_path / 'saved.tar'}:local/saved:1")
    copy_image(f"oci:{two}:1", f"oci:{tmp_path / 'compressed'}:1", "--dest-compress")
    names = [
        f"oci:{two}",
        f"docker-archive:{tmp_path / 'saved.tar'}",
        f"oci:{tmp_path / 'compressed'}",
        f"oci:{squashed}",
    ]
    found = [scan(name, now=NOW, store=store) for name in names]
    assert found[0].findings
    assert found[0].findings == found[1].findings == found[2].findings
    assert [bare(each) for each in found] == [bare(found[0])] * len(names)


def squash(system: Path, over: Path, target: Path) -> Path:
    """Write one layer of two."""
    with (
        tarfile.open(over) as upper,
        tarfile.open(system) as lower,
        tarfile.open(target, "w", format=tarfile.PAX_FORMAT) as archive,
    ):
        replaced = {member.name for member in upper}
        for member in lower:
            if member.name.removeprefix("./") not in replaced:
                archive.addfile(member, lower.extractfile(member) if member.isreg() else None)
        for member in upper:
            archive.addfile(member, upper.extractfile(member))
    return target


def bare(found: Scan) -> list[object]:
    return [
        msgspec.structs.replace(one, layer=None, instruction="", introduced_by=Origin.UNKNOWN)
        for one in found.findings
    ]


def test_removing_the_package_database_hides_nothing(system: Path, store: Store, tmp_path: Path) -> None:
    whiteout = tmp_path / "whiteout.tar"
    with tarfile.open(whiteout, "w") as archive:
        archive.addfile(tarfile.TarInfo("var/lib/dpkg/.wh.status"))
    found = scan(f"oci:{write_plain_layout([system, whiteout], tmp_path / 'layout')}", now=NOW, store=store)
    assert (found.findings, found.summary.verdict, found.summary.vulnerabilities.total) == (
        (),
        "incomplete",
        None,
    )
    assert any("it is gone" in item.why for item in found.coverage.not_covered)
