"""Databases out of an image: what is written is read back, and no bytes at all make a reader fail or wait."""

from __future__ import annotations

import string
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from basewise.inventory.apk import read_installed
from basewise.inventory.builtin import CATALOGERS
from basewise.inventory.conda import read_conda_record
from basewise.inventory.database import Database, Record, first_layers
from basewise.inventory.dpkg_records import read_checksums, read_file_list, read_status, read_status_part
from basewise.inventory.os_release import parse_os_release
from basewise.inventory.python_metadata import read_metadata, read_record
from basewise.inventory.rpm import read_rpm_database
from basewise.testing.rpm_databases import make_bdb, make_header, make_ndb, make_sqlite
from basewise.testing.small_images import inventory_of

NAMES = st.text(string.ascii_lowercase + string.digits + "+.-", min_size=1, max_size=20).map(
    lambda text: f"a{text}"
)
VERSIONS = st.text(string.ascii_lowercase + string.digits + ".+~", min_size=1, max_size=20).map(
    lambda text: f"1{text}"
)
PACKAGES = st.lists(st.tuples(NAMES, VERSIONS), max_size=12, unique_by=lambda pair: pair[0])

Reader = Callable[[bytes], object]
READERS: list[Reader] = [
    read_status, read_status_part, read_file_list, read_checksums, read_installed, read_rpm_database, read_conda_record,
    read_metadata, read_record, parse_os_release,
]  # fmt: skip
SEEDS = [
    b"Package: a\nStatus: install ok installed\nVersion: 1\n\nPackage: b\n",
    b"C:Q1AAAA=\nP:musl\nV:1.2\no:musl\nF:usr/bin/python3.12\nR:METADATA\nZ:Q1AAAA=\n\n",
    make_sqlite([make_header({"name": "a", "version": "1", "release": "1"})], page_bytes=512),
    make_ndb([make_header({"name": "a", "version": "1", "release": "1"})]),
    make_bdb([make_header({"name": "a", "version": "1", "release": "1"})]),
    b'{"name": "a", "version": "1", "files": ["bin/python3.12"]}',
    b"Name: a\nVersion: 1\n\n",
    b"a/b-1.dist-info/METADATA,sha256=x,1\n",
    b'ID=debian\nVERSION_ID="12"\n',
]


@st.composite
def hostile_bytes(draw: st.DrawFn) -> bytes:
    """Draw good bytes that were cut, overwritten, repeated, or are noise altogether."""
    content = bytearray(draw(st.one_of(st.sampled_from(SEEDS), st.binary(max_size=400))))
    for _ in range(draw(st.integers(0, 6))):
        if content:
            at = draw(st.integers(0, len(content) - 1))
            new = draw(
                st.one_of(
                    st.binary(min_size=1, max_size=8), st.sampled_from([b"\0" * 4, b"\xff" * 4, b"\n\n"])
                )
            )
            content[at : at + len(new)] = new
    return bytes(content[: draw(st.integers(0, len(content)))] if draw(st.booleans()) else content)


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__)
def test_no_bytes_make_a_reader_fail(reader: Reader) -> None:
    @settings(max_examples=150, deadline=2_000)
    @given(hostile_bytes())
    def check(content: bytes) -> None:
        reader(content)

    check()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([pattern for one in CATALOGERS for pattern in (*one.wants, *one.condenses)]),
            hostile_bytes(),
        ),
        max_size=6,
    )
)
def test_no_files_make_a_cataloger_fail(files: list[tuple[str, bytes]]) -> None:
    placed = {
        pattern.replace("**/", "usr/lib/python3.12/site-packages/").replace("*", "x-1.0"): content
        for pattern, content in files
    }
    inventory_of({"x": b"", **placed})


def names(database: Database) -> list[tuple[str, str]]:
    return [(record.name, record.version) for record in database.records]


@given(PACKAGES)
def test_what_is_written_into_a_database_of_dpkg_is_read_back(packages: list[tuple[str, str]]) -> None:
    text = "\n".join(
        f"Package: {name}\nStatus: install ok installed\nVersion: {version}\n" for name, version in packages
    )
    database = read_status(text.encode())
    assert names(database) == packages
    assert database.damaged == 0


@given(PACKAGES)
def test_what_is_written_into_a_database_of_apk_is_read_back(packages: list[tuple[str, str]]) -> None:
    text = "".join(f"P:{name}\nV:{version}\nA:x86_64\no:{name}\nF:usr\n\n" for name, version in packages)
    assert names(read_installed(text.encode())) == packages


@settings(max_examples=40, deadline=None)
@given(PACKAGES, st.sampled_from([make_sqlite, make_ndb, make_bdb]))
def test_what_is_written_into_a_database_of_rpm_is_read_back(
    packages: list[tuple[str, str]], make: Callable[[list[bytes]], bytes]
) -> None:
    headers = [make_header({"name": name, "version": version, "release": "1"}) for name, version in packages]
    database = read_rpm_database(make(headers))
    assert names(database) == [(name, f"{version}-1") for name, version in packages]
    assert database.damaged == 0


@given(st.lists(st.one_of(st.none(), PACKAGES), min_size=1, max_size=6))
def test_a_layer_that_brought_a_package_is_the_lowest_from_which_it_stayed(
    layers: list[list[tuple[str, str]] | None],
) -> None:
    history = [
        (number, None if packages is None else Database(tuple(Record(*pair) for pair in packages)))
        for number, packages in enumerate(layers)
    ]
    found = first_layers(history)
    top = layers[-1] or []
    expected = {}
    for name, version in top:
        layer = len(layers) - 1
        while layer and (name, version) in (layers[layer - 1] or []):
            layer -= 1
        expected[name, version, None] = layer
    assert found == expected
