"""The application that a Dockerfile builds, judged on the image that its last stage stands on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from basewise.app.read import ReadOptions, read_application
from basewise.debian.closure import closure
from basewise.debian.suite import load_suite
from basewise.dockerfile.hidden import hidden_installs
from basewise.dockerfile.images import ResolvedStage
from basewise.dockerfile.shell import installed_packages
from basewise.errors import ApplicationError, KnowledgeError, NoManifestError, ResolveError, UsageError
from basewise.fit.outcome import FitOptions
from basewise.fit.run import judge_all
from basewise.fit.sonames import SonameMap
from basewise.model.base_image import BaseImage
from basewise.model.evidence import NotCovered
from basewise.model.package import BasisKind, Package, PackageType
from basewise.model.requirement import Accelerator, Application, Resolution
from basewise.model.verdict import InstallKind
from basewise.operations.check_app_files import constrained_by, requirement_files
from basewise.progress import Progress
from basewise.rules.evidence import AppEvidence
from basewise.rules.pip_calls import PipCall, pip_calls
from basewise.rules.rule import Run
from basewise.settings import load_settings

__all__ = ["AppReader"]

_DEBIAN = "debian"
_INSTALLERS = frozenset({"pip", "uv pip", "uv", "poetry", "pipenv", "pdm"})


class AppReader:
    """Judges the applications of Dockerfiles; each pair of application and image once.

    Args:
        online: The package index may be asked.
        accelerator: What is computed on; None: as the settings of the application say.
        allow_index: Index addresses of the application that the user allows.
        progress: Told of slow parts.
    """

    def __init__(
        self,
        *,
        online: bool,
        accelerator: Accelerator | None,
        allow_index: tuple[str, ...],
        progress: Progress,
    ) -> None:
        self._online = online
        self._accelerator = accelerator
        self._allow_index = allow_index
        self._progress = progress

    def of(  # noqa: PLR0917 - what a Dockerfile is made of
        self,
        folder: Path,
        runs: Sequence[Run],
        chain: Sequence[ResolvedStage],
        stages: Sequence[ResolvedStage],
        image: BaseImage | None,
        escape: str,
        path: str,
    ) -> AppEvidence | None:
        """Return what is known of the application; None when the Dockerfile installs no Python distribution.

        Args:
            folder: The build context.
            runs: The RUN instructions of all stages.
            chain: The stages that the built image stands on.
            stages: All stages.
            image: The image that they stand on, None when it is not known.
            escape: The continuation character.
            path: The Dockerfile as it was named, for messages.
        """
        calls = [call for run in runs for call in pip_calls(run) if call.tool in _INSTALLERS]
        if not calls:
            return None
        parts = tuple(part for one in chain for part in one.stage.parts)
        packages = installed_packages(parts, escape)
        evidence = AppEvidence(
            path=str(folder),
            accelerator=self._accelerator_of(folder),
            image=image,
            installed=tuple(dict.fromkeys(_bare(name) for name in (*packages.apt, *packages.apk))),
            unread=(*packages.unread, *hidden_installs(parts, escape)),
            distributions=_named(calls),
            constrained=constrained_by(folder, calls, stages),
        )
        wanted = [file for call in calls for file in call.requirements]
        files = requirement_files(folder, calls, stages)
        if wanted and not files:
            why = f"{', '.join(dict.fromkeys(wanted))}: not found in {folder}"
            return _unseen(evidence, NotCovered(f"what the application of {path} needs", why))
        return self._read(evidence, folder, files, path)

    def _accelerator_of(self, folder: Path) -> Accelerator:
        if self._accelerator is not None:
            return self._accelerator
        stated = load_settings(folder, {}).accelerator
        return Accelerator(stated) if stated in set(Accelerator) else Accelerator.UNKNOWN

    def _read(self, evidence: AppEvidence, folder: Path, files: tuple[str, ...], path: str) -> AppEvidence:
        what = f"what the application of {path} needs"
        options = ReadOptions(
            requirement_files=tuple(folder / name for name in files), accelerator=evidence.accelerator
        )
        try:
            application = read_application(folder, options)
        except NoManifestError:
            if evidence.distributions:
                return _unseen(
                    evidence, NotCovered(what, "its distributions are named in the Dockerfile alone")
                )
            return _unseen(evidence, NotCovered(what, f"no file of {folder} says it"))
        except (ApplicationError, UsageError) as error:
            return _unseen(evidence, NotCovered(what, error.message))
        lock = application.lock
        read = msgspec.structs.replace(
            evidence,
            files=files,
            unpinned=() if lock else _unpinned(application),
            distributions=_all_names(evidence, application, lock),
            resolved=lock is not None and not evidence.distributions,
        )
        if evidence.image is None:
            return _unseen(read, NotCovered(what, "the image that it stands on is not known here"))
        return self._judge(read, application, evidence.image, what)

    def _judge(
        self, evidence: AppEvidence, application: Application, image: BaseImage, what: str
    ) -> AppEvidence:
        equipped = _with_packages(image, evidence.installed)
        self._progress.step(f"judging {evidence.path} on {image.name}")
        options = FitOptions(
            accelerator=evidence.accelerator,
            offline=not self._online,
            allow_index=self._allow_index,
            inspect_unknown=self._online,
        )
        try:
            report = judge_all(application, (image, equipped), options, progress=self._progress)
        except ResolveError as error:
            hint = "" if self._online else "; `--online` lets the package index be asked"
            return _unseen(evidence, NotCovered(what, f"{error.message}{hint}"))
        fit = report.of(image)
        resolution = report.resolutions.get(image.python_minor)
        names = evidence.distributions
        if isinstance(resolution, Resolution):
            wanted = {one.name for one in fit.installs if one.kind is not InstallKind.NOT_WANTED}
            names = tuple(sorted(wanted | set(evidence.distributions)))
        return msgspec.structs.replace(
            evidence,
            bare=fit,
            equipped=report.of(equipped),
            distributions=names,
            resolved=isinstance(resolution, Resolution),
            inspected=not report.not_covered,
            libraries=_libraries(image, evidence.installed),
            not_covered=tuple(sorted({*evidence.not_covered, *report.not_covered})),
        )


def _unseen(evidence: AppEvidence, said: NotCovered) -> AppEvidence:
    return msgspec.structs.replace(evidence, not_covered=(*evidence.not_covered, said))


def _unpinned(application: Application) -> tuple[str, ...]:
    pinned = {one.name for one in application.constraints if one.pinned_version is not None}
    asked = {one.name for one in application.requirements if one.pinned_version is None}
    return tuple(sorted(asked - pinned))


def _all_names(evidence: AppEvidence, application: Application, lock: Resolution | None) -> tuple[str, ...]:
    asked = {one.name for one in application.requirements}
    locked = {one.name for one in lock.packages} if lock is not None else set()
    return tuple(sorted({*evidence.distributions, *asked, *locked}))


def _named(calls: Sequence[PipCall]) -> tuple[str, ...]:
    """Return the distributions that pip calls name themselves, in the form of PEP 503."""
    from packaging.utils import canonicalize_name  # noqa: PLC0415 - 30 ms, only where pip is called

    found = set()
    for call in calls:
        for word in call.operands:
            name = (
                word.text.split("[")[0]
                .split("=")[0]
                .split("<")[0]
                .split(">")[0]
                .split("~")[0]
                .split("!")[0]
                .strip()
            )
            if (
                word.literal
                and name
                and not name.startswith((".", "/", "-"))
                and "/" not in name
                and ":" not in name
            ):
                found.add(str(canonicalize_name(name)))
    return tuple(sorted(found))


def _bare(name: str) -> str:
    """Return a package name without version, architecture and release."""
    for separator in ("=", "/", "<", ">", "~", "@"):
        name = name.partition(separator)[0]
    return name if name.startswith("so:") else name.partition(":")[0]


def _with_packages(image: BaseImage, names: Sequence[str]) -> BaseImage:
    """Return the image with what a Dockerfile installs on it, dependencies included, under a name of its own."""
    reference = msgspec.structs.replace(
        image.reference, tag=f"{image.reference.tag or 'base'}.equipped"[:128]
    )
    packages = image.packages
    if packages is not None and names and image.distro.id == _DEBIAN:
        try:
            suite = load_suite(image.distro.codename, image.platform.architecture)
        except KnowledgeError:
            suite = None
        if suite is not None:
            installed = {package.name: package.version for package in packages}
            brought = closure(names, installed, suite).packages
            packages = (
                *packages,
                *(
                    Package(type=PackageType.DEB, name=one.name, version=one.version, source=one.source)
                    for one in brought
                ),
            )
    return msgspec.structs.replace(image, reference=reference, packages=packages)


def _libraries(image: BaseImage, names: Sequence[str]) -> tuple[str, ...]:
    """Return those of the names that carry a shared library of the map: what is installed to be loaded."""
    suite = SonameMap.load().suites.get(image.distro.codename)
    if suite is None or image.packages_basis.kind is BasisKind.UNKNOWN:
        return ()
    providers = set(suite.packages.values())
    present = {package.name for package in image.packages or ()}
    return tuple(
        sorted(name for name in names if name in providers and name.startswith("lib") and name not in present)
    )
