"""A package index on the loopback interface: real HTTP, wheels and source archives that the test makes.

It speaks the simple repository API as JSON and HTML, serves core metadata and byte ranges, and can be told to
refuse, to break or to hang. It listens on 127.0.0.1 alone and ends with its `with` block.

Reference: simple repository API (PEP 503, 691, 592, 658, 700).
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import html
import io
import json
import tarfile
import threading
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

import msgspec

__all__ = ["IndexedFile", "PackageIndex"]

_JSON = "application/vnd.pypi.simple.v1+json"
_OK, _PARTIAL, _UNAUTHORIZED, _NOT_FOUND = 200, 206, 401, 404
_FIXED_TIME = (2026, 1, 1, 0, 0, 0)
_UPLOADED = "2026-01-01T00:00:00.000000Z"
_PADDING = "data/padding.bin"


class IndexedFile(msgspec.Struct, kw_only=True):
    """A file of the index. `metadata` is its core metadata, None for a source archive."""

    project: str
    filename: str
    content: bytes
    requires_python: str = ""
    metadata: bytes | None = None
    yanked: str | None = None
    stated_sha256: str = ""

    @property
    def sha256(self) -> str:
        """What the index says the hash is."""
        return self.stated_sha256 or hashlib.sha256(self.content).hexdigest()


class PackageIndex:
    """An index to which tests add files; use it in a `with` block.

    Args:
        user: Demand these basic credentials, `name:password`; "" for none.
    """

    def __init__(self, *, user: str = "") -> None:
        self._files: dict[str, IndexedFile] = {}
        self._user = user
        self._status = 0
        self._release = threading.Event()
        self._hangs = False
        self.requests: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._release.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def host(self) -> str:
        """Address and port."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    @property
    def url(self) -> str:
        """Address of the index, without credentials."""
        return f"http://{self.host}/simple"

    @property
    def url_with_credentials(self) -> str:
        """Address of the index with the credentials that it demands."""
        return f"http://{self._user}@{self.host}/simple" if self._user else self.url

    def answer_with(self, status: int) -> None:
        """Answer every request with a status, 0 to answer as usual again."""
        self._status = status

    def hang(self) -> None:
        """Answer nothing more until the end of the `with` block."""
        self._hangs = True

    def add_wheel(
        self,
        name: str,
        version: str,
        *tags: str,
        requires: Sequence[str] = (),
        requires_python: str = "",
        members: Mapping[str, bytes] | None = None,
        padding_bytes: int = 0,
    ) -> list[IndexedFile]:
        """Add one wheel a tag (`py3-none-any` when none is given).

        Args:
            name: Distribution name.
            version: Version.
            tags: `python-abi-platform`.
            requires: `Requires-Dist` lines.
            requires_python: `Requires-Python`.
            members: Further files by path.
            padding_bytes: Size of a member that cannot be compressed.
        """
        module = name.replace("-", "_").replace(".", "_")
        content = {f"{module}/__init__.py": b"", **(members or {})}
        if padding_bytes:
            content[_PADDING] = _noise(f"{name}{version}", padding_bytes)
        metadata = _metadata(name, version, requires, requires_python)
        added = []
        for tag in tags or ("py3-none-any",):
            filename = f"{module}-{version}-{tag}.whl"
            file = IndexedFile(
                project=_normalised(name),
                filename=filename,
                content=_wheel(f"{module}-{version}", tag, metadata, content),
                requires_python=requires_python,
                metadata=metadata,
            )
            self._files[filename] = file
            added.append(file)
        return added

    def add_sdist(
        self,
        name: str,
        version: str,
        *,
        requires: Sequence[str] = (),
        metadata_version: str = "2.2",
        members: Mapping[str, bytes] | None = None,
    ) -> IndexedFile:
        """Add a source archive with a `PKG-INFO` and the given members, for example a `setup.py`."""
        module = name.replace("-", "_")
        root = f"{module}-{version}"
        metadata = _metadata(name, version, requires, "", metadata_version=metadata_version)
        content = {f"{root}/PKG-INFO": metadata}
        content |= {f"{root}/{path}": data for path, data in (members or {}).items()}
        file = IndexedFile(project=_normalised(name), filename=f"{root}.tar.gz", content=_archive(content))
        self._files[file.filename] = file
        return file

    def yank(self, filename: str, reason: str) -> None:
        """Mark a file as yanked."""
        self._files[filename].yanked = reason

    def claim_hash(self, filename: str, sha256: str) -> None:
        """Let the index state another hash for a file."""
        self._files[filename].stated_sha256 = sha256

    def _refusal(self, authorization: str) -> int:
        """Return the status to refuse with, 0 to go on."""
        if self._hangs:
            self._release.wait()
        if self._status:
            return self._status
        wanted = f"Basic {base64.b64encode(self._user.encode()).decode()}"
        return _UNAUTHORIZED if self._user and authorization != wanted else 0

    def _answer(self, path: str, accept: str) -> tuple[int, str, bytes]:
        """Return status, content type and body for a path."""
        parts = [part for part in path.split("?", maxsplit=1)[0].split("/") if part]
        match parts:
            case ["simple", project]:
                return self._listing(project, accept)
            case ["files", filename]:
                if filename in self._files:
                    return _OK, "application/octet-stream", self._files[filename].content
                file = self._files.get(filename.removesuffix(".metadata"))
                if file is not None and file.metadata is not None:
                    return _OK, "application/octet-stream", file.metadata
        return _NOT_FOUND, "text/plain", b"not found"

    def _listing(self, project: str, accept: str) -> tuple[int, str, bytes]:
        files = [file for _, file in sorted(self._files.items()) if file.project == project]
        if not files:
            return _NOT_FOUND, "text/plain", b"not found"
        if _JSON in accept:
            document = {
                "meta": {"api-version": "1.1"},
                "name": project,
                "versions": [],
                "files": [self._entry(file) for file in files],
            }
            return _OK, _JSON, json.dumps(document).encode()
        return _OK, "text/html", "".join(self._anchor(file) for file in files).encode()

    def _entry(self, file: IndexedFile) -> dict[str, object]:
        entry: dict[str, object] = {
            "filename": file.filename,
            "url": f"http://{self.host}/files/{file.filename}",
            "hashes": {"sha256": file.sha256},
            "size": len(file.content),
            "upload-time": _UPLOADED,
            "yanked": file.yanked if file.yanked is not None else False,
        }
        if file.requires_python:
            entry["requires-python"] = file.requires_python
        if file.metadata is not None:
            entry["core-metadata"] = {"sha256": hashlib.sha256(file.metadata).hexdigest()}
        return entry

    def _anchor(self, file: IndexedFile) -> str:
        yanked = f' data-yanked="{html.escape(file.yanked)}"' if file.yanked is not None else ""
        python = (
            f' data-requires-python="{html.escape(file.requires_python)}"' if file.requires_python else ""
        )
        target = f"http://{self.host}/files/{file.filename}#sha256={file.sha256}"
        return f'<a href="{target}"{python}{yanked}>{file.filename}</a><br>\n'


def _handler(index: PackageIndex) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            index.requests.append(self.path)
            status = index._refusal(self.headers.get("Authorization", ""))  # noqa: SLF001 - the two are one thing
            kind, body = "text/plain", b"refused"
            if not status:
                status, kind, body = index._answer(self.path, self.headers.get("Accept", ""))  # noqa: SLF001 - as above
            with suppress(ConnectionError):
                self._send(status, kind, body)

        do_HEAD = do_GET  # noqa: N815 - the base class names it

        def _send(self, status: int, kind: str, body: bytes) -> None:
            first, last = _range(self.headers.get("Range", ""), len(body))
            self.send_response(_PARTIAL if status == _OK and last >= 0 else status)
            if status == _OK and last >= 0:
                self.send_header("Content-Range", f"bytes {first}-{last}/{len(body)}")
                body = body[first : last + 1]
            if status == _UNAUTHORIZED:
                self.send_header("WWW-Authenticate", 'Basic realm="index"')
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Accept-Ranges", "bytes")
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
            """Say nothing."""

    return Handler


def _range(header: str, size: int) -> tuple[int, int]:
    """Return first and last byte of a `Range` header, (0, -1) for none."""
    if not header.startswith("bytes="):
        return 0, -1
    first, _, last = header.removeprefix("bytes=").partition("-")
    if not first:
        return max(size - int(last), 0), size - 1
    return int(first), min(int(last) if last else size - 1, size - 1)


def _normalised(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def _metadata(
    name: str, version: str, requires: Sequence[str], requires_python: str, *, metadata_version: str = "2.2"
) -> bytes:
    lines = [f"Metadata-Version: {metadata_version}", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Python: {requires_python}"] if requires_python else []
    lines += [f"Requires-Dist: {line}" for line in requires]
    return "\n".join([*lines, ""]).encode()


def _wheel(stem: str, tag: str, metadata: bytes, members: Mapping[str, bytes]) -> bytes:
    python, abi, platform = tag.split("-")
    tags = "".join(f"Tag: {one}-{abi}-{two}\n" for one in python.split(".") for two in platform.split("."))
    files = dict(members)
    files[f"{stem}.dist-info/METADATA"] = metadata
    files[f"{stem}.dist-info/WHEEL"] = f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\n{tags}".encode()
    files[f"{stem}.dist-info/RECORD"] = "".join(f"{path},,\n" for path in files).encode()
    output = io.BytesIO()
    with zipfile.ZipFile(output, "w", zipfile.ZIP_STORED) as archive:
        for path, data in files.items():
            archive.writestr(zipfile.ZipInfo(path, _FIXED_TIME), data, zipfile.ZIP_STORED)
    return output.getvalue()


def _archive(members: Mapping[str, bytes]) -> bytes:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        for path, data in members.items():
            member = tarfile.TarInfo(path)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    packed = io.BytesIO()
    # Level 0 and a file name of "" give the same bytes whatever compressor Python was built with.
    with gzip.GzipFile("", "wb", compresslevel=0, fileobj=packed, mtime=0) as stream:
        stream.write(plain.getvalue())
    return packed.getvalue()


def _noise(seed: str, count: int) -> bytes:
    """Return bytes that do not compress and are the same each time."""
    blocks = [hashlib.sha256(f"{seed}{number}".encode()).digest() for number in range(count // 32 + 1)]
    return b"".join(blocks)[:count]
