"""rpm's databases in each of its formats, written by the real rpm and BerkeleyDB programs."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from basewise.inventory.os_release import OsReleaseCataloger
from basewise.inventory.python import PythonCataloger
from basewise.inventory.rpm import RpmCataloger
from basewise.model.inventory import Inventory
from basewise.testing.rpm_databases import make_bdb, make_ndb
from basewise.testing.small_images import inventory_of

pytestmark = pytest.mark.integration

RequirePrograms = Callable[..., None]
CATALOGERS = (OsReleaseCataloger(), RpmCataloger(), PythonCataloger())
METADATA = b"Metadata-Version: 2.1\nName: Sample_Lib\nVersion: 2.5\n\nText.\n"
SITE = "usr/lib/python3.12/site-packages/Sample_Lib-2.5.dist-info"
OS_RELEASE = 'ID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.5"\n'
SPEC = """
Name: {name}
Version: {version}
Release: {release}
{epoch}
Summary: A package of this test
License: none
BuildArch: noarch
{module}
%description
A package of this test.
%package tools
Summary: Its tools
%description tools
Tools.
%install
mkdir -p %{{buildroot}}/opt/{name}
{files}
%files
/opt/{name}
{listed}
%files tools
"""


def run(*arguments: str, stdin: bytes | None = None) -> str:
    done = subprocess.run(arguments, check=True, capture_output=True, input=stdin, timeout=120)
    return done.stdout.decode()


def build(
    directory: Path, name: str, version: str, *, epoch: str = "", module: str = "", files: str = ""
) -> None:
    listed = f"/{SITE}" if files else ""
    spec = directory / f"{name}.spec"
    spec.write_text(
        SPEC.format(
            name=name,
            version=version,
            release="3.el9",
            epoch=f"Epoch: {epoch}" if epoch else "",
            module=f"ModularityLabel: {module}" if module else "",
            files=files,
            listed=listed,
        )
    )
    run("rpmbuild", "-bb", "--quiet", "--nodeps", "--define", f"_topdir {directory}", str(spec))


@pytest.fixture(scope="module")
def packages(require_programs: RequirePrograms, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return the files of a few real packages."""
    require_programs("rpm", "rpmbuild")
    directory = tmp_path_factory.mktemp("rpmbuild")
    (directory / "METADATA").write_bytes(METADATA)
    copy = f"mkdir -p %{{buildroot}}/{SITE}\ncp {directory}/METADATA %{{buildroot}}/{SITE}/METADATA"
    build(directory, "plain", "1.0~rc1^git5")
    build(directory, "with-epoch", "2.3", epoch="4")
    build(directory, "zero-epoch", "7", epoch="0")
    build(directory, "modular", "18.2", module="nodejs:18:9050020240101:rhel9")
    build(directory, "python3-sample", "2.5", files=copy)
    return sorted(str(path) for path in directory.glob("RPMS/noarch/*.rpm"))


def make_database(packages: list[str], directory: Path, backend: str) -> Path:
    run(
        "rpm", "--dbpath", str(directory), "--define", f"_db_backend {backend}",
        "--install", "--justdb", "--nodeps", "--noscripts", "--nosignature", *packages,
    )  # fmt: skip
    return directory


def queried(directory: Path, backend: str) -> set[tuple[str, str, str, str]]:
    form = "%{NAME}\t%|EPOCH?{%{EPOCH}:}:{}|\t%{VERSION}-%{RELEASE}\t%{ARCH}\t%{SOURCERPM}\n"
    listed = run(
        "rpm", "--dbpath", str(directory), "--define", f"_db_backend {backend}", "-qa", "--queryformat", form
    )
    found = set()
    for line in listed.splitlines():
        name, epoch, version, arch, source = line.split("\t")
        found.add((name, epoch.removeprefix("0:") + version, arch, source))
    return found


def catalogued(inventory: Inventory) -> set[tuple[str, str, str, str]]:
    found = set()
    for one in inventory.packages:
        package = one.package
        if package.type == "rpm":
            version = (package.source_version or "").rpartition(":")[2]
            found.add(
                (package.name, package.version, package.arch or "", f"{package.source}-{version}.src.rpm")
            )
    return found


def check(inventory: Inventory, expected: set[tuple[str, str, str, str]]) -> None:
    assert catalogued(inventory) == expected
    assert len(expected) == 10
    by_name = {found.package.name: found for found in inventory.packages}
    assert by_name["plain"].package.version == "1.0~rc1^git5-3.el9"
    assert by_name["with-epoch"].package.version == "4:2.3-3.el9"
    assert by_name["with-epoch-tools"].package.source == "with-epoch"
    assert by_name["with-epoch-tools"].package.source_version == "4:2.3-3.el9"
    assert by_name["zero-epoch"].package.version == "7-3.el9"
    assert by_name["modular"].module == "nodejs:18:9050020240101:rhel9"
    assert str(by_name["sample-lib"].owner) == "rpm python3-sample"
    assert not by_name["sample-lib"].files_changed
    assert inventory.coverage.complete


def image(place: str, content: bytes, metadata: bytes = METADATA) -> Inventory:
    files: dict[str, bytes | str] = {
        place: content,
        "etc/os-release": OS_RELEASE,
        f"{SITE}/METADATA": metadata,
    }
    return inventory_of(files, catalogers=CATALOGERS)


def headers_of(database: Path) -> list[bytes]:
    connection = sqlite3.connect(database)
    rows = connection.execute("SELECT blob FROM Packages ORDER BY hnum").fetchall()
    connection.close()
    return [blob for (blob,) in rows]


def test_a_sqlite_database_is_read_as_rpm_itself_queries_it(packages: list[str], tmp_path: Path) -> None:
    make_database(packages, tmp_path / "rpm", "sqlite")
    content = (tmp_path / "rpm" / "rpmdb.sqlite").read_bytes()
    for place in ("var/lib/rpm", "usr/lib/sysimage/rpm", "usr/share/rpm"):
        check(image(f"{place}/rpmdb.sqlite", content), queried(tmp_path / "rpm", "sqlite"))


def test_a_database_of_format_ndb_is_read_as_rpm_itself_queries_it(
    packages: list[str], tmp_path: Path
) -> None:
    """Debian 12 builds rpm without this format: there the headers that rpm made are laid out by the test."""
    make_database(packages, tmp_path / "rpm", "sqlite")
    expected = queried(tmp_path / "rpm", "sqlite")
    try:
        make_database(packages, tmp_path / "ndb", "ndb")
        content = (tmp_path / "ndb" / "Packages.db").read_bytes()
    except (subprocess.CalledProcessError, FileNotFoundError):
        content = make_ndb(headers_of(tmp_path / "rpm" / "rpmdb.sqlite"))
    check(image("var/lib/rpm/Packages.db", content), expected)


@pytest.mark.parametrize("order", ["1234", "4321"])
def test_a_berkeley_database_of_the_same_headers_reads_the_same(
    packages: list[str], require_programs: RequirePrograms, tmp_path: Path, order: str
) -> None:
    require_programs("db5.3_load")
    make_database(packages, tmp_path / "rpm", "sqlite")
    expected = queried(tmp_path / "rpm", "sqlite")
    database = tmp_path / "Packages"
    load_headers(tmp_path / "rpm" / "rpmdb.sqlite", database, order)
    check(image("var/lib/rpm/Packages", database.read_bytes()), expected)


def load_headers(source: Path, target: Path, order: str) -> None:
    """Write the headers of a sqlite database into a hash database as rpm laid it out."""
    rows = list(enumerate(headers_of(source), 1))
    lines = ["VERSION=3", "format=bytevalue", "type=hash", f"db_lorder={order}", "HEADER=END"]
    lines += [f" {'00' * 4}", f" {len(rows).to_bytes(4, 'little').hex()}"]
    for number, blob in rows:
        lines += [f" {number.to_bytes(4, 'little').hex()}", f" {blob.hex()}"]
    lines.append("DATA=END")
    run("db5.3_load", str(target), stdin=("\n".join(lines) + "\n").encode())


def test_a_package_that_was_overwritten_since_is_told_by_its_checksum(
    packages: list[str], tmp_path: Path
) -> None:
    make_database(packages, tmp_path / "rpm", "sqlite")
    content = (tmp_path / "rpm" / "rpmdb.sqlite").read_bytes()
    found = image("var/lib/rpm/rpmdb.sqlite", content, METADATA.replace(b"2.5", b"2.6"))
    (overwritten,) = (one for one in found.packages if one.package.name == "sample-lib")
    assert overwritten.package.version == "2.6"
    assert overwritten.files_changed


@pytest.mark.parametrize("file", ["rpmdb.sqlite", "Packages.db", "Packages"])
def test_every_cut_of_a_database_keeps_what_can_be_read_and_says_the_rest(
    packages: list[str], tmp_path: Path, file: str
) -> None:
    make_database(packages, tmp_path / "rpm", "sqlite")
    expected = queried(tmp_path / "rpm", "sqlite")
    content = (tmp_path / "rpm" / "rpmdb.sqlite").read_bytes()
    if file != "rpmdb.sqlite":
        headers = headers_of(tmp_path / "rpm" / "rpmdb.sqlite")
        content = make_ndb(headers) if file == "Packages.db" else make_bdb(headers)
    for size in range(0, len(content), max(1, len(content) // 40)):
        found = image(f"var/lib/rpm/{file}", content[:size])
        assert catalogued(found) <= expected
        assert catalogued(found) == expected or not found.coverage.complete
