"""Where manifests disagree: the one that counts against those that were read beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from basewise.app.manifest import ManifestContent
from basewise.model.requirement import Requirement

__all__ = ["disagreements"]

MAX_NAMED = 5


def disagreements(chosen: ManifestContent, other: ManifestContent) -> list[str]:
    """Return sentences about requirements that contradict each other or stand in one manifest only.

    Args:
        chosen: The manifest that counts.
        other: One that was read beside it.
    """
    wanted = _by_name(chosen.requirements)
    pins: dict[str, list[str]] = {}
    for package in chosen.lock.packages if chosen.lock else ():
        pins.setdefault(package.name, []).append(package.version)
    sentences: list[str] = []
    for requirement in sorted(other.requirements):
        if requirement.name in pins:
            sentences += _against_pins(
                requirement, pins[requirement.name], wanted.get(requirement.name, []), chosen
            )
        elif not chosen.lock:
            sentences += _against_specifiers(requirement, wanted.get(requirement.name, []))
    return [*dict.fromkeys(sentences), *_missing(chosen, other, wanted.keys() | pins.keys())]


def _by_name(requirements: Iterable[Requirement]) -> dict[str, list[Requirement]]:
    found: dict[str, list[Requirement]] = {}
    for requirement in requirements:
        found.setdefault(requirement.name, []).append(requirement)
    return found


def _against_pins(
    requirement: Requirement, versions: list[str], wanted: list[Requirement], chosen: ManifestContent
) -> Iterator[str]:
    """Say that no pin of a lock fulfils a requirement."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415 - 30 ms that `--version` need not pay

    try:
        allowed = SpecifierSet(requirement.specifier, prereleases=True)
        fulfilled = any(allowed.contains(version) for version in versions)
    except InvalidSpecifier:
        return
    if not fulfilled:
        place = wanted[0].location if chosen.lock and wanted else chosen.manifests[0].path
        yield (
            f"{requirement.location} asks for `{requirement.text}`, {place} pins {' and '.join(sorted(versions))}:"
            " the lock is out of date, and its pin is taken"
        )


def _against_specifiers(requirement: Requirement, wanted: list[Requirement]) -> Iterator[str]:
    """Say that no version fulfils two requirements for the same package under the same marker."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415 - as above

    for own in wanted:
        if own.marker and requirement.marker and own.marker != requirement.marker:
            continue
        try:
            disjoint = SpecifierSet(own.specifier).is_disjoint(SpecifierSet(requirement.specifier))
        except InvalidSpecifier:
            continue
        if disjoint:
            yield (
                f"{own.location} asks for `{own.text}` and {requirement.location} for `{requirement.text}`, which no"
                f" version fulfils: {own.location.path} is taken"
            )


def _missing(chosen: ManifestContent, other: ManifestContent, present: set[str]) -> Iterator[str]:
    """Say which unconditional requirements of the other manifest the chosen one does not have."""
    left_out = {record.what.partition(" ")[0] for record in chosen.not_read}
    missing = [
        item
        for item in sorted(other.requirements)
        if item.name not in present and item.name not in left_out and not item.marker
    ]
    if not missing:
        return
    names = ", ".join(f"`{item.name}` (line {item.location.line})" for item in missing[:MAX_NAMED])
    more = f" and {len(missing) - MAX_NAMED} more" if len(missing) > MAX_NAMED else ""
    verb = "does not pin" if chosen.lock else "does not have"
    yield f"{missing[0].location.path} asks for {names}{more}, which {chosen.manifests[0].path} {verb}"
