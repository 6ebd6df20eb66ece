"""Images of whole root file systems, written without holding them in memory, and copied by `skopeo`."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from basewise.testing.debian_root import run_program

__all__ = ["SITE_PACKAGES", "copy_image", "make_python_layer", "unpack_layers", "write_plain_layout"]

SITE_PACKAGES = "usr/local/lib/python{minor}/site-packages"

_CREATED = "2026-01-02T03:04:05Z"
_COPY_SECONDS = 600
_WHITEOUT = ".wh."


def write_plain_layout(
    layers: Sequence[Path], directory: Path, *, tag: str = "1", settings: Mapping[str, object] | None = None
) -> Path:
    """Write an OCI layout whose layers are uncompressed; their blobs are links to the tars where that is possible.

    Args:
        layers: A tar for each layer, the lowest first.
        directory: Made here.
        tag: Name of the image.
        settings: Of the configuration's `config`: `Env`, `User` and the like.
    """
    blobs = directory / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    stored = [_link(layer, blobs) for layer in layers]
    config = {
        "architecture": "amd64",
        "os": "linux",
        "created": _CREATED,
        "config": dict(settings or {}),
        "rootfs": {"type": "layers", "diff_ids": [entry["digest"] for entry in stored]},
        "history": [{"created": _CREATED, "created_by": f"COPY {layer.name} /"} for layer in layers],
    }
    manifest_type = "application/vnd.oci.image.manifest.v1+json"
    manifest = {
        "schemaVersion": 2,
        "mediaType": manifest_type,
        "config": _put(config, blobs, "application/vnd.oci.image.config.v1+json"),
        "layers": stored,
    }
    entry = _put(manifest, blobs, manifest_type)
    entry["annotations"] = {"org.opencontainers.image.ref.name": tag}
    index = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [entry],
    }
    (directory / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')
    (directory / "index.json").write_text(json.dumps(index))
    return directory


def _link(layer: Path, blobs: Path) -> dict[str, Any]:
    with layer.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    try:
        os.link(layer, blobs / digest)
    except OSError:
        shutil.copyfile(layer, blobs / digest)
    media_type = "application/vnd.oci.image.layer.v1.tar"
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": layer.stat().st_size}


def _put(value: object, blobs: Path, media_type: str) -> dict[str, Any]:
    content = json.dumps(value).encode()
    digest = hashlib.sha256(content).hexdigest()
    (blobs / digest).write_bytes(content)
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}


def copy_image(source: str, target: str, *options: str) -> None:
    """Copy an image with `skopeo`; both are named as it names them.

    Raises:
        RuntimeError: It failed; with what it said.
    """
    done = subprocess.run(
        ["skopeo", "copy", "--quiet", *options, source, target],
        capture_output=True,
        text=True,
        check=False,
        timeout=_COPY_SECONDS,
    )
    if done.returncode != 0:
        raise RuntimeError(f"skopeo failed: {done.stderr.strip()[-2000:]}")


def make_python_layer(
    folder: Path, minor: str, requirements: Sequence[str], *, hidden: Sequence[str] = ()
) -> Path:
    """Write a layer with distributions that uv installed for the interpreter in `/usr/local`, and with whiteouts.

    Args:
        folder: For the files (left there) and the tar `layer.tar`.
        minor: Of Python, `3.13`.
        requirements: What to install, without dependencies, from wheels.
        hidden: Paths of the layers below that the layer hides.

    Returns:
        The tar.
    """
    from uv import find_uv_bin  # noqa: PLC0415 - only when a layer is made

    from basewise.fit.index_settings import read_index_settings  # noqa: PLC0415 - the same

    root = folder / "root"
    site = root / SITE_PACKAGES.format(minor=minor)
    run_program(
        [
            find_uv_bin(), "pip", "install", "--quiet", "--no-deps", "--no-config", "--link-mode", "copy",
            "--only-binary", ":all:", "--python-version", minor, "--target", str(site), *requirements,
        ],
        environment=read_index_settings(os.environ).environment,
    )  # fmt: skip
    shutil.rmtree(site / "bin", ignore_errors=True)
    (site / ".lock").unlink(missing_ok=True)
    for path in hidden:
        whiteout = root / path
        whiteout.parent.mkdir(parents=True, exist_ok=True)
        whiteout.with_name(f"{_WHITEOUT}{whiteout.name}").touch()
    tar = folder / "layer.tar"
    with tarfile.open(tar, "w") as file:
        for top in sorted(root.iterdir()):
            file.add(top, arcname=top.name, filter=_owned_by_root)
    return tar


def _owned_by_root(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    return member


def unpack_layers(layers: Sequence[Path], directory: Path) -> Path:
    """Unpack layers over each other with `tar`, as root, and remove what their whiteouts hide.

    Args:
        layers: A tar for each layer, the lowest first; only the upper ones may hold whiteouts, and no opaque ones.
        directory: Made here.
    """
    directory.mkdir(parents=True)
    for layer in layers:
        subprocess.run(
            ["tar", "--numeric-owner", "-xpf", str(layer), "-C", str(directory)],
            check=True,
            timeout=_COPY_SECONDS,
        )
        if layer is layers[0]:
            continue
        for whiteout in sorted(directory.rglob(f"{_WHITEOUT}*")):
            whiteout.unlink()
            hidden = whiteout.with_name(whiteout.name.removeprefix(_WHITEOUT))
            if hidden.is_dir() and not hidden.is_symlink():
                shutil.rmtree(hidden)
            else:
                hidden.unlink(missing_ok=True)
    return directory
