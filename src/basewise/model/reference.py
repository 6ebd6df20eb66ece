"""Image references, as `registry/repository:tag@digest`."""

from __future__ import annotations

import re
from typing import Self

import msgspec

from basewise.errors import InvalidValueError
from basewise.model.digest import Digest

__all__ = ["DEFAULT_REGISTRY", "Reference"]

DEFAULT_REGISTRY = "docker.io"
_MAX_LENGTH = 255
_COMPONENT = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*\Z")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}\Z")
_REGISTRY = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?\Z")


class Reference(msgspec.Struct, frozen=True, order=True):
    """The name of an image in a registry."""

    registry: str
    repository: str
    tag: str | None = None
    digest: Digest | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a reference, with Docker Hub's short forms (`python:3.12-slim`).

        Raises:
            InvalidValueError: The text is no reference.

        Reference:
            OCI distribution specification, section Pulling manifests; distribution/reference grammar.
        """
        rest, at, digest_text = text.partition("@")
        digest = Digest.parse(digest_text) if at else None
        name, tag = _split_tag(rest)
        registry, repository = _split_registry(name)
        if not (
            len(name) <= _MAX_LENGTH
            and _REGISTRY.match(registry)
            and _REPOSITORY.match(repository)
            and (tag is None or _TAG.match(tag))
        ):
            raise InvalidValueError(
                f"not an image reference: {text[:100]!r}",
                hint="write `repository:tag`, for example `python:3.12-slim-trixie`",
            )
        return cls(registry, repository, tag, digest)

    @property
    def familiar(self) -> str:
        """The name as people write it: without Docker Hub's registry and `library/`."""
        return _familiar_name(self.registry, self.repository) + self._suffix()

    def _suffix(self) -> str:
        tag = f":{self.tag}" if self.tag is not None else ""
        return f"{tag}@{self.digest}" if self.digest is not None else tag

    def __str__(self) -> str:
        return f"{self.registry}/{self.repository}{self._suffix()}"


def _split_tag(text: str) -> tuple[str, str | None]:
    head, colon, tail = text.rpartition(":")
    return (head, tail) if colon and "/" not in tail else (text, None)


def _split_registry(name: str) -> tuple[str, str]:
    first, slash, rest = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        registry, repository = first, rest
    else:
        registry, repository = DEFAULT_REGISTRY, name
    if registry in {"index.docker.io", "registry-1.docker.io"}:
        registry = DEFAULT_REGISTRY
    if registry == DEFAULT_REGISTRY and "/" not in repository:
        repository = f"library/{repository}"
    return registry, repository


def _familiar_name(registry: str, repository: str) -> str:
    if registry != DEFAULT_REGISTRY:
        return f"{registry}/{repository}"
    return repository.removeprefix("library/")
