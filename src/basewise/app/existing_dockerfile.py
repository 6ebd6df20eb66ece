"""The application's own Dockerfile: its final image, Python, OS packages and start command.

Everything here fails soft: what cannot be told without a build is None and a warning.
"""

from __future__ import annotations

import re

import msgspec

from basewise._internal.text import safe_text
from basewise.app.dockerfile_settings import read_settings
from basewise.app.folder import Folder
from basewise.dockerfile.images import resolve_stages, stage_chain
from basewise.dockerfile.model import Dockerfile, Part
from basewise.dockerfile.parse import parse_dockerfile
from basewise.dockerfile.scripts import json_words
from basewise.dockerfile.shell import installed_packages
from basewise.errors import ManifestError
from basewise.model.requirement import ExistingDockerfile, Location, StatedPython

__all__ = ["DockerfileContent", "read_dockerfile"]

MAX_DOCKERFILE_BYTES = 256 << 10
_NAMES = ("Dockerfile", "Containerfile", "dockerfile", "docker/Dockerfile")
_PYTHON_IMAGE = re.compile(r"(?:^|/)python:(3\.\d+)(?=[.@-]|(?:a|b|rc)\d|\Z)")
_PYTHON_TAG = re.compile(r":[^@/]*python-?(3\.\d+)(?!\d)")
_PACKAGE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+_-]*")
_DEFAULT_SHELL = ("/bin/sh", "-c")


class DockerfileContent(msgspec.Struct, frozen=True, kw_only=True):
    """What was found, where its command stands, the Python it states, and what could not be told."""

    dockerfile: ExistingDockerfile | None = None
    command_at: Location | None = None
    stated_python: StatedPython | None = None
    warnings: tuple[str, ...] = ()


def read_dockerfile(folder: Folder) -> DockerfileContent:
    """Read the Dockerfile of an application where it has one; one that cannot be read is a warning."""
    name = next((name for name in _NAMES if folder.exists(name) and not folder.is_directory(name)), None)
    if name is None:
        return DockerfileContent()
    try:
        text = folder.read_text(name, max_bytes=MAX_DOCKERFILE_BYTES)
    except ManifestError as error:
        return DockerfileContent(warnings=(error.message,))
    return _content(name, parse_dockerfile(text), folder)


def _content(name: str, parsed: Dockerfile, folder: Folder) -> DockerfileContent:
    every = resolve_stages(parsed)
    if not every:
        return DockerfileContent(warnings=(f"{name}: there is no FROM in it",))
    chain = stage_chain(every)
    root = chain[0]
    image = root.use.image if root.use is not None else root.stage.base
    parts = tuple(part for one in chain for part in one.stage.parts)
    packages = installed_packages(parts, parsed.escape)
    command, line = _command(parts)
    found = read_settings(every, folder, parsed.escape)
    warnings = []
    if image is None:
        warnings.append(
            f"{name}:{root.stage.origin.line}: cannot resolve `FROM {safe_text(root.stage.base)}` without a build"
        )
    if packages.unread:
        words = ", ".join(f"`{safe_text(word)}`" for word in packages.unread[:5])
        warnings.append(f"{name}: installs OS packages that only a build can name: {words}")
    return DockerfileContent(
        dockerfile=ExistingDockerfile(
            path=name,
            final_image=image,
            stages=tuple(one.use.image or one.stage.base if one.use else one.stage.base for one in every),
            apt_packages=_bare(packages.apt),
            apk_packages=_bare(packages.apk),
            command=command,
            settings=found.settings,
            left_lines=found.left,
            place=found.place,
            workdir=found.workdir,
            workdir_line=found.workdir_line,
            environment_lines=found.environment_lines,
            distributions=found.distributions,
        ),
        command_at=Location(name, line) if command else None,
        stated_python=_stated(image, Location(name, root.stage.origin.line)),
        warnings=tuple(warnings),
    )


def _command(parts: tuple[Part, ...]) -> tuple[tuple[str, ...], int]:
    """Return ENTRYPOINT and CMD as one argument list, and the line of the later of them."""
    shell: tuple[str, ...] = _DEFAULT_SHELL
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    line = 0
    entrypoint_takes_command = True
    for part in parts:
        words = json_words(part.arguments)
        if part.keyword == "SHELL" and words:
            shell = words
        elif part.keyword == "CMD":
            command, line = words if words is not None else (*shell, part.arguments), part.line
        elif part.keyword == "ENTRYPOINT":
            entrypoint = words if words is not None else (*shell, part.arguments)
            entrypoint_takes_command, line = words is not None, part.line
    return (*entrypoint, *(command if entrypoint_takes_command else ())), line


def _bare(packages: tuple[str, ...]) -> tuple[str, ...]:
    """Return package names without versions, architectures and releases."""
    found = (_PACKAGE_NAME.match(package) for package in packages)
    return tuple(dict.fromkeys(match.group() for match in found if match))


def _stated(image: str | None, location: Location) -> StatedPython | None:
    found = _PYTHON_IMAGE.search(image or "") or _PYTHON_TAG.search(image or "")
    return StatedPython(minor=found.group(1), location=location) if found else None
