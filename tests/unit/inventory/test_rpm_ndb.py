"""A database of format ndb that the real rpm wrote, from packages of our own; `rpm_ndb/make.sh` says how."""

from __future__ import annotations

from pathlib import Path

import pytest

from basewise.inventory.os_release import OsReleaseCataloger
from basewise.inventory.rpm import RpmCataloger
from basewise.model.inventory import Inventory
from basewise.testing.small_images import inventory_of

HERE = Path(__file__).parent / "rpm_ndb"
DATABASE = (HERE / "Packages.db").read_bytes()
OS_RELEASE = 'ID="opensuse-leap"\nVERSION_ID="15.6"\n'


def read(content: bytes, place: str = "usr/lib/sysimage/rpm") -> Inventory:
    files: dict[str, bytes | str] = {f"{place}/Packages.db": content, "etc/os-release": OS_RELEASE}
    return inventory_of(files, catalogers=(OsReleaseCataloger(), RpmCataloger()))


def queried() -> list[tuple[str, str, str]]:
    """Return name, version and source of the packages as `rpm -qa` prints them for the same database."""
    rows = [line.split("\t") for line in (HERE / "query.tsv").read_text().splitlines()]
    return [(name, epoch.removeprefix("0:") + version, source) for name, epoch, version, _, source in rows]


def listed(inventory: Inventory) -> list[tuple[str, str, str]]:
    found = []
    for one in inventory.packages:
        package = one.package
        version = (package.source_version or "").rpartition(":")[2]
        found.append((package.name, package.version, f"{package.source}-{version}.src.rpm"))
    return found


@pytest.mark.parametrize("place", ["usr/lib/sysimage/rpm", "var/lib/rpm"])
def test_packages_are_those_that_rpm_queries(place: str) -> None:
    inventory = read(DATABASE, place)
    assert listed(inventory) == queried()
    assert len(listed(inventory)) == 10
    assert not any(one.what.startswith("rpm") for one in inventory.coverage.not_covered)


def test_what_was_erased_or_replaced_is_not_listed() -> None:
    """The two that were erased and the two that were renewed left empty slots before those in use."""
    slots = [DATABASE[at + 8 : at + 12] for at in range(32, 32 + 16 * 14, 16)]
    assert sum(block == bytes(4) for block in slots) == 4
    found = {name: version for name, version, _ in listed(read(DATABASE))}
    assert "erased" not in found
    assert found["renewed"] == "1.10-1.el9"


def test_every_cut_keeps_what_can_be_read_and_says_the_rest() -> None:
    whole = listed(read(DATABASE))
    for length in range(0, len(DATABASE) - 1, 1999):
        inventory = read(DATABASE[:length])
        found = listed(inventory)
        assert set(found) <= set(whole)
        assert found == whole or not inventory.coverage.complete
