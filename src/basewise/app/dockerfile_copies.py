"""Which COPY and ADD put a file elsewhere than `COPY . .` of a written Dockerfile does."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cache

import msgspec

from basewise.app.dockerfile_runs import work_of
from basewise.app.folder import Folder
from basewise.dockerfile.images import ResolvedStage
from basewise.dockerfile.model import Part
from basewise.dockerfile.scripts import json_words

__all__ = ["WRITTEN_PLACE", "Copy", "installing_stages", "left_of_copy", "place_of"]

WRITTEN_PLACE = "/app"
"""Where a written Dockerfile puts an application whose own place is not known or not free."""
_URL = re.compile(r"(?:https?|ftp|git|ssh)://|git@", re.IGNORECASE)
_ARCHIVE = re.compile(r".*\.(?:tar|tgz|tbz2?|txz|tar\.\w+)\Z")
_MANIFEST = re.compile(
    r"(?:.*requirements.*\.(?:txt|in|lock)|constraints.*\.txt|pyproject\.toml|setup\.(?:py|cfg)|(?:uv|poetry|pdm)\.(?:lock|toml)"
    r"|pylock.*\.toml|Pipfile(?:\.lock)?|environment\.ya?ml|\.python-version|README\.\w+|LICENSE\w*|.*\.whl)\*?\Z"
)
_SHOWN = re.compile(r"[\w./*@+-]{1,80}\Z", re.ASCII)
_TOOL_IMAGE = re.compile(r"(?:.*/)?astral-sh/uv(?:[:@].*)?\Z")
_PATTERN = frozenset("*?[")
_LEAST_WORDS = 2
MAX_STAGES = 10
"""A stage that stands on more than these is not looked through."""


class Copy(msgspec.Struct, frozen=True):
    """A COPY or ADD of the built image, and the folder that it was made in; None where only a build can tell that."""

    part: Part
    workdir: str | None

    @property
    def words(self) -> tuple[str, ...]:
        """Sources and target, as written."""
        return json_words(self.part.arguments) or tuple(self.part.arguments.split())

    @property
    def target(self) -> str | None:
        """The absolute target, None where only a build can tell it."""
        words = self.words
        target = words[-1].strip("\"'") if words else ""
        if "$" in target or len(words) < _LEAST_WORDS:
            return None
        if target.startswith("/"):
            return posixpath.normpath(target)
        return None if self.workdir is None else posixpath.normpath(posixpath.join(self.workdir, target))

    @property
    def is_whole(self) -> bool:
        """It copies the whole build context."""
        sources = self.words[:-1]
        return self.part.flag("from") is None and any(source in {".", "./", "/"} for source in sources)


def place_of(copies: Sequence[Copy], workdir: str | None) -> str | None:
    """Return where the application lives in the image: the last target of a whole copy, else the final WORKDIR."""
    whole = [copy.target for copy in copies if copy.is_whole]
    return whole[-1] if whole else workdir


def left_of_copy(copy: Copy, place: str | None, folder: Folder, only_installs: Callable[[str], bool]) -> str:
    """Return why a written Dockerfile does not have what an instruction copies; "" where it has it.

    Args:
        copy: The instruction.
        place: Where the application lives in the old image.
        folder: The build context.
        only_installs: Tells of a stage whether only packages are installed there.
    """
    *sources, target = copy.words or ("",)
    stage = copy.part.flag("from")
    if stage is not None:
        name = stage.strip("\"'")
        return (
            ""
            if only_installs(name)
            else f"it takes {_shown(sources)} from {_shown([name])} to {_shown([target])}"
        )
    made = _made(copy, sources)
    if made:
        return made
    if place is None and copy.is_whole:
        return ""
    if place is None or copy.target is None or any("$" in source for source in sources):
        return f"only a build can tell where it puts {_shown(sources)}"
    if place == "/" and target.startswith("/") and not copy.is_whole:
        place = WRITTEN_PLACE  # named from the root, it is looked for there
    if not sources or all(_stays(source, copy, place, folder) for source in sources):
        return ""
    return f"it puts {_shown(sources)} at {_shown([target])}; here the folder of the application is copied as it is"


def _made(copy: Copy, sources: Sequence[str]) -> str:
    """Say what a build does beyond copying files, "" for nothing."""
    if copy.part.heredocs:
        return "its text stands in the Dockerfile"
    if any(_URL.match(source.strip("\"'")) for source in sources):
        return "it fetches from the network"
    if copy.part.keyword == "ADD" and any(_ARCHIVE.match(source) for source in sources):
        return "it unpacks an archive"
    if copy.part.flag("chmod"):
        return f"it sets the mode of {_shown(sources)}"
    return ""


def installing_stages(stages: Sequence[ResolvedStage], escape: str = "\\") -> Callable[[str], bool]:
    """Return a function that tells of a name after `--from=` whether only packages are installed there.

    What such a stage makes is what the written Dockerfile installs itself; nothing is known of any other stage or image.
    """
    by_name: Mapping[str, ResolvedStage] = {
        name: one for one in stages for name in (one.stage.name, str(one.stage.index)) if name
    }

    @cache
    def only_installs(name: str) -> bool:
        if _TOOL_IMAGE.match(name):
            return True
        found = by_name.get(name.lower())
        runs: list[Part] = []
        for _ in range(MAX_STAGES):
            if found is None or any(_brings(part) for part in found.stage.parts):
                return False
            runs += [part for part in found.stage.parts if part.keyword == "RUN"]
            if found.parent is None:
                return bool(runs) and not any(work_of(part, None, escape).programs for part in runs)
            found = stages[found.parent]
        return False

    return only_installs


def _brings(part: Part) -> bool:
    """Tell whether an instruction brings files of another stage, another image or the network."""
    stage = part.flag("from")
    return part.keyword == "ADD" or (
        part.keyword == "COPY" and stage is not None and not _TOOL_IMAGE.match(stage)
    )


def _stays(source: str, copy: Copy, place: str, folder: Folder) -> bool:
    target = copy.target or ""
    name = posixpath.normpath(source.strip("\"'").lstrip("/")) if source.strip("\"'/") else "."
    if _MANIFEST.match(posixpath.basename(name)):
        return True
    if name == ".":
        return target == place
    if _PATTERN & set(name):
        folders = any(fnmatchcase(entry, name) and folder.is_directory(entry) for entry in folder.listing())
        return "/" not in name and not folders and target == place
    if folder.is_directory(name):
        return target == posixpath.normpath(posixpath.join(place, name))
    into = copy.words[-1].endswith(("/", "/.")) or copy.words[-1] == "." or len(copy.words) > _LEAST_WORDS
    ends_in = (
        posixpath.join(target, posixpath.basename(name))
        if into or target in {place, copy.workdir}
        else target
    )
    return posixpath.normpath(ends_in) == posixpath.normpath(posixpath.join(place, name))


def _shown(words: Sequence[str]) -> str:
    shown = [word if _SHOWN.match(word) else "…" for word in words[:3]]
    return ", ".join(shown) + (" …" if len(words) > len(shown) else "") if shown else "a file"
