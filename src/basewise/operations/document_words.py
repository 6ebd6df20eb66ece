"""Values in the words of the documents: ages, distributions, C libraries, what was read of an application."""

from __future__ import annotations

from datetime import UTC, date, datetime

from basewise.model.choice import AppSummary, CandidateDistro, CandidateLibc
from basewise.model.distro import Distro, Libc
from basewise.model.requirement import Application

__all__ = ["application_summary", "build_age_in_days", "document_distro", "document_libc"]


def build_age_in_days(created: datetime, today: date) -> int:
    """Return the age of a build in days; 0 where the clock says a day before it."""
    return max((today - created.astimezone(UTC).date()).days, 0)


def document_distro(distro: Distro) -> CandidateDistro:
    """Return a distribution as documents have it."""
    return CandidateDistro(distro.id, distro.version, distro.codename)


def document_libc(libc: Libc) -> CandidateLibc:
    """Return a C library as documents have it."""
    return CandidateLibc(libc.family, libc.version)


def application_summary(
    application: Application, accelerator: str, warnings: tuple[str, ...] = ()
) -> AppSummary:
    """Return what was read of an application.

    Args:
        application: What was read.
        accelerator: What it computes on.
        warnings: More than those of reading it.
    """
    return AppSummary(
        path=application.path,
        sources=tuple(f"{manifest.path} ({manifest.role})" for manifest in application.manifests),
        not_read=tuple(f"{item.what}: {item.why}" for item in application.not_read),
        requirements=tuple(requirement.text for requirement in application.requirements),
        requires_python=application.requires_python,
        stated_python=application.stated_python.minor if application.stated_python else None,
        accelerator=accelerator,
        guess=application.guess,
        warnings=(*application.warnings, *warnings),
    )
