"""`requirements*.txt`: pip's format, with what it includes; a pinned and hashed file is a lock.

Reference:
    pip's documentation, "Requirements File Format"; PEP 508.
"""

from __future__ import annotations

import posixpath
import re

from basewise._internal.text import safe_text
from basewise.app.folder import Folder
from basewise.app.manifest import ManifestContent, ReadOptions, Tier
from basewise.app.requirement_text import (
    MAX_REQUIREMENT_CHARACTERS,
    WOULD_EXECUTE,
    parse_requirement,
    redact_url,
)
from basewise.app.requirements_lines import (
    LogicalLine,
    RequirementsText,
    split_lines,
    split_options,
    split_requirement,
)
from basewise.app.requirements_lock import compiled_for, hash_warnings, pinned_set
from basewise.errors import ManifestError
from basewise.model.requirement import (
    IndexLine,
    Location,
    Manifest,
    NotRead,
    Requirement,
)

__all__ = ["RequirementsReader", "RequirementsWalk"]

MAX_INCLUDED_FILES = 64
_PREFERRED = ("prod", "production", "requirements", "main", "base", "default")
_TEXT_NAME = re.compile(r"(?:.*[-_.])?requirements?(?:[-_.].*)?\.(?:txt|in)\Z|requires\.txt\Z", re.IGNORECASE)
_DEVELOPMENT = re.compile(
    r"(?:^|[-_./])(?:dev|develop|development|tests?|testing|docs?|lint|linting|ci|build|typing|types|format|"
    r"notebooks?|examples?|bench|benchmarks?|local|debug|qa|style|extras?|optional)(?=[-_./0-9]|$)",
    re.IGNORECASE,
)
_DIRECT = re.compile(
    r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//|git\+|hg\+|svn\+|bzr\+|file:|\.{0,2}/|\.\Z|\.\\|[A-Za-z]:\\|~"
)
_ARCHIVE = re.compile(r"\S+\.(?:whl|zip|tar\.gz|tgz|tar\.bz2|tar\.xz)(?:\[[^\]]*\])?\Z", re.IGNORECASE)
_SHA256 = re.compile(r"sha256:[0-9a-fA-F]{64}\Z")
_INDEX_OPTIONS = frozenset({"--index-url", "--pypi-url", "--extra-index-url", "--find-links"})
_IGNORED_OPTIONS = frozenset({"--require-hashes", "--prefer-binary", "--use-feature"})
_HONOURED_NEVER = {
    "--trusted-host": "settings of the application never weaken transport",
    "--no-index": "the index is whatever uv and pip are configured with",
    "--no-binary": "wheels are judged first; what has none is built",
    "--only-binary": "what has no wheel is named as built from source",
    "--pre": "pre-releases are taken only where a specifier names one",
}


class RequirementsReader:
    """Reads pip's requirements files."""

    format = "requirements"
    tier = Tier.REQUIREMENTS

    def recognises(self, name: str) -> bool:
        """Return whether the name ends like a requirements file."""
        return name.endswith((".txt", ".in"))

    def find(self, folder: Folder) -> tuple[str, ...]:
        """Return `requirements.txt` and its kind, production names first."""
        found = [name for name in _candidates(folder) if not _DEVELOPMENT.search(name)]
        return tuple(sorted(found, key=_preference))

    def left_out(self, folder: Folder) -> tuple[NotRead, ...]:
        """Return the files for development, tests and documentation."""
        names = _candidates(folder)
        return tuple(
            NotRead(what=name, why=f"not a production file; use `-r {name}`")
            for name in names
            if _DEVELOPMENT.search(name) and f"{name.removesuffix('.in')}.txt" not in names
        )

    def read(self, folder: Folder, name: str, options: ReadOptions) -> ManifestContent:  # noqa: ARG002 - the protocol's
        """Read a requirements file and the files that it includes."""
        walk = RequirementsWalk(folder)
        walk.read(name, None, constraint=False)
        return walk.content(name)


class RequirementsWalk:
    """Collects what one file and its includes say."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self.seen: dict[tuple[str, bool], int] = {}
        self.manifests: list[Manifest] = []
        self.requirements: list[Requirement] = []
        self.via: list[tuple[str, ...]] = []
        self.constraints: list[Requirement] = []
        self.not_read: list[NotRead] = []
        self.index_lines: list[IndexLine] = []
        self.warnings: list[str] = []
        self.headers: list[tuple[str, str]] = []
        self.loose = False

    def read(self, name: str, included_at: Location | None, *, constraint: bool) -> None:
        """Read a file, once, and what it includes."""
        if (name, constraint) in self.seen:
            self.warnings.append(f"{included_at}: `{name}` is included again; it was read once")
            return
        if len(self.seen) >= MAX_INCLUDED_FILES:
            raise ManifestError(
                str(included_at), None, f"more than {MAX_INCLUDED_FILES} requirements files are included"
            )
        self.seen[name, constraint] = 1
        parsed = split_lines(self._text(name, included_at), name)
        role = "constraints" if constraint else "requirements"
        self.manifests.append(Manifest(path=name, format="requirements", role=role))
        if not constraint:
            self.headers.append((name, parsed.header))
        self._lines(name, parsed, constraint=constraint)

    def _text(self, name: str, included_at: Location | None) -> str:
        try:
            return self.folder.read_text(name)
        except ManifestError as error:
            if included_at is None:
                raise
            raise ManifestError(
                included_at.path,
                included_at.line,
                f"includes `{safe_text(name)}`: {error.problem}",
                hint=error.hint,
            ) from error

    def read_line(self, name: str, number: int, text: str) -> None:
        """Read one line that stands in another file (a `pip:` list)."""
        lines = split_lines(text, name).lines
        numbered = tuple(LogicalLine(number, line.text, line.via) for line in lines)
        self._lines(name, RequirementsText(numbered, ""), constraint=False)

    def _lines(self, name: str, parsed: RequirementsText, *, constraint: bool) -> None:
        for line in parsed.lines:
            if line.text.startswith("-"):
                for option, value in split_options(line.text, name, line.number):
                    self._option(option, value, Location(name, line.number))
            else:
                self._requirement(line, Location(name, line.number), constraint=constraint)

    def _option(self, option: str, value: str, location: Location) -> None:
        if option in ("--requirement", "--constraint"):
            self._include(value, location, constraint=option == "--constraint")
        elif option == "--editable":
            self._leave_out(f"-e {redact_url(value)}", f"editable: {WOULD_EXECUTE}", location)
        elif option in _INDEX_OPTIONS:
            self.index_lines.append(IndexLine(url=redact_url(value), location=location))
        elif option in _HONOURED_NEVER:
            what = f"{option} {safe_text(value)}".strip()
            self.not_read.append(NotRead(what=what, why=_HONOURED_NEVER[option], location=location))
        elif option not in _IGNORED_OPTIONS:
            raise ManifestError(location.path, location.line, f"unknown option `{safe_text(option)[:60]}`")

    def _include(self, value: str, location: Location, *, constraint: bool) -> None:
        if "${" in value:
            why = "environment variables are not expanded"
            self._leave_out(safe_text(value), why, location, needed=not constraint)
        elif _remote(value):
            why = "a remote requirements file is not fetched"
            self._leave_out(redact_url(value), why, location, needed=not constraint)
        else:
            name = posixpath.normpath(
                posixpath.join(posixpath.dirname(location.path), value.replace("\\", "/"))
            )
            self.read(name, location, constraint=constraint)

    def _requirement(self, line: LogicalLine, location: Location, *, constraint: bool) -> None:
        text, rest = split_requirement(line.text)
        if len(text) > MAX_REQUIREMENT_CHARACTERS:
            limit = f"a requirement is longer than {MAX_REQUIREMENT_CHARACTERS} characters"
            raise ManifestError(location.path, location.line, limit)
        if _DIRECT.match(text) or _ARCHIVE.match(text):
            kind = "URL" if _remote(text) else "path"
            why = f"{kind} requirement: {WOULD_EXECUTE}"
            self._leave_out(redact_url(text), why, location, needed=not constraint)
            return
        hashes = tuple(
            value.lower()
            for option, value in (split_options(rest, location.path, location.line) if rest else ())
            if option == "--hash" and _SHA256.match(value)
        )
        parsed = parse_requirement(text, location, hashes=hashes)
        if isinstance(parsed, NotRead):
            self._leave_out(parsed.what, parsed.why, location, needed=not constraint)
        elif constraint:
            self.constraints.append(parsed)
        else:
            self.requirements.append(parsed)
            self.via.append(line.via)

    def _leave_out(self, what: str, why: str, location: Location, *, needed: bool = True) -> None:
        self.loose = True
        self.not_read.append(NotRead(what=what, why=why, location=location, needed=needed))

    def content(self, name: str) -> ManifestContent:
        """Return everything collected; `name` is the file that it began with."""
        lock = (
            pinned_set(f"lock {name}", self.requirements, self.via, self.headers) if not self.loose else None
        )
        ranges, stated = compiled_for(self.headers) if lock else ((), ())
        return ManifestContent(
            manifests=tuple(self.manifests),
            requirements=tuple(self.requirements),
            constraints=tuple(self.constraints),
            not_read=tuple(self.not_read),
            index_lines=tuple(self.index_lines),
            python_ranges=ranges,
            stated_pythons=stated,
            lock=lock,
            warnings=(*self.warnings, *hash_warnings(self.requirements)),
        )


def _candidates(folder: Folder) -> list[str]:
    """Return the requirements files of the folder and of `requirements/`."""
    found = [name for name in folder.listing() if _TEXT_NAME.match(name) and not folder.is_directory(name)]
    nested = folder.listing("requirements") if folder.is_directory("requirements") else ()
    found += [f"requirements/{name}" for name in nested if name.endswith((".txt", ".in"))]
    return found


def _preference(name: str) -> tuple[int, int, str, bool]:
    """Order production files: `requirements.txt`, then production names, then the rest; a compiled file before its source."""
    stem, is_source = name.rpartition(".")[0], name.endswith(".in")
    if stem == "requirements":
        return 0, 0, stem, is_source
    words = re.split(r"[-_./]", name.lower())
    ranks = [_PREFERRED.index(word) for word in words if word in _PREFERRED and word != "requirements"]
    return 1 + bool(not ranks), min(ranks, default=len(_PREFERRED)), stem, is_source


def _remote(text: str) -> bool:
    return "://" in text and not text.startswith("file:")
