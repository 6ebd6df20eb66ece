"""From the first candidate to something to act on: Dockerfile, lock, refresh command."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from basewise._internal.text import format_bytes, plural
from basewise.app.folder import Folder
from basewise.debian.gone import Gone
from basewise.model.base_image import BaseImage
from basewise.model.build_plan import BuildPlan, PlannedPackage, RequirementsFile
from basewise.model.choice import Candidate, Recommendation
from basewise.model.finding import Finding, State
from basewise.model.package import PackageType
from basewise.model.requirement import Accelerator, Application
from basewise.model.verdict import AddedPackage, Fit, Install, InstallKind
from basewise.operations.candidate_evidence import Findings, sources_to_upgrade
from basewise.operations.carry_over import carry_over, notes_of_left_lines
from basewise.operations.existing_packages import gone_of, left_behind, needed_by_command
from basewise.operations.read_back import read_back
from basewise.report.dockerfile import render_dockerfile, render_dockerignore

__all__ = ["LOCK_NAME", "build_plan", "recommend", "warn_of_left_out"]

LOCK_NAME = "requirements.lock"
MAX_NAMED_IDS = 8
MAX_LEFT_OUT = 20
MAX_NAMED_LEFT_OUT = 5
_REQUIREMENTS_FORMAT = "requirements"
_COMPARED = "compared"
_LOCK_HEAD = (
    "# Written by basewise for Python {python}: the resolution that was judged, every file by its hash.\n"
)
_THERE = ("/bin/", "/opt/venv/", "/sbin/", "/usr/")
_TINI = {"apk": "/sbin/tini", "apt": "/usr/bin/tini"}
_CPU_WHEELS = "(CPU wheels)"


def recommend(
    application: Application,
    image: BaseImage,
    candidate: Candidate,
    fit: Fit,
    *,
    found: Findings,
    lock: str | None,
    why: tuple[str, ...],
) -> Recommendation:
    """Write down what to do with the first candidate.

    Args:
        application: What was read.
        image: The base image of the candidate.
        candidate: The first in rank.
        fit: Its judgement.
        found: Findings of the base with what is added.
        lock: Hash-pinned requirements of the judged resolution; None when the application's own
            requirements file pins them already.
        why: The explanation of the ranking.
    """
    upgrades = sources_to_upgrade(found.findings, fit.add_packages)
    plan = build_plan(application, image, fit, upgrades=upgrades, locked_by_us=lock is not None)
    return Recommendation(
        image=candidate.image,
        digest=candidate.digest,
        dockerfile=read_back(render_dockerfile(plan), plan),
        why=(
            *why,
            *_left_behind(application, image, fit),
            *_brought_findings(fit, found.findings),
            *_both_totals(application, candidate),
            *_beside_the_count(candidate),
        ),
        lock=None if lock is None else f"{_LOCK_HEAD.format(python=image.python_minor)}{lock}",
        dockerignore=None if (Path(application.path) / ".dockerignore").exists() else render_dockerignore(),
        refresh=f"docker buildx imagetools inspect --format '{{{{.Manifest.Digest}}}}' {candidate.image}",
        refresh_reason=refresh_reason(candidate, found.findings),
    )


def build_plan(
    application: Application, image: BaseImage, fit: Fit, *, upgrades: tuple[str, ...], locked_by_us: bool
) -> BuildPlan:
    """Plan the image to build on `image`."""
    own_files = tuple(
        manifest.path
        for manifest in application.manifests
        if manifest.format == _REQUIREMENTS_FORMAT and manifest.role != _COMPARED
    )
    manager = "apk" if image.distro.id == "alpine" else "apt"
    planned = tuple(_planned(package) for package in fit.add_packages)
    called = needed_by_command(application, manager)
    carried = carry_over(application, image, fit)
    return BuildPlan(
        image=image.name,
        digest=str(image.index_digest) if image.index_digest else None,
        base_name=str(image.reference),
        package_manager=manager,
        packages=(*planned, *(one for one in called if one.name not in {each.name for each in planned})),
        upgrades=upgrades,
        build_packages=tuple(_planned(package) for package in fit.build_packages),
        source_distributions=tuple(sorted(install.name for install in fit.installs if _is_built(install))),
        requirements=(RequirementsFile(LOCK_NAME if locked_by_us else own_files[0], hashed=True),),
        extra_files=() if locked_by_us else own_files[1:],
        environment=fit.environment,
        settings=carried.settings,
        settings_source=application.dockerfile.path if application.dockerfile else "",
        workdir=carried.place,
        start_directory=carried.start_directory,
        command=_command(application.command, called, manager),
        command_source=application.command_source,
        application=Folder.open(Path(application.path)).root.name,
        notes=(
            *_left_out(application),
            *_left_behind(application, image, fit),
            *_missing_program(application, carried.place),
            *notes_of_left_lines(application, carried.left),
        ),
    )


def warn_of_left_out(application: Application) -> tuple[str, ...]:
    """Warn of what the application asks for and nothing here judges or installs; nothing where all was read."""
    needed = [f"`{record.what}`" for record in application.not_read if record.needed]
    if not needed:
        return ()
    named = ", ".join(needed[:MAX_NAMED_LEFT_OUT])
    more = f" and {len(needed) - MAX_NAMED_LEFT_OUT} more" if len(needed) > MAX_NAMED_LEFT_OUT else ""
    verb = "is" if len(needed) == 1 else "are"
    what = plural(len(needed), "requirement")
    return (f"{what} {verb} not judged, and the Dockerfile does not install {named}{more}",)


def refresh_reason(candidate: Candidate, findings: Iterable[Finding]) -> str:
    """Say how old the digest is, how many known fixes were published since, and what brings them."""
    age = f"the digest was built {candidate.age_days} days ago, on {candidate.created[:10]}"
    if candidate.vulnerabilities.fixable is None:
        return f"{age}; how many fixes were published since is not known"
    since = frozenset(candidate.fixes_since_build)
    interpreter = len(
        {found.id for found in findings if found.id in since and found.package.type is PackageType.CPYTHON}
    )
    if not since:
        return f"{age}; no known fix was published since"
    told = f"{age}; {plural(len(since), 'known fix', 'known fixes')} published since"
    if not interpreter:
        return f"{told}, which the Dockerfile installs"
    rest = len(since) - interpreter
    installs = f"the Dockerfile installs {rest} of them, " if rest else ""
    return f"{told}: {installs}{interpreter} in CPython {candidate.python} come only with a newer digest"


def _brought_findings(fit: Fit, findings: Iterable[Finding]) -> tuple[str, ...]:
    """Return how many of the findings come with the packages that the application adds."""
    if not fit.added_packages:
        return ()
    names = {package.name for package in fit.added_packages}
    brought = [finding for finding in findings if names.issuperset(finding.binaries)]
    undetermined = sum(finding.state is State.UNDETERMINED for finding in brought)
    verb = "brings" if len(names) == 1 else "bring"
    counted = plural(len(brought) - undetermined, "finding")
    sentence = (
        f"the {plural(len(names), 'added OS package')} {verb} {counted} and {undetermined} undetermined"
    )
    return (f"{sentence}, all in the counts above",)


def _both_totals(application: Application, candidate: Candidate) -> tuple[str, ...]:
    """Return the totals with GPU wheels and with CPU wheels, where nobody said which are wanted."""
    size = candidate.size
    if (
        application.accelerator is not Accelerator.UNKNOWN
        or size.disk_bytes is None
        or size.download_bytes is None
    ):
        return ()
    return tuple(
        f"nobody said what it computes on: {format_bytes(size.download_bytes)} to download and "
        f"{format_bytes(size.disk_bytes)} on disk with the GPU wheels, "
        f"{format_bytes(size.download_bytes - swap.saves_download_bytes)} and "
        f"{format_bytes(size.disk_bytes - swap.saves_disk_bytes)} with the CPU wheels of {swap.replace} "
        "(`--accelerator cpu` or `cuda` says which)"
        for swap in candidate.swaps
        if swap.with_.endswith(_CPU_WHEELS)
        and swap.saves_disk_bytes is not None
        and swap.saves_download_bytes is not None
    )


def _beside_the_count(candidate: Candidate) -> tuple[str, ...]:
    return tuple(
        f"beside the count: {group.count} {group.what}, {group.fixable} of them fixed in a newer version"
        + (f" ({', '.join(group.ids)})" if 0 < len(group.ids) <= MAX_NAMED_IDS else "")
        for group in candidate.uncounted
    )


def _left_out(application: Application) -> tuple[str, ...]:
    """Return the comments that say what the application asks for and the Dockerfile does not install."""
    needed = [record for record in application.not_read if record.needed]
    if not needed:
        return ()
    named = [f"  {record.what}: {record.why}" for record in needed[:MAX_LEFT_OUT]]
    more = [f"  and {len(needed) - MAX_LEFT_OUT} more"] if len(needed) > MAX_LEFT_OUT else []
    return ("NOT INSTALLED by this file, though the application asks for it:", *named, *more)


def _command(command: tuple[str, ...], called: tuple[PlannedPackage, ...], manager: str) -> tuple[str, ...]:
    """Return the start command; `tini` that is installed for it is called where the package of the image puts it."""
    if called and command[0] in _TINI.values():
        return (_TINI[manager], *command[1:])
    return command


def _missing_program(application: Application, place: str) -> tuple[str, ...]:
    """Say that the start command calls a file outside of the application, which nothing puts there."""
    program = application.command[0] if application.command else ""
    if not program.startswith("/") or program.startswith((*_THERE, f"{place}/")):
        return ()
    return (
        f"the start command calls {program}, which nothing here puts there: copy it, or start the application",
    )


def _left_behind(application: Application, image: BaseImage, fit: Fit) -> tuple[str, ...]:
    """Return the sentence that names what the existing Dockerfile installs and the planned one does not."""
    names = left_behind(application, image, fit)
    if not names or application.dockerfile is None:
        return ()
    named = ", ".join(names[:MAX_LEFT_OUT])
    more = f" and {len(names) - MAX_LEFT_OUT} more" if len(names) > MAX_LEFT_OUT else ""
    found = f"{application.dockerfile.path} also installs {named}{more}, which no requirement needs"
    return (
        f"{found}: not installed here, so add what the application itself calls",
        *_not_there(gone_of(names, image)[:MAX_LEFT_OUT], image),
    )


def _not_there(gone: Sequence[Gone], image: BaseImage) -> tuple[str, ...]:
    """Return the sentence that names packages which the chosen release does not have any more."""
    if not gone:
        return ()
    instead = {one.name: one.several or ((one.replaced_by,) if one.replaced_by else ()) for one in gone}
    named = (f"{name} ({' or '.join(by)} instead)" if by else name for name, by in instead.items())
    return (f"{image.distro} does not have {', '.join(named)} any more",)


def _planned(package: AddedPackage) -> PlannedPackage:
    return PlannedPackage(package.name, "; ".join(package.why))


def _is_built(install: Install) -> bool:
    return install.kind is InstallKind.SDIST
