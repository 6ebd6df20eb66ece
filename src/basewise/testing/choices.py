"""Answers of `choose` for tests of the reports: ranked and explained for real, on invented candidates."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from basewise.model.choice import AppSummary, Candidate, Choice, Recommendation
from basewise.model.evidence import Coverage, CoverageSource, NotCovered
from basewise.model.verdict import Swap, Verdict
from basewise.ranking.explain import explain
from basewise.ranking.rank import rank
from basewise.testing.candidates import added, candidate, no_wheel, rank_request

__all__ = ["choice", "churn_candidates", "coverage"]

DOCKERFILE = "# Written by hand for a test.\nFROM python:3.14-slim-trixie\n"


def churn_candidates() -> list[Candidate]:
    """Return candidates for wheels that need libgomp1 and do not exist for musl."""
    needs = added("libgomp1", why="lightgbm loads libgomp.so.1")
    debian = [
        candidate(minor, release, variant, verdict=verdict, add_packages=packages)
        for minor in ("3.10", "3.11", "3.12", "3.13", "3.14")
        for release in ("bookworm", "trixie")
        for variant, verdict, packages in (
            ("slim", Verdict.FITS_WITH_PACKAGES, (needs,)),
            ("full", Verdict.FITS, ()),
        )
    ]
    alpine = [
        candidate(
            minor,
            "3.24",
            "alpine",
            verdict=Verdict.DOES_NOT_FIT,
            reasons=no_wheel("scikit-learn", "lightgbm"),
        )
        for minor in ("3.13", "3.14")
    ]
    return [*debian, *alpine, candidate("3.15.0rc1")]


def coverage(**changes: object) -> Coverage:
    """Return an incomplete coverage with two sources, fields replaced as said."""
    values: dict[str, object] = {
        "complete": False,
        "sources": (
            CoverageSource(
                name="debian_archive bookworm",
                ecosystem="debian",
                as_of="2026-11-22",
                age_days=1,
                entries=870,
                verified=True,
            ),
            CoverageSource(
                name="debian_archive trixie",
                ecosystem="debian",
                as_of="2026-11-22",
                age_days=1,
                entries=881,
                verified=True,
            ),
            CoverageSource(
                name="kev",
                ecosystem="exploited",
                as_of="2025-08-25",
                age_days=455,
                entries=1404,
                verified=False,
            ),
        ),
        "not_covered": (
            NotCovered("OS packages of alpine 3.24", "no source covers them"),
            NotCovered("Python packages of the application", "the store has no advisories for them"),
        ),
        **changes,
    }
    return Coverage(**values)  # type: ignore[arg-type]  # tests name the fields; msgspec checks nothing here


def choice(candidates: Sequence[Candidate] | None = None, **changes: object) -> Choice:
    """Return an answer for candidates (those of `churn_candidates` when None), fields replaced as said."""
    request = rank_request()
    ranked = rank(churn_candidates() if candidates is None else candidates, request)
    explanation = explain(ranked, request)
    first = next((each for each in ranked if each.rank == 1), None)
    made = Choice(
        generated_at="2026-11-23T00:00:00Z",
        app=AppSummary(
            path="examples/churn-api",
            sources=("requirements.txt (requirements)",),
            not_read=("requirements-dev.txt: for development",),
            requirements=("fastapi", "lightgbm", "pandas", "scikit-learn", "uvicorn"),
            requires_python=None,
            stated_python=None,
            accelerator="unknown",
        ),
        candidates=ranked,
        recommendation=_recommendation(first, explanation.why) if first is not None else None,
        blocking=explanation.blocking,
        swaps=(
            Swap(
                replace="torch",
                with_="torch (CPU wheels)",
                saves_download_bytes=2_400_000_000,
                saves_disk_bytes=4_700_000_000,
                why="safe where no GPU is used",
            ),
        ),
        alternatives=explanation.alternatives,
        coverage=coverage(),
    )
    return msgspec.structs.replace(made, **changes)


def _recommendation(first: Candidate, why: tuple[str, ...]) -> Recommendation:
    return Recommendation(
        image=first.image,
        digest=first.digest,
        dockerfile=DOCKERFILE,
        why=why,
        lock=None,
        dockerignore=None,
        refresh=f"docker buildx imagetools inspect {first.image}",
        refresh_reason=f"the digest is {first.age_days} days old; 30 known fixes were published since",
    )
