"""A Debian archive of a few packages on loopback, for tests.

Everything is real but small: `.deb` files with a changelog, compressed `Packages`, `InRelease` with hashes. The
signature is real where a signer is given; without one the file has the form of a signed one and cannot be
verified by anybody.
"""

from __future__ import annotations

import gzip
import hashlib
import http.server
import io
import lzma
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from basewise.debian.mirrors import Mirrors

__all__ = ["DebianRepository", "SourcePackage", "build_deb", "changelog"]

Signer = Callable[[bytes], bytes]
_COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    ".xz": lzma.compress,
    ".gz": lambda data: gzip.compress(data, mtime=0),
    "": lambda data: data,
}


class SourcePackage(msgspec.Struct, frozen=True, kw_only=True):
    """One source package with one binary package.

    Args:
        source: Source name.
        version: Source version, also of the binary.
        entries: Changelog entries, newest first, as (version, lines); the first is of `version`.
        binary: Binary name, "" for the source's.
        binary_version: Binary version, "" for the source's (a rebuild has another).
        depends: `Depends` field.
        linked_to: Make the documentation directory a link to that package's.
        missing: Name the `.deb` in the index and do not serve it.
    """

    source: str
    version: str
    entries: tuple[tuple[str, tuple[str, ...]], ...]
    binary: str = ""
    binary_version: str = ""
    depends: str = ""
    linked_to: str = ""
    missing: bool = False


def changelog(source: str, entries: tuple[tuple[str, tuple[str, ...]], ...]) -> bytes:
    """Return a Debian changelog; each line of an entry becomes a bullet, the newest entry is of day 28."""
    text = []
    for number, (version, lines) in enumerate(entries):
        bullets = "\n".join(f"  * {line}" for line in lines)
        text.append(
            f"{source} ({version}) unstable; urgency=medium\n\n{bullets}\n\n"
            f" -- Some One <one@example.org>  Mon, {max(1, 28 - number):02} Sep 2026 10:00:00 +0000\n"
        )
    return "\n".join(text).encode()


def build_deb(
    package: str,
    *,
    changelog_text: bytes | None = None,
    changelog_name: str = "changelog.Debian.gz",
    linked_to: str = "",
    compression: str = ".xz",
) -> bytes:
    """Return a `.deb` with nothing but a documentation directory.

    Args:
        package: Binary package name.
        changelog_text: Its changelog, None for none.
        changelog_name: File name; compressed when it ends in `.gz`.
        linked_to: Make the directory a symbolic link to this package's instead.
        compression: Of the data archive: `.xz`, `.gz` or "".
    """
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for directory in ("./", "./usr/", "./usr/share/", "./usr/share/doc/"):
            tar.addfile(_directory(directory))
        if linked_to:
            link = tarfile.TarInfo(f"./usr/share/doc/{package}")
            link.type, link.linkname = tarfile.SYMTYPE, linked_to
            tar.addfile(link)
        else:
            tar.addfile(_directory(f"./usr/share/doc/{package}/"))
            if changelog_text is not None:
                content = (
                    gzip.compress(changelog_text, mtime=0)
                    if changelog_name.endswith(".gz")
                    else changelog_text
                )
                member = tarfile.TarInfo(f"./usr/share/doc/{package}/{changelog_name}")
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
    data = _COMPRESSORS[compression](stream.getvalue())
    members = (
        ("debian-binary", b"2.0\n"),
        ("control.tar.xz", lzma.compress(b"")),
        (f"data.tar{compression}", data),
    )
    return b"!<arch>\n" + b"".join(_ar_member(name, content) for name, content in members)


class DebianRepository:
    """An archive that is made in memory and served on 127.0.0.1.

    Args:
        signer: Turns the text of a `Release` file into `InRelease`; a form without value when None.
    """

    def __init__(self, signer: Signer | None = None) -> None:
        self._signer = signer or _unverifiable
        self.files: dict[str, bytes] = {}
        self.requests: list[str] = []

    def add_suite(
        self, suite: str, packages: tuple[SourcePackage, ...], *, date: str = "Mon, 28 Sep 2026 10:00:00 UTC"
    ) -> None:
        """Make a suite of these packages, the security suites below `debian-security`."""
        root = "/debian-security" if suite.endswith("-security") else "/debian"
        stanzas = [self._add_package(root, package) for package in packages]
        index = lzma.compress("\n".join(stanzas).encode() or b"\n")
        path = "main/binary-amd64/Packages.xz"
        self.files[f"{root}/dists/{suite}/{path}"] = index
        release = (
            f"Origin: Test\nSuite: {suite}\nCodename: {suite}\nDate: {date}\nArchitectures: all amd64\n"
            f"SHA256:\n {hashlib.sha256(index).hexdigest()} {len(index)} {path}\n"
        )
        self.files[f"{root}/dists/{suite}/InRelease"] = self._signer(release.encode())

    @contextmanager
    def serve(self, keyring: Path | None = None) -> Iterator[Mirrors]:
        """Serve it on a free port of 127.0.0.1 as long as the context lasts."""
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        address = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield Mirrors(main=f"{address}/debian", security=f"{address}/debian-security", keyring=keyring)
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def _add_package(self, root: str, package: SourcePackage) -> str:
        name = package.binary or package.source
        version = package.binary_version or package.version
        text = None if package.linked_to else changelog(package.source, package.entries)
        deb = build_deb(name, changelog_text=text, linked_to=package.linked_to)
        filename = f"pool/main/{name}_{version.replace(':', '%3a')}_amd64.deb"
        if not package.missing:
            self.files[f"{root}/{filename}"] = deb
        lines = [
            f"Package: {name}",
            f"Source: {package.source} ({package.version})",
            f"Version: {version}",
            "Architecture: amd64",
            f"Depends: {package.depends}" if package.depends else "Priority: optional",
            "Installed-Size: 12",
            f"Filename: {filename}",
            f"Size: {len(deb)}",
            f"SHA256: {hashlib.sha256(deb).hexdigest()}",
        ]
        return "\n".join(lines) + "\n"


def _directory(name: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.mode = tarfile.DIRTYPE, 0o755
    return member


def _ar_member(name: str, content: bytes) -> bytes:
    header = f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode()
    return header + content + b"\n" * (len(content) % 2)


def _unverifiable(text: bytes) -> bytes:
    return (
        b"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n" + text + b"-----BEGIN PGP SIGNATURE-----\n\n"
        b"AAAA\n-----END PGP SIGNATURE-----\n"
    )


def _handler(repository: DebianRepository) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        """Answers with the files of the repository."""

        def do_GET(self) -> None:
            """Answer one request."""
            repository.requests.append(self.path)
            content = repository.files.get(self.path)
            self.send_response(200 if content is not None else 404)
            self.send_header("content-length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    return Handler
