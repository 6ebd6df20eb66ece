from __future__ import annotations

import pytest

from basewise._internal import embedded
from basewise.errors import KnowledgeError
from basewise.fit import sonames
from basewise.fit.sonames import SonameMap, package_for


@pytest.mark.parametrize(
    ("soname", "bullseye", "bookworm", "trixie"),
    [
        ("libgomp.so.1", "libgomp1", "libgomp1", "libgomp1"),
        ("libglib-2.0.so.0", "libglib2.0-0", "libglib2.0-0", "libglib2.0-0t64"),
        ("libgthread-2.0.so.0", "libglib2.0-0", "libglib2.0-0", "libglib2.0-0t64"),
        ("libGL.so.1", "libgl1", "libgl1", "libgl1"),
        ("libxcb.so.1", "libxcb1", "libxcb1", "libxcb1"),
        ("libodbc.so.2", "libodbc1", "libodbc2", "libodbc2"),
        ("libpq.so.5", "libpq5", "libpq5", "libpq5"),
        ("libmagic.so.1", "libmagic1", "libmagic1", "libmagic1t64"),
        ("libzbar.so.0", "libzbar0", "libzbar0", "libzbar0t64"),
        ("libsndfile.so.1", "libsndfile1", "libsndfile1", "libsndfile1"),
        ("libexpat.so.1", "libexpat1", "libexpat1", "libexpat1"),
        ("libldap-2.5.so.0", None, "libldap-2.5-0", None),
        ("libmpi.so.40", "libopenmpi3", "libopenmpi3", "libopenmpi40"),
        ("libssl.so.1.1", "libssl1.1", None, None),
        ("libQt5Gui.so.5", "libqt5gui5", "libqt5gui5", "libqt5gui5t64"),
        ("libavcodec.so.59", None, "libavcodec59", None),
        ("liblapack.so.3", "liblapack3", "liblapack3", "liblapack3"),
        ("libcuda.so.1", None, None, None),
        ("libunheard-of.so.9", None, None, None),
    ],
)
def test_a_soname_has_the_package_of_each_release(
    soname: str, bullseye: str | None, bookworm: str | None, trixie: str | None
) -> None:
    assert [package_for(soname, suite) for suite in ("bullseye", "bookworm", "trixie")] == [
        bullseye,
        bookworm,
        trixie,
    ]


def test_alpine_resolves_sonames_itself() -> None:
    assert package_for("libgomp.so.1", "alpine") == "so:libgomp.so.1"
    assert package_for("libcuda.so.1", "alpine") is None
    assert package_for("libc.musl-x86_64.so.1", "alpine") is None


def test_an_unknown_release_has_no_package() -> None:
    assert package_for("libgomp.so.1", "warty") is None


def test_no_development_package_is_ever_chosen() -> None:
    table = SonameMap.load()
    chosen = {package for suite in table.suites.values() for package in suite.packages.values()}
    assert not [name for name in chosen if name.endswith(("-dev", "-dbg", "-doc"))]
    assert {suite: len(names.packages) > 150 for suite, names in table.suites.items()} == {
        "bullseye": True,
        "bookworm": True,
        "trixie": True,
    }


@pytest.mark.parametrize("content", [b"", b"{", b'{"schema": 1}', b"[]"])
def test_a_damaged_map_is_an_error_with_advice(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "read_embedded", lambda _: content)
    sonames._load.cache_clear()
    try:
        with pytest.raises(KnowledgeError, match=r"sonames\.json") as caught:
            package_for("libgomp.so.1", "bookworm")
    finally:
        sonames._load.cache_clear()
    assert caught.value.hint
