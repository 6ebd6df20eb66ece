"""Opening an image by whatever a user calls it.

`oci:DIR[:TAG]`, `oci-archive:FILE[:TAG]`, `docker-archive:FILE[:REPOSITORY:TAG]`, `dir:ROOTFS`, `docker:NAME` and
`podman:NAME` say what they are. A bare path that exists is recognised by what it holds; anything else is the
name of an image in a registry.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from basewise.errors import ImageError, UsageError
from basewise.image.image import Image
from basewise.image.limits import DEFAULT_LIMITS, Limits
from basewise.model.platform import Platform
from basewise.model.reference import Reference

__all__ = ["OpenRegistry", "is_local", "open_image"]

OpenRegistry = Callable[[Reference, Platform | None], Image]
_ROOT_SIGNS = ("etc", "usr", "bin", "lib", "var")
_ROOT_SIGNS_NEEDED = 2


class _Source(msgspec.Struct, frozen=True):
    """What the user named, and how it is to be opened."""

    reference: str
    platform: Platform | None
    limits: Limits
    environment: Mapping[str, str]
    open_registry: OpenRegistry | None


def open_image(
    text: str,
    *,
    platform: Platform | None = None,
    limits: Limits = DEFAULT_LIMITS,
    environment: Mapping[str, str] | None = None,
    open_registry: OpenRegistry | None = None,
) -> Image:
    """Open an image.

    Args:
        text: What the user wrote.
        platform: Which image of several; None takes the only one, else linux/amd64.
        limits: What reading may cost.
        environment: Variables that name sockets; the process's own when None.
        open_registry: Opens a reference; the registry client with its defaults when None.

    Returns:
        An image, to be closed; nothing but its configuration has been read.

    Raises:
        UsageError: The text names nothing.
        ImageError: The image is not there or cannot be read.
    """
    source = _Source(
        text, platform, limits, os.environ if environment is None else environment, open_registry
    )
    if not text or text.startswith("-") or "\0" in text:
        raise UsageError(f"not an image: {text[:100]!r}", hint=_HINT)
    scheme, colon, rest = text.partition(":")
    opener = _SCHEMES.get(scheme) if colon else None
    if opener is not None:
        if not rest:
            raise UsageError(f"`{text}` names no image", hint=_HINT)
        return opener(rest, source)
    path = Path(text)
    if _exists(path):
        return _open_path(path, source)
    if text.startswith(("/", "./", "../", "~")):
        raise ImageError(f"there is no file or directory `{text}`", hint=_HINT)
    return _open_reference(text, source)


def is_local(text: str) -> bool:
    """Tell whether `open_image` would take a text for something on this machine, not for the name of a registry's image."""
    scheme, colon, _ = text.partition(":")
    return (
        (bool(colon) and scheme in _SCHEMES)
        or text.startswith(("/", "./", "../", "~"))
        or _exists(Path(text))
    )


def _open_oci(rest: str, source: _Source) -> Image:
    from basewise.oci.layout import LayoutDirectory, open_layout  # noqa: PLC0415 - one source of many

    path, tag = _split_path(rest)
    if not path.is_dir():
        raise ImageError(f"cannot read {source.reference}: `{path}` is no directory", hint=_HINT)
    return open_layout(
        LayoutDirectory(path, source.reference),
        reference=source.reference,
        tag=tag,
        platform=source.platform,
        limits=source.limits,
    )


def _open_archive(rest: str, source: _Source) -> Image:
    """Open an archive of either kind; an OCI layout inside says more than the list beside it."""
    from basewise.oci import archive, docker_archive, layout  # noqa: PLC0415 - one source of many

    path, tag = _split_path(rest)
    files = archive.open_archive(path, source.reference, source.limits)
    has_layout, has_list = files.has(layout.INDEX_FILE), files.has(docker_archive.MANIFEST_FILE)
    wants_list = source.reference.startswith("docker-archive:")
    if not (has_layout or has_list):
        files.close()
        raise ImageError(
            f"cannot read {source.reference}: it has neither `index.json` nor `manifest.json`",
            hint="it must be what `docker save` or `skopeo copy` writes; a root file system is opened with `dir:`",
        )
    opened = (
        docker_archive.open_docker_archive
        if has_list and (wants_list or not has_layout)
        else layout.open_layout
    )
    try:
        image = opened(
            files, reference=source.reference, tag=tag, platform=source.platform, limits=source.limits
        )
    except BaseException:
        files.close()
        raise
    return msgspec.structs.replace(image, on_close=files.close)


def _open_directory(rest: str, source: _Source) -> Image:
    from basewise.oci.directory import open_directory  # noqa: PLC0415 - one source of many

    return open_directory(Path(rest), reference=source.reference, platform=source.platform)


def _open_docker(rest: str, source: _Source) -> Image:
    return _open_daemon("docker", rest, source)


def _open_podman(rest: str, source: _Source) -> Image:
    return _open_daemon("podman", rest, source)


def _open_daemon(daemon: str, name: str, source: _Source) -> Image:
    from basewise.oci.daemon import open_daemon_image  # noqa: PLC0415 - one source of many

    return open_daemon_image(
        daemon,
        name,
        reference=source.reference,
        platform=source.platform,
        limits=source.limits,
        environment=source.environment,
    )


def _open_path(path: Path, source: _Source) -> Image:
    """Open a path by what it holds."""
    if path.is_file():
        return _open_archive(str(path), source)
    if not path.is_dir():
        raise ImageError(f"cannot read `{path}`: it is neither a file nor a directory", hint=_HINT)
    if (path / "oci-layout").exists() or (path / "index.json").exists():
        return _open_oci(str(path), source)
    if sum((path / name).is_dir() for name in _ROOT_SIGNS) >= _ROOT_SIGNS_NEEDED:
        return _open_directory(str(path), source)
    raise ImageError(
        f"cannot tell what `{path}` holds: neither an OCI layout nor a root file system",
        hint="say what it is with `oci:` or `dir:`; a registry image of this name is written with its registry",
    )


def _open_reference(text: str, source: _Source) -> Image:
    reference = Reference.parse(text)
    if source.open_registry is not None:
        return source.open_registry(reference, source.platform)
    from basewise.oci.registry import open_registry  # noqa: PLC0415 - brings the HTTP library, 80 ms

    return open_registry(reference, source.platform)


def _split_path(rest: str) -> tuple[Path, str]:
    """Split `PATH[:NAME]` or `PATH@DIGEST`: the longest path that exists wins, so that a colon may be part of it."""
    whole = Path(rest)
    if _exists(whole):
        return whole, ""
    for at, char in reversed(list(enumerate(rest))):
        if char in ":@" and at and _exists(Path(rest[:at])):
            return Path(rest[:at]), rest[at + 1 :]
    return whole, ""


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


_HINT = "name an image (`python:3.12-slim`), a path, or say `oci:`, `oci-archive:`, `docker-archive:`, `dir:`, `docker:` or `podman:`"
_SCHEMES: Mapping[str, Callable[[str, _Source], Image]] = {
    "oci": _open_oci,
    "oci-archive": _open_archive,
    "docker-archive": _open_archive,
    "dir": _open_directory,
    "docker": _open_docker,
    "podman": _open_podman,
}
