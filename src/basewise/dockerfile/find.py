"""Finding and reading Dockerfiles and compose files: only regular files, none larger than a limit, no link followed."""

from __future__ import annotations

import os
import re
from pathlib import Path

import msgspec

from basewise._internal.regular_file import open_regular
from basewise.dockerfile.parse import decode_dockerfile
from basewise.errors import InputError
from basewise.model.evidence import NotCovered

__all__ = ["MAX_DOCKERFILE_BYTES", "FileKind", "FoundFiles", "find_files", "kind_of", "read_file"]

MAX_DOCKERFILE_BYTES = 1 << 20
MAX_ENTRIES = 200_000
MAX_DEPTH = 24
MAX_FILES = 2_000
FileKind = str
"""`dockerfile` or `compose`."""

DOCKERFILE, COMPOSE = "dockerfile", "compose"
_COMPOSE = re.compile(r"(?:docker-)?compose(?:[.-][\w.-]+)?\.ya?ml\Z", re.IGNORECASE)
_NAMES = ("dockerfile", "containerfile")
_TEMPLATES = frozenset({"j2", "jinja", "jinja2", "tmpl", "template", "tpl", "in", "erb", "mustache", "hbs"})
_OTHERS = frozenset({
    "dockerignore", "md", "rst", "adoc", "html", "bak", "orig", "rej", "swp", "lock", "sig", "sha256", "json", "yaml",
    "yml", "toml", "py", "sh", "go", "js", "ts", "txt",
})  # fmt: skip
_PASSED_OVER = frozenset({
    ".git", ".hg", ".svn", "node_modules", ".venv", "venv", "__pycache__", ".tox", ".nox", ".mypy_cache",
    ".pytest_cache", ".ruff_cache", "site-packages", ".cache", ".eggs",
})  # fmt: skip


class FoundFiles(msgspec.Struct, frozen=True):
    """Files of a folder, sorted, and what was left out with reasons."""

    files: tuple[Path, ...]
    not_covered: tuple[NotCovered, ...]


def kind_of(path: Path) -> FileKind | None:
    """Return what a file is by its name; None for neither. A template is neither: only its generator can read it."""
    name = path.name.lower()
    if _COMPOSE.match(name):
        return COMPOSE
    if name in _NAMES:
        return DOCKERFILE
    head, _, ending = name.rpartition(".")
    if ending in _NAMES:
        return DOCKERFILE
    if head.partition(".")[0] in _NAMES and ending not in _TEMPLATES | _OTHERS and not name.endswith("~"):
        return DOCKERFILE
    return None


def find_files(folder: Path) -> FoundFiles:
    """Return the Dockerfiles and compose files of a folder and those below it.

    Raises:
        InputError: The folder cannot be listed.
    """
    walk = _Walk()
    walk.enter(folder, 0, named=True)
    return FoundFiles(tuple(sorted(walk.files)), tuple(sorted(walk.not_covered)))


def read_file(path: Path) -> str:
    """Return the text of a file, every byte of it kept.

    Raises:
        InputError: It cannot be read, is no regular file, or is larger than `MAX_DOCKERFILE_BYTES`.
    """
    try:
        with open_regular(path, follow=True) as file:
            content = b""
            while len(content) <= MAX_DOCKERFILE_BYTES and (
                more := file.read(MAX_DOCKERFILE_BYTES + 1 - len(content))
            ):
                content += more
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(
            f"cannot read `{path}`: {reason}", hint="name a Dockerfile, a compose file or a folder"
        ) from error
    if len(content) > MAX_DOCKERFILE_BYTES:
        raise InputError(
            f"cannot read `{path}`: it has more than {MAX_DOCKERFILE_BYTES} bytes", hint="name a Dockerfile"
        )
    return decode_dockerfile(content)


class _Walk:
    def __init__(self) -> None:
        self.files: list[Path] = []
        self.not_covered: set[NotCovered] = set()
        self.entries = 0

    def enter(self, folder: Path, depth: int, *, named: bool = False) -> None:
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            reason = error.strerror or str(error)
            if named:
                raise InputError(
                    f"cannot read the folder `{folder}`: {reason}", hint="name another one"
                ) from error
            self.not_covered.add(NotCovered(f"the folder {folder}", reason))
            return
        for entry in entries:
            self.entries += 1
            if self.entries > MAX_ENTRIES or len(self.files) >= MAX_FILES:
                self.not_covered.add(
                    NotCovered(
                        "the rest of the folder",
                        f"it has more than {MAX_ENTRIES} entries or {MAX_FILES} files",
                    )
                )
                return
            self._take(folder / entry.name, entry, depth)

    def _take(self, path: Path, entry: os.DirEntry[str], depth: int) -> None:
        if entry.is_dir(follow_symlinks=False):
            if entry.name in _PASSED_OVER:
                return
            if depth >= MAX_DEPTH:
                self.not_covered.add(
                    NotCovered(f"the folder {path}", f"it lies more than {MAX_DEPTH} folders deep")
                )
            else:
                self.enter(path, depth + 1)
            return
        kind = kind_of(path)
        if kind is not None and entry.is_file(follow_symlinks=False):
            self.files.append(path)
        elif kind is None and _is_template(path):
            self.not_covered.add(NotCovered(str(path), "it is a template: check what is made from it"))
        elif kind is not None and entry.is_symlink():
            self.not_covered.add(NotCovered(str(path), "it is a link: name it to have it checked"))


def _is_template(path: Path) -> bool:
    name = path.name.lower()
    return name.rpartition(".")[2] in _TEMPLATES and name.partition(".")[0] in _NAMES
