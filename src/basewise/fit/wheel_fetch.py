"""Fetching what is not known about a wheel: the whole file where it is small, its zip directory where not."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import msgspec

from basewise._internal.http import HttpClient, HttpError
from basewise._internal.parallel import map_in_threads
from basewise._internal.text import format_bytes, safe_text
from basewise.fit.facts import WheelFact
from basewise.fit.inspect import WheelError, inspect_wheel
from basewise.fit.remote_zip import remote_installed_size
from basewise.model.requirement import DistributionFile
from basewise.progress import Progress

__all__ = ["FetchLimits", "Fetched", "WheelRequest", "fetch_wheels"]

_OK = 200
_NEVER_WHOLE = ("nvidia_", "nvidia-")


class FetchLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of one collection.

    Args:
        whole_bytes: A wheel up to this size is fetched whole and inspected, a larger one by range.
        total_bytes: Of all wheels that are fetched whole; the smallest come first.
        files: Wheels that are asked for at all.
        workers: Threads.
    """

    whole_bytes: int = 32 << 20
    total_bytes: int = 256 << 20
    files: int = 500
    workers: int = 6


class WheelRequest(msgspec.Struct, frozen=True):
    """A wheel to ask for, and whether its ELF files are wanted or its size alone."""

    file: DistributionFile
    inspect: bool


class Fetched(msgspec.Struct, frozen=True):
    """What came of one request: the fact, or a sentence why there is none."""

    file: DistributionFile
    fact: WheelFact | None
    problem: str = ""


def fetch_wheels(
    requests: Sequence[WheelRequest],
    *,
    client_factory: Callable[[], HttpClient],
    limits: FetchLimits,
    measured: str,
    progress: Progress,
) -> list[Fetched]:
    """Fetch what is asked for, side by side.

    Args:
        requests: Wheels with a URL (`http`, `https` or `file`).
        client_factory: Makes the HTTP client, called once.
        limits: How much to fetch.
        measured: Date to note in the facts.
        progress: Is told once what begins.

    Returns:
        One result a request, in the order of requests.
    """
    plan = _plan(requests, limits)
    if not plan:
        return []
    weight = sum(request.file.size_bytes or 0 for request, whole in plan if whole)
    progress.step(f"inspecting {len(plan)} wheels that are not known yet ({format_bytes(weight)})")
    with client_factory() as client:
        return map_in_threads(
            lambda item: _fetch(client, item[0].file, limits, measured, whole=item[1]),
            plan,
            threads=limits.workers,
        )


def _plan(requests: Sequence[WheelRequest], limits: FetchLimits) -> list[tuple[WheelRequest, bool]]:
    """Return what to fetch, with True where the whole file is wanted and allowed, in the order of requests."""
    chosen = list(requests)[: limits.files]
    left = limits.total_bytes
    whole: set[int] = set()
    for index in sorted(range(len(chosen)), key=lambda at: (chosen[at].file.size_bytes or 0, at)):
        file = chosen[index].file
        size = file.size_bytes or limits.whole_bytes
        if chosen[index].inspect and _may_be_whole(file, limits) and size <= left:
            whole.add(index)
            left -= size
    return [(request, index in whole) for index, request in enumerate(chosen)]


def _may_be_whole(file: DistributionFile, limits: FetchLimits) -> bool:
    """Tell whether a wheel may be fetched whole; the CUDA libraries never are."""
    return not file.filename.startswith(_NEVER_WHOLE) and (file.size_bytes or 0) <= limits.whole_bytes


def _fetch(
    client: HttpClient, file: DistributionFile, limits: FetchLimits, measured: str, *, whole: bool
) -> Fetched:
    """Fetch one wheel; every failure becomes a sentence."""
    url = file.url or ""
    shown = safe_text(file.filename)
    try:
        if urlsplit(url).scheme == "file":
            fact = _read_local(Path(url2pathname(urlsplit(url).path)), measured)
        elif whole:
            fact = _fetch_whole(client, file, limits, measured)
        else:
            return Fetched(file, _fetch_size(client, file, measured), "")
    except (HttpError, WheelError, OSError, ValueError) as error:
        return Fetched(file, None, f"`{shown}` could not be inspected: {safe_text(str(error))}")
    if file.sha256 is not None and fact.sha256 != file.sha256:
        return Fetched(file, None, f"`{shown}` is not the file whose hash is pinned: its content was ignored")
    return Fetched(file, fact)


def _read_local(path: Path, measured: str) -> WheelFact:
    """Inspect a wheel on this machine; a device or pipe would never end."""
    if not path.is_file():
        raise WheelError("no such file")
    return inspect_wheel(path, measured=measured)


def _fetch_whole(client: HttpClient, file: DistributionFile, limits: FetchLimits, measured: str) -> WheelFact:
    """Download and inspect a wheel."""
    response = client.get(file.url or "", max_bytes=max(limits.whole_bytes, file.size_bytes or 0))
    if response.status != _OK:
        raise HttpError(f"the index answers with status {response.status}")
    return inspect_wheel(io.BytesIO(response.body), filename=file.filename, measured=measured)


def _fetch_size(client: HttpClient, file: DistributionFile, measured: str) -> WheelFact | None:
    """Read the size of a wheel by range; None when the server cannot do that."""
    if file.size_bytes is None or file.sha256 is None:
        return None
    size = remote_installed_size(client, file.url or "", file.size_bytes)
    if size is None:
        return None
    return WheelFact(
        filename=file.filename,
        sha256=file.sha256,
        size_bytes=file.size_bytes,
        installed_bytes=size.installed_bytes,
        carries=size.libraries,
        measured=measured,
    )
