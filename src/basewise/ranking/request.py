"""What the user and the application ask of the ranking."""

from __future__ import annotations

from datetime import date

import msgspec

from basewise.ranking.weights import Weights

__all__ = ["PythonRelease", "RankRequest"]


class PythonRelease(msgspec.Struct, frozen=True):
    """When a Python minor was released and when its support ends; None is unknown."""

    released: date | None
    end_of_life: date | None


class RankRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Constraints, weights and the facts about Python that the order needs.

    Args:
        today: The clock.
        weights: Points per unit of cost.
        python_releases: Minor → dates.
        stated_python: The minor that the application's files state, None when they state none.
        stated_source: Where it is stated, for the explanation.
        requires_python: PEP 440 specifier set of the application, None when not stated.
        python: `--python`, a minor or a full version.
        platform: `--arch` as `linux/arm64`.
        distro: `--distro`: id, codename, version or `id:version`.
        libc: `--libc`: `glibc` or `musl`.
        max_size_bytes: `--max-size`, of the finished application on disk.
        images: `--image`, familiar names; a floating alias selects the tag that it names.
        include_prerelease: Admit Python pre-releases.
        include_eol: Admit Python and distributions after their end of life.
        allow_lts: Rank distributions in long-term support beside those in regular support.
        allow_unknown: Admit candidates whose fit could not be judged.
        allow_undigested: Admit candidates without a digest.
        minimum_python_age_months: Age from which a minor is preferred when none is stated.
        accelerator: `cpu`, `cuda` or `unknown`.
        versions: Python minor → distribution → version that is installed there.
        unverified: Names of candidates whose counts rest on a source without a checked signature chain.
    """

    today: date
    weights: Weights = Weights()
    python_releases: dict[str, PythonRelease] = {}
    stated_python: str | None = None
    stated_source: str = ""
    requires_python: str | None = None
    python: str | None = None
    platform: str | None = None
    distro: str | None = None
    libc: str | None = None
    max_size_bytes: int | None = None
    images: tuple[str, ...] = ()
    include_prerelease: bool = False
    include_eol: bool = False
    allow_lts: bool = False
    allow_unknown: bool = False
    allow_undigested: bool = False
    minimum_python_age_months: int = 12
    accelerator: str = "unknown"
    unverified: frozenset[str] = frozenset()
    versions: dict[str, dict[str, str]] = {}
