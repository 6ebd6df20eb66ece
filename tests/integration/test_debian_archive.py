"""A Debian archive on loopback, really signed: what is trusted, and what is refused."""

from __future__ import annotations

import hashlib
import lzma
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from basewise._internal.http import HttpClient
from basewise.debian import archive as archive_module
from basewise.debian.archive import Archive, ArchiveEntry, MissingFileError, index_of, suites_of
from basewise.debian.deb import read_changelog
from basewise.debian.package import BinaryPackage
from basewise.debian.signature import read_clear_signed
from basewise.errors import ArchiveError
from basewise.testing.debian_repository import DebianRepository, SourcePackage

# With CI=true a missing program is a failure, not a skip.
IN_CI = os.environ.get("CI", "").lower() == "true"

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(
        not IN_CI and any(shutil.which(program) is None for program in ("gpg", "gpg-agent", "gpgv")),
        reason="no gpg, gpg-agent and gpgv here",
    ),
]
INDEX = "/debian/dists/bookworm/main/binary-amd64/Packages.xz"
INRELEASE = "/debian/dists/bookworm/InRelease"


class Key:
    """A throwaway key that signs."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._run(
            "--passphrase", "", "--quick-generate-key", "Test <test@example.org>", "ed25519", "sign", "never"
        )
        self.keyring = home / "public.gpg"
        self.keyring.write_bytes(self._run("--export"))

    def sign(self, text: bytes) -> bytes:
        """Return the text clear-signed."""
        return self._run("--passphrase", "", "--clearsign", data=text)

    def _run(self, *arguments: str, data: bytes = b"") -> bytes:
        command = ["gpg", "--homedir", str(self._home), "--batch", "--pinentry-mode", "loopback", *arguments]
        return subprocess.run(command, input=data, capture_output=True, check=True).stdout


@pytest.fixture(scope="module")
def keys() -> Iterator[tuple[Key, Key]]:
    # The agent's socket must have a short path, so the homes are not below pytest's directory.
    homes = [Path(tempfile.mkdtemp(prefix="bw-gpg-")) for _ in range(2)]
    try:
        yield Key(homes[0]), Key(homes[1])
    finally:
        for home in homes:
            subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False)
            shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def client() -> Iterator[HttpClient]:
    with HttpClient(timeout_seconds=10) as opened:
        yield opened


PACKAGES = (
    SourcePackage(
        source="alpha", version="1.0-1", entries=(("1.0-1", ("Fix CVE-2026-1001.",)),), depends="beta"
    ),
    SourcePackage(source="beta", version="2:1.0-1", entries=(("2:1.0-1", ("New.",)),)),
)


@pytest.fixture
def repository(keys: tuple[Key, Key]) -> DebianRepository:
    made = DebianRepository(keys[0].sign)
    made.add_suite("bookworm", PACKAGES)
    made.add_suite("bookworm-updates", ())
    made.add_suite(
        "bookworm-security",
        (SourcePackage(source="alpha", version="1.0-1+deb12u1", entries=(("1.0-1+deb12u1", ("Fix.",)),)),),
        date="Tue, 29 Sep 2026 10:00:00 UTC",
    )
    return made


def test_a_good_signature_verifies_the_whole_chain(
    repository: DebianRepository, keys: tuple[Key, Key], client: HttpClient
) -> None:
    with repository.serve(keys[0].keyring) as mirrors:
        archive = Archive(mirrors, client)
        suites = [archive.suite(suite, "amd64") for suite in suites_of("bookworm")]
        index, entries = index_of("bookworm", "amd64", suites)
        changelog = read_changelog(archive.deb(entries["beta"]), "beta")
    assert all(suite.release.verified for suite in suites)
    assert index.as_of == "2026-09-29"
    alpha = index.get("alpha")
    assert alpha is not None
    assert alpha.version == "1.0-1+deb12u1"
    assert entries["alpha"].suite == "bookworm-security"
    assert changelog.text is not None
    assert changelog.text.startswith(b"beta (2:1.0-1)")


def test_the_signed_text_is_what_the_verifier_says_it_is(keys: tuple[Key, Key]) -> None:
    text = b"Codename: a\n-----dashes\nlast: 1\n"
    signed = read_clear_signed(keys[0].sign(text), keyring=keys[0].keyring, what="InRelease")
    assert signed.verified
    assert signed.text == text
    assert len(signed.keys) == 1


def test_a_signature_by_another_key_is_refused(
    repository: DebianRepository, keys: tuple[Key, Key], client: HttpClient
) -> None:
    with (
        repository.serve(keys[1].keyring) as mirrors,
        pytest.raises(ArchiveError, match="no key of the keyring"),
    ):
        Archive(mirrors, client).suite("bookworm", "amd64")


def test_a_changed_text_is_refused(
    repository: DebianRepository, keys: tuple[Key, Key], client: HttpClient
) -> None:
    repository.files[INRELEASE] = repository.files[INRELEASE].replace(b"Origin: Test", b"Origin: Evil")
    with repository.serve(keys[0].keyring) as mirrors, pytest.raises(ArchiveError, match="signature is bad"):
        Archive(mirrors, client).suite("bookworm", "amd64")


def test_another_suites_release_is_refused(
    repository: DebianRepository, keys: tuple[Key, Key], client: HttpClient
) -> None:
    repository.files[INRELEASE] = repository.files["/debian/dists/bookworm-updates/InRelease"]
    with repository.serve(keys[0].keyring) as mirrors, pytest.raises(ArchiveError, match="bookworm-updates"):
        Archive(mirrors, client).suite("bookworm", "amd64")


def test_without_a_verifier_the_suite_is_read_and_marked(
    repository: DebianRepository, client: HttpClient
) -> None:
    with repository.serve(None) as mirrors:
        release = Archive(mirrors, client).release("bookworm")
    assert not release.verified
    assert release.note


def test_an_index_with_another_hash_is_refused(
    repository: DebianRepository, keys: tuple[Key, Key], client: HttpClient
) -> None:
    repository.files[INDEX] = lzma.compress(b"Package: evil\n")[: len(repository.files[INDEX])]
    with (
        repository.serve(keys[0].keyring) as mirrors,
        pytest.raises(ArchiveError, match=r"SHA256|does not have"),
    ):
        Archive(mirrors, client).suite("bookworm", "amd64")


def test_a_renewed_index_is_found_by_its_hash(
    repository: DebianRepository, keys: tuple[Key, Key], client: HttpClient
) -> None:
    right = repository.files[INDEX]
    repository.files[INDEX] = right[:-1] + b"!"
    directory = INDEX.rsplit("/", 1)[0]
    repository.files[f"{directory}/by-hash/SHA256/{hashlib.sha256(right).hexdigest()}"] = right
    with repository.serve(keys[0].keyring) as mirrors:
        assert len(Archive(mirrors, client).suite("bookworm", "amd64").entries) == len(PACKAGES)


def test_an_index_larger_than_stated_is_not_read(
    repository: DebianRepository, keys: tuple[Key, Key], client: HttpClient
) -> None:
    repository.files[INDEX] += b"x"
    with repository.serve(keys[0].keyring) as mirrors, pytest.raises(ArchiveError, match="larger than"):
        Archive(mirrors, client).suite("bookworm", "amd64")


def with_index(repository: DebianRepository, keys: tuple[Key, Key], index: bytes) -> None:
    """Replace the index, and state it in the signed release."""
    text = (
        "Suite: bookworm\nCodename: bookworm\nDate: Mon, 28 Sep 2026 10:00:00 UTC\nSHA256:\n"
        f" {hashlib.sha256(index).hexdigest()} {len(index)} main/binary-amd64/Packages.xz\n"
    )
    repository.files[INDEX] = index
    repository.files[INRELEASE] = keys[0].sign(text.encode())


def test_a_truncated_index_is_refused(
    repository: DebianRepository, keys: tuple[Key, Key], client: HttpClient
) -> None:
    with_index(repository, keys, lzma.compress(b"Package: a\nVersion: 1\n" * 5000)[:-30])
    with repository.serve(keys[0].keyring) as mirrors, pytest.raises(ArchiveError, match="ends early"):
        Archive(mirrors, client).suite("bookworm", "amd64")


def test_a_bomb_is_stopped_at_the_cap(
    repository: DebianRepository, keys: tuple[Key, Key], client: HttpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_module, "MAX_INFLATED_INDEX_BYTES", 1_000_000)
    with_index(repository, keys, lzma.compress(b"\n" * 5_000_000))
    with (
        repository.serve(keys[0].keyring) as mirrors,
        pytest.raises(ArchiveError, match="inflates to more than"),
    ):
        Archive(mirrors, client).suite("bookworm", "amd64")


def test_a_package_over_the_cap_is_not_fetched(
    repository: DebianRepository, keys: tuple[Key, Key], client: HttpClient
) -> None:
    entry = ArchiveEntry(
        BinaryPackage("big", "1", "amd64", "big", "1", 5_000_000_000, 1), "pool/big.deb", "0" * 64, "bookworm"
    )
    with repository.serve(keys[0].keyring) as mirrors, pytest.raises(ArchiveError, match="at most"):
        Archive(mirrors, client).deb(entry)
    assert repository.requests == []


def test_a_package_with_another_hash_is_refused_and_a_missing_one_named(
    repository: DebianRepository, keys: tuple[Key, Key], client: HttpClient
) -> None:
    with repository.serve(keys[0].keyring) as mirrors:
        archive = Archive(mirrors, client)
        entries = {entry.package.name: entry for entry in archive.suite("bookworm", "amd64").entries}
        path = f"/debian/{entries['alpha'].filename}"
        repository.files[path] = repository.files[path][:-1] + b"!"
        with pytest.raises(ArchiveError, match="SHA256"):
            archive.deb(entries["alpha"])
        del repository.files[path]
        with pytest.raises(MissingFileError, match="alpha"):
            archive.deb(entries["alpha"])


def test_a_damaged_file_of_the_cache_is_fetched_again(
    repository: DebianRepository, keys: tuple[Key, Key], client: HttpClient, tmp_path: Path
) -> None:
    with repository.serve(keys[0].keyring) as mirrors:
        archive = Archive(mirrors, client, cache=tmp_path)
        first = archive.suite("bookworm", "amd64")
        [kept] = tmp_path.iterdir()
        kept.write_bytes(b"damaged")
        assert archive.suite("bookworm", "amd64") == first
    assert repository.requests.count(INDEX) == 2


@pytest.mark.skipif(not IN_CI and shutil.which("dpkg-deb") is None, reason="no dpkg-deb here")
@pytest.mark.parametrize("compression", ["xz", "gzip", "none"])
def test_the_changelog_of_a_package_that_dpkg_built_is_read(tmp_path: Path, compression: str) -> None:
    name = "alpha-with-a-rather-long-name" + "-and-more" * 8
    root = tmp_path / "tree"
    documentation = root / "usr/share/doc" / name
    documentation.mkdir(parents=True)
    (documentation / "changelog.Debian").write_text("alpha (1.0-1) unstable; urgency=low\n\n  * Text\n")
    (root / "DEBIAN").mkdir()
    (root / "DEBIAN/control").write_text(
        f"Package: {name}\nVersion: 1.0-1\nArchitecture: all\nMaintainer: a <a@example.org>\nDescription: a\n"
    )
    deb = tmp_path / "alpha.deb"
    command = ["dpkg-deb", "--root-owner-group", f"-Z{compression}", "--build", str(root), str(deb)]
    subprocess.run(command, check=True, capture_output=True)
    found = read_changelog(deb.read_bytes(), name)
    assert found.text is not None
    assert found.text.startswith(b"alpha (1.0-1)")
