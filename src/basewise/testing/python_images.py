"""Images that look like a Python base image and have a dozen files: enough for every command that reads images."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from basewise.model.platform import LINUX_AMD64, Platform
from basewise.testing.fake_registry import FakeRegistry
from basewise.testing.image_builder import ImageBuilder, files
from basewise.testing.tar_writer import Member

__all__ = ["SECRET", "DebPackage", "attested", "push", "push_manifest", "python_image"]

SECRET = "hunter2-do-not-tell"  # noqa: S105 - what a test looks for in documents, where it must not be
DebPackage = tuple[str, str, str]
_PACKAGES: Sequence[DebPackage] = (
    ("bash", "5.2.37-2+b10", "bash (5.2.37-2)"),
    ("libc6", "2.41-12", "glibc"),
    ("libssl3t64", "3.5.1-1", "openssl"),
    ("zlib1g", "1:1.3.dfsg+really1.3.1-1+b1", "zlib (1:1.3.dfsg+really1.3.1-1)"),
)
_SPDX = "https://spdx.dev/Document"
_CYCLONEDX = "https://cyclonedx.org/bom/v1.6"
_RELEASES = {"bookworm": "12", "trixie": "13"}
_LIBRARIES = "usr/lib/x86_64-linux-gnu"


def python_image(
    python: str = "3.12.11",
    *,
    codename: str = "trixie",
    packages: Sequence[DebPackage] = _PACKAGES,
    platform: Platform = LINUX_AMD64,
    further: Mapping[str, str | bytes] | None = None,
) -> ImageBuilder:
    """Build an image of Debian with CPython in `/usr/local`, in two layers.

    Args:
        python: Full version; "" for an image without Python.
        codename: Debian release.
        packages: Name, version and `Source` of each.
        platform: Of the image.
        further: Files of a third layer.
    """
    builder = ImageBuilder(platform)
    program = Member(path="usr/bin/bash", content=b"\x7fELF", mode=0o755)
    builder.layer(
        [*files(_base(codename, packages)), program], created_by="/bin/sh -c #(nop) ADD file:1 in / "
    )
    if python:
        interpreter = Member(
            path=f"usr/local/bin/python{_minor(python)}", content=f"\0{python}\0".encode(), mode=0o755
        )
        builder.layer(
            [*files({f"usr/local/lib/python{_minor(python)}/os.py": ""}), interpreter],
            created_by=f"RUN |1 TOKEN={SECRET} /bin/sh -c make install # buildkit",
        )
    if further:
        builder.layer(further, created_by="COPY . /srv # buildkit")
    environment = [f"TOKEN={SECRET}", "PATH=/usr/local/bin:/usr/bin"]
    return builder.configure(Env=[*environment, *([f"PYTHON_VERSION={python}"] if python else [])])


def push(registry: FakeRegistry, repository: str, images: Mapping[str, ImageBuilder]) -> dict[str, str]:
    """Put images into a registry, each in an index of its own.

    Returns:
        The digest of each tag's index.
    """
    found = {}
    for tag, image in images.items():
        entry = push_manifest(registry, repository, image)
        found[tag] = str(registry.add_index(repository, [entry], tag=tag)["digest"])
    return found


def push_manifest(registry: FakeRegistry, repository: str, image: ImageBuilder) -> dict[str, object]:
    """Put one image into a registry and return its entry for an index."""
    for content in (image.config, *(layer.stored for layer in image.layers)):
        registry.add_blob(content)
    platform = {"os": image.platform.os, "architecture": image.platform.architecture}
    return {**registry.add_manifest(repository, image.manifest), "platform": platform}


def attested(
    registry: FakeRegistry,
    repository: str,
    image: ImageBuilder,
    *predicates: Mapping[str, object],
    tag: str,
) -> dict[str, object]:
    """Put an image into a registry with statements in its index, as BuildKit does; return the index's entry.

    Args:
        registry: Where it is put.
        repository: Likewise.
        image: What the statements are about.
        predicates: SPDX or CycloneDX documents.
        tag: Of the index.
    """
    entry = push_manifest(registry, repository, image)
    layers = []
    for predicate in predicates:
        kind = _CYCLONEDX if "bomFormat" in predicate else _SPDX
        statement = {
            "_type": "https://in-toto.io/Statement/v0.1",
            "predicateType": kind,
            "subject": [{"name": repository, "digest": {"sha256": image.digest.hexadecimal}}],
            "predicate": predicate,
        }
        layer = registry.add_blob(json.dumps(statement).encode(), "application/vnd.in-toto+json")
        layers.append({**layer, "annotations": {"in-toto.io/predicate-type": kind}})
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": registry.add_blob(b"{}", "application/vnd.oci.image.config.v1+json"),
        "layers": layers,
    }
    said = {
        **registry.add_manifest(repository, manifest),
        "platform": {"os": "unknown", "architecture": "unknown"},
        "annotations": {
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": str(image.digest),
        },
    }
    return registry.add_index(repository, [entry, said], tag=tag)


def _base(codename: str, packages: Sequence[DebPackage]) -> dict[str, str | bytes]:
    version = _RELEASES[codename]
    status = "\n".join(
        f"Package: {name}\nStatus: install ok installed\nArchitecture: amd64\n"
        f"Source: {source}\nVersion: {number}\n"
        for name, number, source in packages
    )
    return {
        "etc/os-release": f'ID=debian\nVERSION_ID="{version}"\nVERSION_CODENAME={codename}\n',
        "var/lib/dpkg/status": status,
        f"{_LIBRARIES}/libc.so.6": b"\x7fELF GNU C Library (Debian) stable release version 2.41.\0",
        f"{_LIBRARIES}/libssl.so.3": b"\x7fELF",
        f"{_LIBRARIES}/libz.so.1": b"\x7fELF",
    }


def _minor(python: str) -> str:
    return ".".join(python.split(".")[:2])
