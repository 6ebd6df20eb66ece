"""Candidates for tests of the ranking and of the reports: complete evidence, every part replaceable.

The numbers are invented but of the right size; no test may take them for facts about a real image.
"""

from __future__ import annotations

from datetime import date

from basewise.model.base_image import Surface, Trust
from basewise.model.choice import Candidate, CandidateDistro, CandidateLibc, CandidateSize
from basewise.model.evidence import Support, SupportPhase
from basewise.model.finding import ByState, Vulnerabilities
from basewise.model.verdict import AddedPackage, ClosurePackage, Reason, ReasonKind, Verdict
from basewise.ranking.request import PythonRelease, RankRequest

__all__ = ["PYTHON_ENDS", "added", "candidate", "counts", "family", "no_wheel", "rank_request", "sizes"]

PYTHON_ENDS = {
    "3.10": "2026-10-31",
    "3.11": "2027-10-31",
    "3.12": "2028-10-31",
    "3.13": "2029-10-31",
    "3.14": "2030-10-31",
    "3.15": "2031-10-31",
}
_PYTHON_RELEASED = {
    "3.10": date(2021, 10, 4),
    "3.11": date(2022, 10, 24),
    "3.12": date(2023, 10, 2),
    "3.13": date(2024, 10, 7),
    "3.14": date(2025, 10, 7),
    "3.15": date(2026, 10, 9),
}
_DISTROS = {
    "bookworm": ("debian", "12", "2026-06-10", "2028-06-30", SupportPhase.LTS, ("glibc", "2.36")),
    "trixie": ("debian", "13", "2028-08-09", "2030-06-30", SupportPhase.REGULAR, ("glibc", "2.41")),
    "bullseye": ("debian", "11", "2024-08-14", "2026-08-31", SupportPhase.EOL, ("glibc", "2.31")),
    "3.23": ("alpine", "3.23", "2027-11-01", None, SupportPhase.REGULAR, ("musl", "1.2.5")),
    "3.24": ("alpine", "3.24", "2028-05-01", None, SupportPhase.REGULAR, ("musl", "1.2.5")),
}
_BASE_MB = {"slim": (46, 127), "full": (410, 1110), "alpine": (18, 60)}
_FINDINGS = {"slim": (30, 12, 20), "full": (260, 90, 140), "alpine": (0, 0, 0)}
_WHEELS_MB = (150, 520)
_MB = 1_000_000


def candidate(
    minor: str = "3.12",
    release: str = "trixie",
    variant: str = "slim",
    **changes: object,
) -> Candidate:
    """Return a candidate `python:MINOR-VARIANT-RELEASE`.

    Args:
        minor: Python minor, or a full version with its pre-release (`3.15.0rc1`).
        release: Debian codename or Alpine version; an unknown one has unknown support.
        variant: `slim`, `full` or `alpine`.
        changes: Fields of `Candidate` to replace.
    """
    short = ".".join(minor.split(".")[:2])
    version = minor if minor.count(".") > 1 else f"{minor}.7"
    distro, number, regular, lts, phase, libc = _DISTROS.get(
        release, ("debian", release, None, None, SupportPhase.UNKNOWN, ("glibc", "2.41"))
    )
    suffix = {"slim": f"slim-{release}", "full": release, "alpine": f"alpine{release}"}[variant]
    values: dict[str, object] = {
        "image": f"python:{short}-{suffix}",
        "also_known_as": (),
        "digest": _digest(f"{short}{suffix}"),
        "manifest_digest": _digest(f"{suffix}{short}"),
        "platform": "linux/amd64",
        "created": "2026-09-01T00:00:00Z",
        "age_days": 83,
        "distro": CandidateDistro(distro, number, release if distro == "debian" else ""),
        "python": version,
        "libc": CandidateLibc(*libc),
        "variant": variant,
        "verdict": Verdict.FITS,
        "reasons": (),
        "add_packages": (),
        "build_packages": (),
        "packages_basis": "exact",
        "size": sizes(variant),
        "vulnerabilities": counts(*_FINDINGS[variant]) if variant != "alpine" else Vulnerabilities(),
        "surface": Surface(packages=87 if variant == "slim" else None),
        "support": Support(
            python_eol=PYTHON_ENDS.get(short), distro_eol=regular, distro_lts_eol=lts, phase=phase
        ),
        "trust": Trust(
            publisher="Docker official images", official=True, explicit_tag=True, digest_pinned=True
        ),
        "evidence_date": "2026-11-22",
        **changes,
    }
    return Candidate(**values)  # type: ignore[arg-type]  # tests name the fields; msgspec checks nothing here


def rank_request(**changes: object) -> RankRequest:
    """Return a request of 23 November 2026 with the dates of each Python minor, fields replaced as said."""
    values: dict[str, object] = {
        "today": date(2026, 11, 23),
        "python_releases": {
            minor: PythonRelease(released, date.fromisoformat(PYTHON_ENDS[minor]))
            for minor, released in _PYTHON_RELEASED.items()
        },
        **changes,
    }
    return RankRequest(**values)  # type: ignore[arg-type]  # tests name the fields; msgspec checks nothing here


def family(*minors: str, releases: tuple[str, ...] = ("bookworm", "trixie")) -> list[Candidate]:
    """Return slim, full and Alpine candidates of each Python minor."""
    debian = [candidate(m, r, v) for m in minors for r in releases for v in ("slim", "full")]
    return [*debian, *(candidate(minor, "3.24", "alpine") for minor in minors)]


def counts(
    fixed: int, open_: int, minor: int, *, undetermined: int = 0, **changes: object
) -> Vulnerabilities:
    """Return counts whose sums agree."""
    values: dict[str, object] = {
        "total": fixed + open_ + minor,
        "fixable": fixed,
        "undetermined": undetermined,
        "after_rebuild": open_ + minor,
        "exploited": 0,
        "by_state": ByState(fixed=fixed, open=open_, wont_fix=0, minor=minor, undetermined=undetermined),
        "as_of": "2026-11-22",
        **changes,
    }
    return Vulnerabilities(**values)  # type: ignore[arg-type]  # as above


def sizes(variant: str = "slim", *, added_bytes: int = 0, wheels: bool = True) -> CandidateSize:
    """Return sizes of a variant with the wheels of one application, or without any known wheel."""
    compressed, disk = (each * _MB for each in _BASE_MB[variant])
    download, installed = (each * _MB for each in _WHEELS_MB)
    return CandidateSize(
        base_compressed_bytes=compressed,
        base_disk_bytes=disk,
        added_bytes=added_bytes,
        wheels_download_bytes=download if wheels else None,
        wheels_disk_bytes=installed if wheels else None,
        download_bytes=compressed + download + added_bytes // 3 if wheels else None,
        disk_bytes=disk + installed + added_bytes if wheels else None,
        basis="estimated" if wheels else "unknown",
        method="invented",
    )


def added(name: str, *, why: str = "", closure: tuple[str, ...] = (), manager: str = "apt") -> AddedPackage:
    """Return an OS package to add, 100 kB to download and 300 kB on disk for it and each of its closure."""
    count = 1 + len(closure)
    return AddedPackage(
        manager=manager,
        name=name,
        version="1.0-1",
        why=(why,) if why else (),
        download_bytes=100_000 * count,
        installed_bytes=300_000 * count,
        source=name,
        source_version="1.0-1",
        closure=tuple(
            ClosurePackage(
                name=each,
                version="1.0-1",
                source=each,
                source_version="1.0-1",
                download_bytes=100_000,
                installed_bytes=300_000,
            )
            for each in closure
        ),
    )


def no_wheel(*packages: str) -> tuple[Reason, ...]:
    """Return blocking reasons: no wheel and no build recipe for each package."""
    return tuple(
        Reason(
            kind=ReasonKind.NO_RECIPE,
            package=package,
            sentence=f"{package} has no wheel and no build recipe",
            blocking=True,
        )
        for package in packages
    )


def _digest(text: str) -> str:
    return "sha256:" + text.encode().hex().rjust(64, "0")[-64:]
