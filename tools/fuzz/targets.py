"""What is fuzzed: for each reader of hostile bytes, a function that fails only where the reader does, and seeds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from io import BytesIO

import msgspec

__all__ = ["TARGETS", "Target"]

Read = Callable[[bytes], object]


class Target(msgspec.Struct, frozen=True):
    """One reader.

    Args:
        load: Imports the reader, so that Atheris can instrument it, and returns the function to fuzz.
        seeds: Good inputs to begin with.
    """

    load: Callable[[], Read]
    seeds: Callable[[], Sequence[bytes]]


def _tar() -> Read:
    """Walk a tar and merge what it holds; checksums are not compared, no mutation would pass them."""
    tar = import_module("basewise._internal.tar")
    collect = import_module("basewise.image.collect")
    merge_layers = import_module("basewise.image.tree").merge_layers
    wanted = import_module("basewise.image.wanted").Wanted
    everything = import_module("basewise.testing.layers").Everything
    limits = import_module("basewise.image.limits").DEFAULT_LIMITS
    digest = import_module("basewise.model.digest").Digest("sha256", "0" * 64)
    vars(tar)["check_header"] = lambda _: None
    wants = wanted([everything()], limits)

    def read(data: bytes) -> None:
        collector = collect.LayerCollector("layer", wants, limits)
        try:
            for member in tar.walk_tar(BytesIO(data), collector.visit, max_content_bytes=2**20):
                if member.content is not None:
                    collector.store(member.content)
        except tar.TarError:
            return
        content = collector.finish(digest=digest, diff_id=None, stored_bytes=len(data), tar_bytes=len(data))
        tree = merge_layers([content, content], limits)
        for path in content.paths:
            tree.resolve(path)
            tree.read(path)

    return read


def _tar_seeds() -> list[bytes]:
    from basewise.testing.tar_writer import Member, tar_bytes  # noqa: PLC0415 - instrumented when it is imported

    return [
        tar_bytes([Member(path="a", content=b"x"), Member(path="b", kind="1", link="a")]),
        tar_bytes([Member(path="d/", kind="5"), Member(path="d/.wh.x"), Member(path="d/.wh..wh..opq")]),
        tar_bytes([Member(path="n" * 200, content=b"y", pax={"size": b"1", "GNU.sparse.name": b"s"})]),
        tar_bytes(
            [Member(path="l", kind="2", link="m"), Member(path="m", kind="2", link="l"), Member(path="l/x")]
        ),
        tar_bytes(
            [Member(path="long", kind="L", content=b"name\0"), Member(path="s", kind="S", content=b"z")]
        ),
    ]


def _inflate() -> Read:
    """Decompress, at most a megabyte of it."""
    gunzip = import_module("basewise._internal.gunzip")

    def read(data: bytes) -> None:
        try:
            stream = gunzip.open_inflated(BytesIO(data), max_window_bytes=2**20)
            left = 2**20
            while left > 0 and (part := stream.read(2**16)):
                left -= len(part)
        except gunzip.InflateError:
            pass

    return read


def _inflate_seeds() -> list[bytes]:
    from basewise.testing.tar_writer import gzip_bytes, zstd_bytes  # noqa: PLC0415 - as above

    return [
        gzip_bytes(b"text"),
        gzip_bytes(b"a") + gzip_bytes(b"b") + bytes(512),
        zstd_bytes(b"text" * 99),
        b"plain",
    ]


def _module_functions(module: str, *names: str) -> Callable[[], Read]:
    """Return a loader of functions that take bytes and document no exception; all of them are called."""

    def load() -> Read:
        loaded = import_module(module)
        functions = [getattr(loaded, name) for name in names]

        def read(data: bytes) -> None:
            for function in functions:
                function(data)

        return read

    return load


def _rpm_header() -> Read:
    header = import_module("basewise.inventory.rpm_header")

    def read(data: bytes) -> None:
        with suppress(header.RpmHeaderError):
            header.read_rpm_header(data)

    return read


def _rpm_headers() -> list[bytes]:
    from basewise.testing.rpm_databases import make_header  # noqa: PLC0415 - as above

    return [make_header({"name": "a", "version": "1", "release": "2"})]


def _rpm_seeds(maker: str) -> Callable[[], list[bytes]]:
    def seeds() -> list[bytes]:
        make = getattr(import_module("basewise.testing.rpm_databases"), maker)
        return [make([]), make(_rpm_headers() * 3)]

    return seeds


def _elf() -> Read:
    elf = import_module("basewise._internal.elf")

    def read(data: bytes) -> None:
        with suppress(elf.ElfError):
            elf.read_elf(data)

    return read


def _elf_seeds() -> list[bytes]:
    """Return an extension module of this interpreter, as far as its dynamic section reaches."""
    import _ctypes  # noqa: PLC0415 - any small shared object does

    with open(_ctypes.__file__, "rb") as file:  # noqa: PTH123 - not worth an import
        return [file.read(60_000)]


def _dockerfile() -> Read:
    """Parse a Dockerfile, resolve its images, read its scripts and put it together again."""
    parse = import_module("basewise.dockerfile.parse")
    images = import_module("basewise.dockerfile.images")
    scripts_of = import_module("basewise.dockerfile.scripts").scripts_of
    call_of = import_module("basewise.dockerfile.shell").call_of

    def read(data: bytes) -> None:
        parsed = parse.parse_dockerfile(parse.decode_dockerfile(data))
        assert parse.encode_dockerfile(str(parsed)) == data  # noqa: S101 - this is what is looked for
        for use in images.image_uses(parsed, images.resolve_stages(parsed)):
            written = str(parsed)[use.start : use.end]
            assert written == use.written or "\n" in written  # noqa: S101 - the same; a name may be continued
        for part in parsed.instructions:
            for script in scripts_of(part, parsed.escape):
                for command in script.commands:
                    call_of(command)

    return read


def _dockerfile_seeds() -> list[bytes]:
    shapes = import_module("basewise.testing.dockerfile_shapes").SHAPES
    return [text.encode() for text in shapes.values()]


def _compose() -> Read:
    read_compose = import_module("basewise.dockerfile.compose").read_compose
    decode = import_module("basewise.dockerfile.parse").decode_dockerfile
    error = import_module("basewise.errors").InputError

    def read(data: bytes) -> None:
        with suppress(error):
            read_compose(decode(data), "fuzzed")

    return read


def _vex() -> Read:
    """Read a VEX document; one that is none is refused."""
    read_vex = import_module("basewise.policy.read_vex").read_vex
    error = import_module("basewise.errors").PolicyError

    def read(data: bytes) -> None:
        with suppress(error):
            read_vex(data, "fuzzed")

    return read


def _fixed(*seeds: bytes) -> Callable[[], Sequence[bytes]]:
    return lambda: seeds


_RPM = _module_functions("basewise.inventory.rpm", "read_rpm_database")
TARGETS = {
    "tar": Target(_tar, _tar_seeds),
    "inflate": Target(_inflate, _inflate_seeds),
    "dpkg": Target(
        _module_functions(
            "basewise.inventory.dpkg_records",
            "read_status",
            "read_status_part",
            "read_file_list",
            "read_checksums",
        ),
        _fixed(
            b"Package: a\nStatus: install ok installed\nVersion: 1:2-3\nArchitecture: amd64\nSource: b (2)\nX:\n y\n\n",
            b"/.\n/usr/lib/python3/dist-packages/a-1.dist-info/METADATA\n/usr/bin/python3.12\n",
            b"0123456789abcdef0123456789abcdef  usr/lib/python3/dist-packages/a-1.dist-info/METADATA\n",
        ),
    ),
    "apk": Target(
        _module_functions("basewise.inventory.apk", "read_installed"),
        _fixed(
            b"C:Q1AAAA=\nP:musl\nV:1.2-r3\nA:x86_64\no:musl\nF:usr/bin\nR:python3.12\nZ:Q1AAAA=\n\nP:b\nV:1\n\n"
        ),
    ),
    "rpm-sqlite": Target(_RPM, _rpm_seeds("make_sqlite")),
    "rpm-ndb": Target(_RPM, _rpm_seeds("make_ndb")),
    "rpm-bdb": Target(_RPM, _rpm_seeds("make_bdb")),
    "rpm-header": Target(_rpm_header, _rpm_headers),
    "os-release": Target(
        _module_functions("basewise.inventory.os_release", "parse_os_release"),
        _fixed(b'ID=debian\nVERSION_ID="12"\nVERSION=\'12 (bookworm)\'\nPRETTY_NAME="a \\$ \\" b"\n'),
    ),
    "python": Target(
        _module_functions(
            "basewise.inventory.python_metadata", "read_metadata", "read_record", "read_direct_url"
        ),
        _fixed(
            b"Metadata-Version: 2.1\nName: numpy\nVersion: 2.1.0rc1.post2.dev3+local.1\n\nText\n",
            b"numpy-2.dist-info/METADATA,sha256=x,1\n../../a.egg-info/PKG-INFO,,\n",
            b'{"url": "file:///x", "dir_info": {"editable": true}}',
        ),
    ),
    "conda": Target(
        _module_functions("basewise.inventory.conda", "read_conda_record"),
        _fixed(b'{"name": "a", "version": "1", "files": ["bin/python3.12"]}'),
    ),
    "elf": Target(_elf, _elf_seeds),
    "dockerfile": Target(_dockerfile, _dockerfile_seeds),
    "compose": Target(
        _compose,
        _fixed(
            b"x: &a\n  image: 'b:1'\nservices:\n  c:\n    <<: [*a]\n    build: {context: ., args: [D=e]}\n"
            b'  f: {build: {dockerfile_inline: "FROM g", args: {H: ${I:-j}}}}\n'
        ),
    ),
    "vex": Target(
        _vex,
        _fixed(
            b'{"@context": "https://openvex.dev/ns/v0.2.0", "timestamp": "2026-01-01T00:00:00Z", "statements": [{"vulnerability": '
            b'{"name": "CVE-1"}, "products": [{"@id": "pkg:deb/debian/a@1?arch=b"}], "status": "fixed"}]}',
            b'{"bomFormat": "CycloneDX", "components": [{"bom-ref": "y", "purl": "pkg:pypi/b@1"}], "vulnerabilities": '
            b'[{"id": "CVE-1", "analysis": {"state": "resolved"}, "affects": [{"ref": "y"}]}]}',
        ),
    ),
}
