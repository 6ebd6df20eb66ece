"""What an application asks for, as its files say it, and what that resolves to."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from basewise.model.image_settings import ImageSettings, LeftLine

__all__ = [
    "Accelerator",
    "Application",
    "DistributionFile",
    "ExistingDockerfile",
    "IndexLine",
    "Location",
    "Manifest",
    "NotRead",
    "Requirement",
    "Resolution",
    "ResolvedPackage",
    "StatedPython",
]


class Accelerator(StrEnum):
    """What the application computes on."""

    CPU = "cpu"
    CUDA = "cuda"
    UNKNOWN = "unknown"


class Location(msgspec.Struct, frozen=True, order=True):
    """A file of the application, relative to its folder with `/`, and a line from 1 (0: no line)."""

    path: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.path}:{self.line}" if self.line else self.path


class Requirement(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """One requirement for one distribution.

    Args:
        name: PEP 503 normalised name.
        extras: Normalised extras, sorted.
        specifier: PEP 440 specifier set as text, "" for any version.
        marker: PEP 508 marker as text, "" for none.
        hashes: `sha256:…` values that the file pins, sorted.
        location: Where it stands.
        text: The requirement as written, without options and comment; safe to print.
    """

    name: str
    extras: tuple[str, ...] = ()
    specifier: str = ""
    marker: str = ""
    hashes: tuple[str, ...] = ()
    location: Location
    text: str

    @property
    def pinned_version(self) -> str | None:
        """The version of a single `==` without wildcard, else None."""
        if self.specifier.startswith("==") and "," not in self.specifier and "*" not in self.specifier:
            return self.specifier[2:].lstrip("=").strip()
        return None


class NotRead(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """Something of the application that was deliberately or necessarily not read, with its reason.

    `needed`: the application asks for it, so what is judged and installed lacks it.
    """

    what: str
    why: str
    location: Location | None = None
    needed: bool = False


class Manifest(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """A file that was read, its format (`requirements`, `pyproject`, `uv.lock` …) and what it was used for."""

    path: str
    format: str
    role: str


class StatedPython(msgspec.Struct, frozen=True, kw_only=True):
    """The Python that the application's files state: a minor as `3.11`, and where."""

    minor: str
    location: Location


class IndexLine(msgspec.Struct, frozen=True, kw_only=True):
    """An index that a file asks for; `url` without credentials. `packages`: names bound to it, if any."""

    url: str
    location: Location
    packages: tuple[str, ...] = ()


class ExistingDockerfile(msgspec.Struct, frozen=True, kw_only=True):
    """What the application's own Dockerfile says today.

    `final_image` is the FROM of the last stage, arguments resolved, None when it cannot be resolved.
    `command` is the JSON-form CMD (or ENTRYPOINT then CMD) of the last stage, () when there is none.
    `settings` are what another Dockerfile can take over, `left_lines` the lines that it cannot.
    `place` is the folder of the application in the image and `workdir` the last WORKDIR (at `workdir_line`, 0 for none);
    None where only a build can tell them. `environment_lines` has the line of each variable that can be taken over,
    `distributions` the names that pip is given, with their lines.
    """

    path: str
    final_image: str | None
    stages: tuple[str, ...]
    apt_packages: tuple[str, ...]
    apk_packages: tuple[str, ...]
    command: tuple[str, ...]
    settings: ImageSettings = ImageSettings()
    left_lines: tuple[LeftLine, ...] = ()
    place: str | None = None
    workdir: str | None = None
    workdir_line: int = 0
    environment_lines: tuple[tuple[str, int], ...] = ()
    distributions: tuple[tuple[str, int], ...] = ()


class DistributionFile(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """A wheel or source archive that an index or a lock file offers; None is unknown."""

    filename: str
    size_bytes: int | None = None
    sha256: str | None = None
    url: str | None = None

    @property
    def is_wheel(self) -> bool:
        """The file is a wheel."""
        return self.filename.endswith(".whl")


class ResolvedPackage(msgspec.Struct, frozen=True, order=True, kw_only=True):
    """One pinned distribution with every file that could be installed for it.

    Args:
        name: PEP 503 normalised name.
        version: PEP 440 version.
        marker: When it is wanted, PEP 508; "" for always.
        wheels: Every wheel known.
        sdist: The source archive, None when there is none.
        files_known: False when the lock names no files yet (`==` pin with hashes only).
        hashes: Pinned `sha256:…` values, when the lock has them without file names.
        required_by: Names of packages or files that ask for it.
    """

    name: str
    version: str
    marker: str = ""
    wheels: tuple[DistributionFile, ...] = ()
    sdist: DistributionFile | None = None
    files_known: bool = True
    hashes: tuple[str, ...] = ()
    required_by: tuple[str, ...] = ()


class Resolution(msgspec.Struct, frozen=True, kw_only=True):
    """A set of pins, for one Python minor or (a lock file) for all.

    Args:
        python: Minor that it was resolved for as `3.12`, None for a universal lock.
        packages: Pins, sorted by name and version.
        origin: `lock FILE` or `resolved with uv 0.13.9`.
    """

    python: str | None
    packages: tuple[ResolvedPackage, ...]
    origin: str


class Application(msgspec.Struct, frozen=True, kw_only=True):
    """An application as its files describe it. Nothing of it was executed.

    Args:
        path: The folder, as the user named it.
        manifests: Files read, with their roles.
        not_read: Files, groups and requirements left out, with reasons.
        requirements: What is asked for directly, sorted by name; all of a flat lock's pins are here too.
        constraints: From `-c` files.
        requires_python: PEP 440 specifier set, None when not stated.
        stated_python: The one Python minor that files state, or None.
        accelerator: From settings or flags.
        lock: The pins, when a lock (or a fully pinned requirements file) was read.
        guess: Requirements were guessed from imports.
        index_lines: Index options found in files.
        warnings: Sentences, for example manifests that disagree.
        dockerfile: The existing Dockerfile, or None.
        command: A start command found in the application, () when none was found.
        command_source: Where the command was found.
    """

    path: str
    manifests: tuple[Manifest, ...]
    not_read: tuple[NotRead, ...]
    requirements: tuple[Requirement, ...]
    constraints: tuple[Requirement, ...]
    requires_python: str | None
    stated_python: StatedPython | None
    accelerator: Accelerator
    lock: Resolution | None
    guess: bool = False
    index_lines: tuple[IndexLine, ...] = ()
    warnings: tuple[str, ...] = ()
    dockerfile: ExistingDockerfile | None = None
    command: tuple[str, ...] = ()
    command_source: str = ""
