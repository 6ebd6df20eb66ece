"""`environment.yml`: conda's format. Its `pip:` part is read; conda packages are named, not judged.

A conda package brings its own libraries and is installed by conda, so nothing that is known about wheels holds for it.

Reference:
    conda's documentation, "Creating an environment file manually".
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from basewise._internal.text import safe_text
from basewise.app.folder import Folder
from basewise.app.manifest import ManifestContent, PythonRange, ReadOptions, Tier
from basewise.app.poetry_specifier import to_pep440
from basewise.app.requirements_txt import RequirementsWalk
from basewise.errors import ManifestError
from basewise.model.requirement import Location, Manifest, NotRead, StatedPython

__all__ = ["EnvironmentReader"]

MAX_ENVIRONMENT_BYTES = 256 << 10
_NAMES = ("environment.yml", "environment.yaml", "conda.yml", "conda.yaml")
_SPEC = re.compile(r"(?:[^\s:]+::)?(?P<name>[A-Za-z0-9_.-]+)\s*(?P<version>[^\[]*)")
_PYTHON = re.compile(r"==?\s*(3\.\d+)(?:\.\d+|\.\*|\*)*(?:=\S*)?\s*\Z")
_WHY = "conda package: it is installed by conda and brings its own libraries; only the `pip:` part is judged"


class EnvironmentReader:
    """Reads conda's environment files."""

    format = "environment.yml"
    tier = Tier.ENVIRONMENT

    def recognises(self, name: str) -> bool:
        """Return whether the name ends like YAML."""
        return name.endswith((".yml", ".yaml"))

    def find(self, folder: Folder) -> tuple[str, ...]:
        """Return the environment files of the folder."""
        return tuple(name for name in _NAMES if folder.exists(name) and not folder.is_directory(name))

    def left_out(self, folder: Folder) -> tuple[NotRead, ...]:
        """Return environment files with another name."""
        others = [name for name in folder.listing() if re.match(r"environment[-_.].+\.ya?ml\Z", name)]
        return tuple(NotRead(what=name, why=f"another environment; use `-r {name}`") for name in others)

    def read(self, folder: Folder, name: str, options: ReadOptions) -> ManifestContent:  # noqa: ARG002 - the protocol's
        """Read the `pip:` part and the Python version; name the conda packages."""
        text = folder.read_text(name, max_bytes=MAX_ENVIRONMENT_BYTES)
        lines = text.split("\n")
        data = _load(name, text)
        listed = data.get("dependencies") if isinstance(data, dict) else None
        if not isinstance(listed, list):
            raise ManifestError(name, None, "there is no list `dependencies` in it")
        walk = RequirementsWalk(folder)
        stated: list[StatedPython] = []
        ranges: list[PythonRange] = []
        not_read: list[NotRead] = []
        for item in listed:
            if isinstance(item, dict):
                for text_line in _strings(item.get("pip")):
                    walk.read_line(name, _line(lines, text_line), text_line)
                continue
            if not isinstance(item, str):
                continue
            location = Location(name, _line(lines, item))
            found = _SPEC.match(item.strip())
            package = found["name"].lower() if found else ""
            python = _PYTHON.match(found["version"].strip()) if found and package == "python" else None
            bounds = to_pep440(found["version"]) if found and package == "python" and not python else ""
            if python:
                stated.append(StatedPython(minor=python[1], location=location))
            elif bounds:
                ranges.append(PythonRange(bounds, location))
            elif package not in ("python", "pip"):
                what = safe_text(item, limit=120)
                not_read.append(NotRead(what=what, why=_WHY, location=location, needed=True))
        content = walk.content(name)
        return msgspec.structs.replace(
            content,
            manifests=(Manifest(path=name, format=self.format, role="requirements"), *content.manifests),
            not_read=(*content.not_read, *not_read),
            stated_pythons=tuple(stated),
            python_ranges=tuple(ranges),
            lock=None,
        )


def _load(name: str, text: str) -> Any:  # noqa: ANN401 - YAML may hold anything
    """Parse YAML into strings, lists and dictionaries: no types are guessed, no aliases are followed."""
    import yaml  # noqa: PLC0415 - 40 ms that only conda users pay

    class Loader(yaml.BaseLoader):
        """Refuses aliases: a file of this kind has none, and they can blow up its size."""

        def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:  # noqa: ANN401 - as the base class
            if self.check_event(yaml.AliasEvent):
                mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]  # types-pyyaml leaves it untyped
                raise ManifestError(name, mark.line + 1, "YAML aliases are refused")
            return super().compose_node(parent, index)

    try:
        return yaml.load(text, Loader=Loader)  # noqa: S506 - a BaseLoader makes strings only
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise ManifestError(name, line, f"not YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise ManifestError(name, None, f"not YAML: {safe_text(str(error), limit=120)}") from error
    except RecursionError as error:
        raise ManifestError(name, None, "it is nested too deeply") from error


def _strings(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _line(lines: list[str], text: str) -> int:
    return next((number for number, line in enumerate(lines, 1) if text and text in line), 0)
