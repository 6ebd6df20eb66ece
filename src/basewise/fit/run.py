"""Judging an application on many base images: one resolution per Python minor, one plan per place, one fit an image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from basewise.debian.package import SuiteIndex
from basewise.fit.completion import CompletionCache
from basewise.fit.judge import Environment, Judge
from basewise.fit.knowledge import Knowledge
from basewise.fit.numpy_abi import warn_of_numpy
from basewise.fit.outcome import FitOptions, FitReport, ResolutionProblem
from basewise.fit.packages import Bases, LoadSuite, release_of
from basewise.fit.pins import Pins, find_pins
from basewise.fit.plan import InstallPlan, Place, Planner, is_pure
from basewise.fit.sdist_metadata import SourceArchives
from basewise.fit.sonames import SonameMap
from basewise.fit.targets import admits_python, distinct_targets, target_of
from basewise.fit.uv_runner import UvRunner
from basewise.fit.wheel_facts import Collected, FoundFact, WheelFacts
from basewise.model.base_image import BaseImage
from basewise.model.evidence import NotCovered
from basewise.model.requirement import Accelerator, Application, DistributionFile, Resolution
from basewise.model.verdict import Fit, Reason, ReasonKind, Verdict
from basewise.progress import Progress, SilentProgress

__all__ = ["FitOptions", "FitReport", "judge_all"]

# Larger wheels are asked for their size alone, once.
_LARGEST_FETCHED_BYTES = 32 << 20
_PROBLEM_REASONS = {"python": ReasonKind.PYTHON}


def judge_all(
    app: Application,
    images: Sequence[BaseImage],
    options: FitOptions | None = None,
    *,
    facts: WheelFacts | None = None,
    knowledge: Knowledge | None = None,
    sonames: SonameMap | None = None,
    load_suite: LoadSuite | None = None,
    runner: UvRunner | None = None,
    cache: CompletionCache | None = None,
    archives: SourceArchives | None = None,
    progress: Progress | None = None,
) -> FitReport:
    """Judge whether an application installs, loads and runs on each image, and what must be added for it.

    Nothing of the application or of any package is executed.

    Args:
        app: What the application asks for.
        images: The candidates.
        options: How to judge.
        facts: Wheel facts; the embedded table with the user's cache when None.
        knowledge: Curated knowledge; the embedded one when None.
        sonames: Soname to package; the embedded map when None.
        load_suite: Loads the index of a Debian release; the embedded ones when None.
        runner: Runs uv.
        cache: Completed locks.
        archives: Reads source archives.
        progress: Is told what begins.

    Returns:
        One fit an image.

    Raises:
        ResolveError: The requirements cannot be resolved on any Python minor, or the index cannot be asked.
        KnowledgeError: Embedded data is damaged.
    """
    chosen = options or FitOptions()
    talk = progress or SilentProgress()
    known = knowledge if knowledge is not None else Knowledge.load()
    wheel_facts = facts if facts is not None else WheelFacts(today=chosen.today or _today(), knowledge=known)
    uv = runner or UvRunner(
        binary=chosen.uv_binary, timeout_seconds=chosen.timeout_seconds, offline=chosen.offline
    )
    admitted = [
        image
        for image in images
        if not app.requires_python or admits_python(app.requires_python, image.python)
    ]
    pins = (
        find_pins(
            app,
            distinct_targets(admitted),
            runner=uv,
            facts=wheel_facts,
            knowledge=known,
            cache=cache or CompletionCache(),
            archives=archives or SourceArchives(offline=chosen.offline),
            options=chosen,
            progress=talk,
        )
        if admitted
        else Pins(by_python={})
    )
    plans = _plan_all(admitted, pins, known)
    collected = _collect(plans, wheel_facts, chosen, talk)
    names = sonames if sonames is not None else SonameMap.load()
    judge = Judge(
        knowledge=known,
        sonames=names,
        bases=Bases(names, load_suite or _load_embedded_suite),
        accelerator=_accelerator(app, chosen),
    )
    environments = {key: judge.environment(plan, collected.found) for key, plan in plans.items()}
    return FitReport(
        fits={
            (image.name, str(image.platform)): _fit(image, app, pins, environments, judge) for image in images
        },
        resolutions=pins.by_python,
        not_covered=tuple(sorted({*pins.not_covered, *_gaps(environments, collected)})),
        warnings=tuple(dict.fromkeys((*pins.warnings, *warn_of_numpy(pins.by_python)))),
        python_changes=_changes(pins.by_python),
        own_lock=_is_own_lock(app),
        uv_runs=uv.runs,
    )


PlanKey = tuple[Place, str]


def _plan_all(images: Sequence[BaseImage], pins: Pins, knowledge: Knowledge) -> dict[PlanKey, InstallPlan]:
    planners: dict[int, Planner] = {}
    plans: dict[PlanKey, InstallPlan] = {}
    for image in images:
        resolution = pins.by_python.get(image.python_minor)
        key = _key(image)
        if key in plans or not isinstance(resolution, Resolution):
            continue
        planner = planners.get(id(resolution))
        if planner is None:
            planner = planners[id(resolution)] = Planner(
                resolution, knowledge, pure_sources=pins.pure_sources
            )
        plans[key] = planner.plan(key[0], image.python)
    return plans


def _key(image: BaseImage) -> PlanKey:
    return Place(target_of(image), release_of(image)), image.python


def _collect(
    plans: Mapping[PlanKey, InstallPlan], facts: WheelFacts, options: FitOptions, progress: Progress
) -> Collected:
    """Return the facts of all wheels, asking the network for those that a first or better answer can come for."""
    wheels: dict[str, DistributionFile] = {
        file.filename: file for plan in plans.values() for file in plan.wheels
    }
    known = {name: facts.lookup(file) for name, file in sorted(wheels.items())}
    wanted = [wheels[name] for name, fact in known.items() if _is_worth_asking(wheels[name], fact)]
    asked = Collected({})
    if wanted and options.inspect_unknown and not options.offline:
        asked = facts.collect(wanted, progress=progress)
    found = {name: fact for name, fact in known.items() if fact is not None} | asked.found
    return Collected(found, asked.problems)


def _is_worth_asking(file: DistributionFile, fact: FoundFact | None) -> bool:
    """Say whether the network can tell more: not again for what is too large to be fetched or has nothing to read."""
    if file.url is None:
        return False
    if fact is None or fact.fact.installed_bytes is None:
        return True
    too_large = (file.size_bytes or 0) > _LARGEST_FETCHED_BYTES
    return not (fact.fact.inspected or too_large or is_pure(file) or file.filename.startswith("nvidia_"))


def _fit(
    image: BaseImage,
    app: Application,
    pins: Pins,
    environments: Mapping[PlanKey, Environment],
    judge: Judge,
) -> Fit:
    environment = environments.get(_key(image))
    if environment is not None:
        return judge.judge(environment, image)
    problem = pins.by_python.get(image.python_minor)
    if isinstance(problem, ResolutionProblem):
        kind = _PROBLEM_REASONS.get(problem.kind, ReasonKind.UNSATISFIABLE)
        package = problem.packages[0] if problem.packages else ""
        return _refused(kind, package, f"no solution on Python {image.python_minor}: {problem.sentence}")
    sentence = f"the application requires Python {app.requires_python}; {image.name} has {image.python}"
    return _refused(ReasonKind.PYTHON, "", sentence)


def _refused(kind: ReasonKind, package: str, sentence: str) -> Fit:
    reason = Reason(kind=kind, package=package, sentence=sentence, blocking=True)
    return Fit(verdict=Verdict.DOES_NOT_FIT, reasons=(reason,))


def _gaps(environments: Mapping[PlanKey, Environment], collected: Collected) -> set[NotCovered]:
    names = {name for one in environments.values() for name in one.needs.not_inspected}
    gaps = {NotCovered("inspection of wheels", problem) for problem in collected.problems}
    if names:
        listed = ", ".join(sorted(names))
        gaps.add(NotCovered("native needs of wheels", f"not inspected: {listed}"))
    return gaps


def _changes(
    by_python: Mapping[str, Resolution | ResolutionProblem],
) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """Return the pins that differ between minors; the price of changing the Python."""
    resolutions = {python: one for python, one in by_python.items() if isinstance(one, Resolution)}
    if len({id(one) for one in resolutions.values()}) <= 1:
        return ()
    versions: dict[str, dict[str, str]] = {}
    for python, resolution in resolutions.items():
        for package in resolution.packages:
            versions.setdefault(package.name, {})[python] = package.version
    return tuple(
        (name, tuple(by_minor.items()))
        for name, by_minor in sorted(versions.items())
        if len(set(by_minor.values())) > 1 or len(by_minor) < len(resolutions)
    )


def _is_own_lock(app: Application) -> bool:
    """Say whether pip can install the application's own files with every hash checked."""
    return (
        app.lock is not None
        and all(package.hashes for package in app.lock.packages)
        and all(
            manifest.format == "requirements" for manifest in app.manifests if manifest.role != "compared"
        )
    )


def _accelerator(app: Application, options: FitOptions) -> Accelerator:
    stated = options.accelerator
    return app.accelerator if stated is None or stated is Accelerator.UNKNOWN else stated


def _load_embedded_suite(release: str, architecture: str) -> SuiteIndex:
    from basewise.debian.suite import load_suite  # noqa: PLC0415 - only where packages are added

    return load_suite(release, architecture)


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
