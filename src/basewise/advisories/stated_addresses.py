"""Other addresses of advisory data than the publishers' own: flags and variables that name mirrors.

Addresses come from the table of publishers, from the environment and from flags, never from a file of the working
directory.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from basewise.advisories.publishers import Publisher, publishers
from basewise.errors import UsageError

__all__ = ["VARIABLE_PREFIX", "Addresses", "source_key", "stated_addresses", "templates_of"]

VARIABLE_PREFIX = "BASEWISE_SOURCE_"

Addresses = Mapping[str, Sequence[str]]
"""Name of a feed or of one source, as `source_key` writes it, to its addresses; the first choice first."""

_BRANCH_KEY = re.compile(r"edge|3_\d{1,3}", re.ASCII)


def source_key(name: str) -> str:
    """Return a name as variables can spell it, in lower case: `osv Red Hat` and `OSV_RED_HAT` are one."""
    return re.sub(r"[^a-z0-9]+", "_", name.strip().lower()).strip("_")


def stated_addresses(flags: Iterable[str], environment: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Read `--source NAME=URL` and `BASEWISE_SOURCE_NAME`; a flag replaces the variable of its name.

    Args:
        flags: Values of the flag; several of one name are mirrors, the first choice first.
        environment: Variables; several addresses are separated by white space.

    Raises:
        UsageError: A value is no pair, names no source, or has no address that may be asked.
    """
    found: dict[str, tuple[str, ...]] = {}
    for variable, text in environment.items():
        if variable.startswith(VARIABLE_PREFIX) and text.split():
            name = _known_key(variable.removeprefix(VARIABLE_PREFIX))
            found[name] = tuple(_checked_address(address, variable) for address in text.split())
    flagged: dict[str, list[str]] = {}
    for flag in flags:
        name, equals, address = flag.partition("=")
        if not (name.strip() and equals):
            raise UsageError(
                f"not a source and its address: `{flag[:80]}`",
                hint="write `--source kev=https://mirror.example/kev.json`",
            )
        flagged.setdefault(_known_key(name), []).append(_checked_address(address.strip(), "--source"))
    return found | {name: tuple(addresses) for name, addresses in flagged.items()}


def templates_of(publisher: Publisher, scope: str, stated: Addresses, *, files: int) -> list[str]:
    """Return the addresses of the files of one source, with `{…}` to fill in; the first choice first.

    Args:
        publisher: Whose it is; its own address holds where none is stated.
        scope: Which part of the feed; "" where there is one part only.
        stated: What a user stated: an address of the source wins over one of its whole feed.
        files: How many files the source has.
    """
    own = stated.get(source_key(f"{publisher.feed} {scope}"), ())
    if own and (scope or not publisher.has_parts):
        return [text if _is_one_file(text, files) else _below(text, publisher) for text in own]
    roots = stated.get(source_key(publisher.feed))
    if roots:
        return [text if "{" in text else _below(text, publisher) for text in roots]
    return [_below(publisher.root, publisher)]


def _is_one_file(address: str, files: int) -> bool:
    return "{" in address or (files == 1 and not address.endswith("/"))


def _below(root: str, publisher: Publisher) -> str:
    return f"{root.rstrip('/')}/{publisher.path}"


def _known_key(name: str) -> str:
    """Return the key of a name that addresses are given for.

    Raises:
        UsageError: No source is called so.
    """
    key = source_key(name)
    if not any(_names(publisher, key) for publisher in publishers()):
        raise UsageError(f"no source is called `{name[:60]}`", hint=f"sources: {', '.join(_examples())}")
    return key


def _names(publisher: Publisher, key: str) -> bool:
    """Tell whether a key is that of a publisher's feed or of one source of it."""
    feed = source_key(publisher.feed)
    if key == feed:
        return True
    scope = key.removeprefix(f"{feed}_")
    if scope == key:
        return False
    known = {source_key(name) for name in publisher.every_ecosystem}
    return scope in known or (bool(publisher.branches) and _BRANCH_KEY.fullmatch(scope) is not None)


def _examples() -> Iterator[str]:
    """Yield names that addresses can be given for; of branches, of which new ones come, only the newest known."""
    for publisher in publishers():
        yield publisher.feed
        for scope in (*publisher.every_ecosystem, *publisher.branches[-1:]):
            yield f"{publisher.feed} {scope}"


def _checked_address(text: str, where: str) -> str:
    try:
        parts = urlsplit(text)
        good = parts.scheme in {"http", "https"} and parts.hostname and not parts.username
        _ = parts.port
    except ValueError:
        good = False
    if not good or any(char <= " " for char in text):
        raise UsageError(
            f"{where}: not an address that may be asked: `{_without_credentials(text)[:80]}`",
            hint="write `https://…` without user and password; data on disk is read by `basewise db import`",
        )
    return text


def _without_credentials(text: str) -> str:
    scheme, separator, rest = text.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path.partition('?')[0]}"
