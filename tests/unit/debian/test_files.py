"""Files of an archive: sources of apt, `Release`, signatures, `.deb`, changelogs."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from basewise.debian import deb
from basewise.debian.changelog import parse_changelog
from basewise.debian.deb import ar_members, read_changelog
from basewise.debian.mirrors import find_mirrors
from basewise.debian.release import iso_date, parse_release
from basewise.debian.signature import read_clear_signed
from basewise.errors import ArchiveError
from basewise.testing.debian_repository import build_deb

DEB822 = """\
# Types: deb-src
Types: deb
URIs: http://mirror.example/debian/
Suites: trixie trixie-updates
Components: main
Signed-By: {keyring}

Types: deb
URIs: https://mirror.example/security
Suites: trixie-security

Types: deb
URIs: https://elsewhere.example/tools
Suites: stable nodistro
Enabled: no
"""
ONE_LINE = """\
# deb http://commented.example/debian bookworm main
deb [arch=amd64 signed-by={keyring}] http://mirror.example/debian bookworm main contrib
deb-src http://sources.example/debian bookworm main
deb http://mirror.example/security bookworm-security main
deb cdrom:[disc]/ bookworm main
deb http://other.example/repository nodistro main
"""


@pytest.mark.parametrize(
    ("name", "text", "security"),
    [
        ("sources.list.d/debian.sources", DEB822, "https://mirror.example/security"),
        ("sources.list", ONE_LINE, "http://mirror.example/security"),
        ("sources.list.d/x.list", ONE_LINE, "http://mirror.example/security"),
    ],
)
def test_the_mirrors_of_apt_are_found(tmp_path: Path, name: str, text: str, security: str) -> None:
    keyring = tmp_path / "keys.gpg"
    keyring.write_bytes(b"keys")
    path = tmp_path / "apt" / name
    path.parent.mkdir(parents=True)
    path.write_text(text.format(keyring=keyring))
    mirrors = find_mirrors(tmp_path / "apt", {})
    assert (mirrors.main, mirrors.security) == ("http://mirror.example/debian", security)
    assert mirrors.keyring == keyring


def test_the_settings_win_over_apt(tmp_path: Path) -> None:
    environment = {
        "BASEWISE_DEBIAN_MIRROR": "http://a.example/debian/",
        "BASEWISE_DEBIAN_SECURITY_MIRROR": "http://b.example/security",
        "BASEWISE_DEBIAN_KEYRING": "/keys.gpg",
    }
    mirrors = find_mirrors(tmp_path, environment)
    assert (mirrors.main, mirrors.security) == ("http://a.example/debian", "http://b.example/security")
    assert mirrors.keyring == Path("/keys.gpg")


@pytest.mark.parametrize("environment", [{}, {"BASEWISE_DEBIAN_MIRROR": "http://a.example/debian"}])
def test_without_a_mirror_the_settings_are_named(tmp_path: Path, environment: dict[str, str]) -> None:
    with pytest.raises(ArchiveError, match="mirror") as caught:
        find_mirrors(tmp_path / "absent", environment)
    assert "BASEWISE_DEBIAN_SECURITY_MIRROR" in caught.value.hint


RELEASE = b"""\
Origin: Debian
Suite: oldstable
Codename: bookworm
Version: 12.15
Date: Sat, 11 Jul 2026 10:16:37 UTC
Valid-Until: Sat, 18 Jul 2026 10:16:37 UTC
MD5Sum:
 0a7f6ac1778d84d894f9a2f406e15324 12 main/binary-amd64/Packages.xz
SHA256:
 %s 345 main/binary-amd64/Packages.xz
""" % (b"ab" * 32)


@pytest.mark.parametrize("suite", ["bookworm", "oldstable"])
def test_a_release_states_its_date_and_files(suite: str) -> None:
    release = parse_release(RELEASE, suite=suite, sha256="", verified=True)
    assert (release.date, release.valid_until, release.version) == ("2026-07-11", "2026-07-18", "12.15")
    assert {path: (one.sha256, one.size_bytes) for path, one in release.files.items()} == {
        "main/binary-amd64/Packages.xz": ("ab" * 32, 345)
    }


@pytest.mark.parametrize(
    ("text", "suite", "why"),
    [
        (RELEASE, "trixie", "answers with `bookworm`"),
        (RELEASE.replace(b"Date:", b"Day:"), "bookworm", "no date"),
        (RELEASE.replace(b"SHA256:", b"SHA1:"), "bookworm", "no SHA256 list"),
        (b"", "bookworm", "something else"),
    ],
)
def test_a_release_of_another_suite_or_without_hashes_is_refused(text: bytes, suite: str, why: str) -> None:
    with pytest.raises(ArchiveError, match=why):
        parse_release(text, suite=suite, sha256="", verified=True)


@pytest.mark.parametrize(
    ("text", "day"),
    [("Mon, 28 Sep 2026 10:00:00 +0000", "2026-09-28"), ("", ""), ("yesterday", ""), ("Mon, 99 Sep 2026 10:00:00 +0000", "")],
)  # fmt: skip
def test_a_date_that_does_not_parse_is_unknown(text: str, day: str) -> None:
    assert iso_date(text) == day


SIGNED = b"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nCodename: a\n- -----x\n-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n"


def test_without_a_keyring_the_text_is_read_and_not_verified() -> None:
    signed = read_clear_signed(SIGNED, keyring=None, what="InRelease")
    assert signed.text == b"Codename: a\n-----x\n"
    assert not signed.verified
    assert signed.why_not


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>login</html>",
        b"Codename: evil\n" + SIGNED,
        SIGNED + b"Codename: evil\n",
        SIGNED + SIGNED,
        SIGNED.replace(b"-----END PGP SIGNATURE-----", b""),
    ],
)
def test_text_around_a_signed_message_is_refused(data: bytes) -> None:
    with pytest.raises(ArchiveError, match="one clear-signed message"):
        read_clear_signed(data, keyring=None, what="InRelease")


@pytest.mark.parametrize("compression", ["", ".gz", ".xz"])
@pytest.mark.parametrize("name", ["changelog.Debian.gz", "changelog.gz", "changelog.Debian", "changelog"])
def test_the_changelog_of_a_package_is_found(compression: str, name: str) -> None:
    data = build_deb("libx1", changelog_text=b"text" * 5000, changelog_name=name, compression=compression)
    assert read_changelog(data, "libx1").text == b"text" * 5000


def test_another_packages_changelog_is_not_taken() -> None:
    assert read_changelog(build_deb("libx2", changelog_text=b"text"), "libx1").text is None


@pytest.mark.parametrize(
    ("target", "owner"),
    [("gcc-12-base", "gcc-12-base"), ("../doc/base", "base"), ("/usr/share/doc/base", "base"), ("/etc/passwd", ""), ("../../../../etc", ""), ("libx1", "")],
)  # fmt: skip
def test_a_linked_documentation_directory_names_its_owner(target: str, owner: str) -> None:
    found = read_changelog(build_deb("libx1", linked_to=target), "libx1")
    assert (found.text, found.linked_to) == (None, owner)


WHOLE = build_deb("libx1", changelog_text=b"text" * 500)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04",
        b"!<arch>\n",
        b"!<arch>\nshort",
        WHOLE[:200],
        WHOLE[:-40],
        WHOLE.replace(b"data.tar.xz", b"data.tar.zz"),
        WHOLE.replace(b"\xfd7zXZ", b"\xfd7zXX"),
        WHOLE.replace(b"`\n", b"``"),
    ],
)
def test_a_damaged_package_is_an_error(data: bytes) -> None:
    with pytest.raises(ArchiveError):
        read_changelog(data, "libx1")


def test_every_cut_of_a_package_is_an_error() -> None:
    for length in range(0, len(WHOLE) - 20, 7):
        with pytest.raises(ArchiveError):
            read_changelog(WHOLE[:length], "libx1")


def test_members_of_an_ar_archive_are_listed_with_their_place() -> None:
    names = [(name, WHOLE[start : start + size]) for name, start, size in ar_members(WHOLE)]
    assert [name for name, _ in names] == ["debian-binary", "control.tar.xz", "data.tar.xz"]
    assert names[0][1] == b"2.0\n"


def test_a_bomb_in_the_data_archive_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deb, "MAX_INFLATED_BYTES", 1_000_000)
    bomb = build_deb("libx1", changelog_text=b"\0" * 3_000_000, changelog_name="large")
    with pytest.raises(ArchiveError, match="inflates to more than"):
        read_changelog(bomb, "libx1")


def test_a_changelog_over_the_limit_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deb, "MAX_CHANGELOG_BYTES", 1000)
    with pytest.raises(ArchiveError, match="inflates to more than 1000 bytes"):
        read_changelog(build_deb("libx1", changelog_text=b"x" * 1001), "libx1")


def test_a_truncated_changelog_is_an_error() -> None:
    cut = gzip.compress(b"text" * 100)[:-6]
    data = build_deb("libx1", changelog_text=cut, changelog_name="changelog.Debian.gz")
    # The builder compresses once more, so the name is changed to the compressed one afterwards.
    data = build_deb("libx1", changelog_text=cut, changelog_name="changelog.Debian_gz", compression="")
    data = data.replace(b"changelog.Debian_gz", b"changelog.Debian.gz")
    with pytest.raises(ArchiveError):
        read_changelog(data, "libx1")


CHANGELOG = """\
 noise before
alpha (1:1.0-2) bookworm-security; urgency=high

  [ Some One ]
  * First bullet
    continues here
    - below it
      + deeper
  * Second bullet

  [ Other One ]
  plain text

 -- Some One <one@example.org>  Mon, 28 Sep 2026 10:00:00 +0000

alpha (1.0-1) unstable experimental; urgency=low

  * Start.

 -- Some One <one@example.org>  sometime
"""


def test_a_changelog_gives_entries_and_items_with_what_stands_above() -> None:
    first, second = parse_changelog(CHANGELOG.encode())
    assert (first.source, first.version, first.date) == ("alpha", "1:1.0-2", "2026-09-28")
    assert [(item.text, item.context) for item in first.items] == [
        ("First bullet continues here", ()),
        ("below it", ("First bullet continues here",)),
        ("deeper", ("First bullet continues here", "below it")),
        ("Second bullet", ()),
        ("plain text", ()),
    ]
    assert (second.version, second.date, [item.text for item in second.items]) == ("1.0-1", "", ["Start."])


@pytest.mark.parametrize("data", [b"", b"\n\n", b"no changelog\n  * bullet\n", b"\xff\xfe\x00"])
def test_what_is_no_changelog_has_no_entries(data: bytes) -> None:
    assert parse_changelog(data) == ()


def test_a_changelog_without_a_last_trailer_keeps_its_entry() -> None:
    [entry] = parse_changelog(b"a (1) unstable; urgency=low\n\n  * Text\n")
    assert entry.items[0].text == "Text"
