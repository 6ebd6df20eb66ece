"""Facts about the wheels of a resolution: from the embedded table, the user's cache, or a fetch.

A fact of another Python minor of the same release, C library and architecture stands in where a wheel was
not inspected itself, and is said to be inferred.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from basewise._internal.embedded import decode_embedded
from basewise._internal.paths import cache_directory, write_atomically
from basewise._internal.prepared import prepared
from basewise.errors import OutputError
from basewise.fit.facts import WheelFact
from basewise.fit.knowledge import Knowledge
from basewise.fit.wheel_key import WheelKey
from basewise.model.requirement import DistributionFile
from basewise.progress import Progress, SilentProgress

if TYPE_CHECKING:
    from basewise._internal.http import HttpClient
    from basewise.fit.wheel_fetch import FetchLimits

__all__ = ["Collected", "FactOrigin", "FoundFact", "WheelFacts", "WheelTable"]

_FILE = "wheels/facts.json.gz"
_RELEASE = re.compile(r"[a-z0-9][a-z0-9-]*-[A-Za-z0-9][A-Za-z0-9.+!_]*-[a-z0-9]+-[a-z0-9_]+\Z")
_HEX = frozenset("0123456789abcdef")
_SHA256_CHARACTERS = 64


class WheelTable(msgspec.Struct, frozen=True, kw_only=True):
    """The embedded table: the date it was made and its facts, sorted by file name and hash."""

    schema: str
    as_of: str
    facts: tuple[WheelFact, ...]

    @classmethod
    def load(cls) -> WheelTable:
        """Return the embedded table.

        Raises:
            KnowledgeError: It is missing or damaged.
        """
        return _load_table()


class FactOrigin(StrEnum):
    """Where a fact was found; `RANGE` facts and those of other origins without `inspected` know sizes alone."""

    EMBEDDED = "embedded"
    CACHE = "cache"
    FETCHED = "fetched"
    RANGE = "range"
    INFERRED = "inferred"


class FoundFact(msgspec.Struct, frozen=True):
    """A fact about one wheel, corrected by the known overrides.

    Args:
        fact: The fact; for an inferred one, the needs are those of `inferred_from`.
        origin: Where it was found.
        inferred_from: File name of the wheel that was inspected instead, "" for this one.
        size_inferred: The installed size is that of `inferred_from` too.
    """

    fact: WheelFact
    origin: FactOrigin
    inferred_from: str = ""
    size_inferred: bool = False


class Collected(msgspec.Struct, frozen=True):
    """Facts by file name, and sentences about what could not be found out."""

    found: dict[str, FoundFact]
    problems: tuple[str, ...] = ()


class WheelFacts:
    """Looks up and collects facts about wheels.

    Args:
        today: Date to note in new facts, `YYYY-MM-DD`.
        table: Facts instead of the embedded table.
        knowledge: Knowledge instead of the embedded one, for the overrides.
        cache: Directory of the cache; `BASEWISE_CACHE_DIR/wheels` when None.
        limits: Of fetching.
        client_factory: Makes the HTTP client.
    """

    def __init__(
        self,
        *,
        today: str,
        table: Iterable[WheelFact] | None = None,
        knowledge: Knowledge | None = None,
        cache: Path | None = None,
        limits: FetchLimits | None = None,
        client_factory: Callable[[], HttpClient] | None = None,
    ) -> None:
        self._today = today
        self._knowledge = knowledge if knowledge is not None else Knowledge.load()
        self._cache = cache if cache is not None else cache_directory() / "wheels"
        self._limits = limits
        self._client_factory = client_factory
        self._by_sha256: dict[str, tuple[WheelFact, FactOrigin]] = {}
        self._by_name: dict[str, tuple[WheelFact, FactOrigin]] = {}
        self._siblings: dict[WheelKey, list[tuple[WheelFact, FactOrigin]]] = {}
        self._asked_cache: set[str] = set()
        for fact in WheelTable.load().facts if table is None else table:
            self._remember(fact, FactOrigin.EMBEDDED)

    def lookup(self, file: DistributionFile) -> FoundFact | None:
        """Return what is known about a wheel without asking the network.

        Args:
            file: The wheel; a stated hash must be the fact's.

        Returns:
            The fact, perhaps inferred or with sizes alone; None when nothing is known.
        """
        own = self._own(file)
        if own is not None and own[0].inspected:
            return FoundFact(self._knowledge.corrected(own[0]), own[1])
        sibling = self._sibling(file)
        if sibling is not None:
            return self._inferred(file, own[0] if own is not None else None, sibling)
        return FoundFact(own[0], own[1]) if own is not None else None

    def collect(
        self, files: Iterable[DistributionFile], *, offline: bool = False, progress: Progress | None = None
    ) -> Collected:
        """Return what is known about wheels, fetching what is not.

        One wheel of each release, C library and architecture is fetched whole where the limits allow; of the
        others only the size is read. Nothing is fetched in offline mode.

        Args:
            files: The wheels that would be installed.
            offline: Never ask the network.
            progress: Is told what begins.
        """
        wanted = {file.filename: file for file in files if file.is_wheel}
        for file in wanted.values():
            self._own(file)
        problems = () if offline else self._fetch(list(wanted.values()), progress or SilentProgress())
        looked_up = ((name, self.lookup(file)) for name, file in sorted(wanted.items()))
        return Collected({name: found for name, found in looked_up if found is not None}, problems)

    def _remember(self, fact: WheelFact, origin: FactOrigin) -> None:
        """Take a fact into the indexes; an inspected one replaces one with sizes alone."""
        old = self._by_sha256.get(fact.sha256)
        if old is not None and (old[0].inspected or not fact.inspected):
            return
        self._by_sha256[fact.sha256] = self._by_name[fact.filename] = (fact, origin)
        key = WheelKey.of(fact.filename)
        if fact.inspected and key is not None:
            self._siblings.setdefault(key, []).append((fact, origin))

    def _own(self, file: DistributionFile) -> tuple[WheelFact, FactOrigin] | None:
        """Return the fact of this very file, from the table or the cache."""
        known = self._known(file)
        sha256 = file.sha256 or ""
        if (known is None or not known[0].inspected) and sha256 not in self._asked_cache:
            self._asked_cache.add(sha256)
            cached = self._read_cache(sha256)
            if cached is not None:
                self._remember(cached, FactOrigin.CACHE)
        return self._known(file)

    def _known(self, file: DistributionFile) -> tuple[WheelFact, FactOrigin] | None:
        if file.sha256 is not None:
            return self._by_sha256.get(file.sha256)
        return self._by_name.get(file.filename)

    def _sibling(self, file: DistributionFile) -> WheelFact | None:
        """Return the inspected wheel that stands in for this one; the same platform tags are preferred."""
        key = WheelKey.of(file.filename)
        if key is not None and key not in self._siblings:
            self._recall(key)
        others = self._siblings.get(key, []) if key is not None else []
        platform = file.filename.rpartition("-")[2]
        own = [fact for fact, _ in others if fact.filename != file.filename]
        same = [fact for fact in own if fact.filename.endswith(f"-{platform}")]
        return max(same or own, key=lambda fact: fact.filename, default=None)

    def _recall(self, key: WheelKey) -> None:
        """Take the wheel of a release from the cache that was inspected for another Python; look once."""
        self._siblings[key] = []
        path = self._release_path(key)
        if path is None:
            return
        try:
            sha256 = path.read_text(encoding="ascii", errors="replace")[:_SHA256_CHARACTERS]
        except OSError:
            return
        fact = self._read_cache(sha256)
        if fact is not None and fact.inspected and WheelKey.of(fact.filename) == key:
            self._remember(fact, FactOrigin.CACHE)

    def _release_path(self, key: WheelKey) -> Path | None:
        """Return where the cache says which wheel of a release was inspected; None for a name that is no file's."""
        name = f"{key.name}-{key.version}-{key.libc}-{key.arch}"
        return self._cache / "releases" / name if _RELEASE.match(name) else None

    def _inferred(self, file: DistributionFile, own: WheelFact | None, sibling: WheelFact) -> FoundFact:
        """Return the needs of `sibling` under the name of `file`, with its own size where that is known."""
        installed = own.installed_bytes if own is not None else None
        fact = msgspec.structs.replace(
            self._knowledge.corrected(sibling),
            filename=file.filename,
            sha256=file.sha256 or "",
            size_bytes=file.size_bytes if file.size_bytes is not None else sibling.size_bytes,
            installed_bytes=installed if installed is not None else sibling.installed_bytes,
            verified=False,
        )
        return FoundFact(fact, FactOrigin.INFERRED, sibling.filename, installed is None)

    def _fetch(self, files: list[DistributionFile], progress: Progress) -> tuple[str, ...]:
        """Fetch what is missing and remember it; return what went wrong."""
        from basewise.fit import wheel_fetch  # noqa: PLC0415 - the HTTP library costs start-up time

        requests = self._missing(files)
        if not requests:
            return ()
        results = wheel_fetch.fetch_wheels(
            [wheel_fetch.WheelRequest(file, inspect) for file, inspect in requests],
            client_factory=self._client_factory or _default_client,
            limits=self._limits or wheel_fetch.FetchLimits(),
            measured=self._today,
            progress=progress,
        )
        problems = [result.problem for result in results if result.problem]
        for result in results:
            if result.fact is not None:
                verified = result.fact.verified
                self._remember(result.fact, FactOrigin.FETCHED if verified else FactOrigin.RANGE)
                problems += self._write_cache(result.fact)
        return tuple(dict.fromkeys(problems))

    def _missing(self, files: list[DistributionFile]) -> list[tuple[DistributionFile, bool]]:
        """Return the wheels to ask for, with True where the needs of their release are not known yet."""
        requests = []
        planned: set[WheelKey] = set()
        for file in sorted(files, key=lambda one: (one.size_bytes or 0, one.filename)):
            own = self._own(file)
            key = WheelKey.of(file.filename)
            if file.url is None or key is None or (own is not None and own[0].inspected):
                continue
            inspect = key not in planned and self._sibling(file) is None
            if inspect or own is None:
                planned.add(key)
                requests.append((file, inspect))
        return requests

    def _read_cache(self, sha256: str) -> WheelFact | None:
        """Return the cached fact; a damaged file is as none."""
        if len(sha256) != _SHA256_CHARACTERS or not _HEX.issuperset(sha256):
            return None
        try:
            fact = msgspec.json.decode(
                (self._cache / f"{sha256}.json").read_bytes(), type=prepared(WheelFact)
            )
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            return None
        return fact if fact.sha256 == sha256 else None

    def _write_cache(self, fact: WheelFact) -> list[str]:
        """Keep a fact; an unwritable cache is a sentence, not an error."""
        key = WheelKey.of(fact.filename)
        release = self._release_path(key) if key is not None and fact.inspected else None
        try:
            write_atomically(self._cache / f"{fact.sha256}.json", msgspec.json.encode(fact))
            if release is not None:
                write_atomically(release, fact.sha256.encode())
        except OutputError:
            return [f"the wheel cache `{self._cache}` cannot be written: what was inspected is not kept"]
        return []


@lru_cache(maxsize=1)
def _load_table() -> WheelTable:
    return decode_embedded(_FILE, WheelTable)


def _default_client() -> HttpClient:
    from basewise._internal.http import HttpClient  # noqa: PLC0415 - start-up time

    return HttpClient()
