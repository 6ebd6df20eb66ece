"""The pins that are judged, per Python minor: the application's lock, completed where it must be, or a resolution."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec

from basewise.errors import ResolveError
from basewise.fit.addresses import wants_addresses, with_addresses, without_addresses
from basewise.fit.completion import (
    CompletionCache,
    completion_request,
    is_enough,
    known_files,
    merge_files,
    needs_completion,
)
from basewise.fit.facts import WheelFact
from basewise.fit.indexes import IndexDecision, decide_indexes
from basewise.fit.knowledge import Knowledge
from basewise.fit.outcome import FitOptions, ResolutionProblem
from basewise.fit.plan import is_pure
from basewise.fit.resolve import Resolved, request_for, resolve_all
from basewise.fit.sdist_metadata import SourceArchives
from basewise.fit.targets import Target
from basewise.fit.uv_request import CompileRequest
from basewise.fit.uv_runner import UvRunner
from basewise.fit.wheel_facts import WheelFacts
from basewise.model.evidence import NotCovered
from basewise.model.requirement import Application, DistributionFile, Requirement, Resolution
from basewise.progress import Progress

__all__ = ["Pins", "find_pins"]

_USUAL_MACHINES = ("aarch64", "x86_64")


class Pins(msgspec.Struct, frozen=True, kw_only=True):
    """Pins by minor, with what a user should know besides."""

    by_python: dict[str, Resolution | ResolutionProblem]
    warnings: tuple[str, ...] = ()
    not_covered: tuple[NotCovered, ...] = ()
    pure_sources: frozenset[str] = frozenset()


class _Sources(msgspec.Struct, frozen=True, kw_only=True):
    """Where pins come from."""

    app: Application
    runner: UvRunner
    facts: WheelFacts
    knowledge: Knowledge
    cache: CompletionCache
    archives: SourceArchives
    options: FitOptions
    progress: Progress

    def resolve(self, requests: Sequence[CompileRequest]) -> dict[str, Resolved]:
        """Run uv for each request."""
        return resolve_all(
            requests,
            self.runner,
            has_recipe=self.has_recipe,
            archives=self.archives,
            progress=self.progress,
        )

    def has_recipe(self, name: str, version: str) -> bool:
        """Say whether a build recipe exists anywhere."""
        return self.knowledge.recipe_for(name, version) is not None

    def is_known(self, file: DistributionFile) -> bool:
        """Say whether a wheel was measured, or a sibling that stands for it; a pure one has nothing to read."""
        return is_pure(file) or self.facts.lookup(file) is not None

    def fact_by_hash(self, sha256: str) -> WheelFact | None:
        """Return the fact of a wheel of which only the hash is known."""
        found = self.facts.lookup(DistributionFile(filename="", sha256=sha256))
        return found.fact if found is not None else None


def find_pins(
    app: Application,
    targets: Sequence[Target],
    *,
    runner: UvRunner,
    facts: WheelFacts,
    knowledge: Knowledge,
    cache: CompletionCache,
    archives: SourceArchives,
    options: FitOptions,
    progress: Progress,
) -> Pins:
    """Return the pins for the minors of the targets.

    Raises:
        ResolveError: An application without a lock cannot be resolved: the index cannot be asked, uv is
            missing, or no minor has a solution.
    """
    sources = _Sources(
        app=app,
        runner=runner,
        facts=facts,
        knowledge=knowledge,
        cache=cache,
        archives=archives,
        options=options,
        progress=progress,
    )
    if app.lock is not None:
        return _from_lock(app.lock, targets, sources)
    return _from_index(targets, sources)


def _from_index(targets: Sequence[Target], sources: _Sources) -> Pins:
    app = sources.app
    machines = _machines(targets)
    decision = _decide(sources)
    requests = [request_for(app, python, machines, indexes=decision.allowed) for python in _pythons(targets)]
    resolved = sources.resolve(requests)
    _demand_a_solution(resolved, sources, decision)
    return Pins(
        by_python={python: one.result for python, one in resolved.items()},
        warnings=_warnings(resolved),
        not_covered=(*decision.not_covered, *(gap for one in resolved.values() for gap in one.not_covered)),
        pure_sources=_pure_sources(resolved),
    )


def _from_lock(lock: Resolution, targets: Sequence[Target], sources: _Sources) -> Pins:
    pythons = _pythons(targets)
    lock = without_addresses(lock)
    if not needs_completion(lock):
        return _with_files(lock, targets, sources)
    requests = {python: completion_request(lock, python, _machines(targets)) for python in pythons}
    urls = sources.runner.index_settings.urls
    answers = {
        python: answer
        for python, request in requests.items()
        if (answer := sources.cache.read(request, urls)) is not None
    }
    if len(answers) == len(requests):
        return _merged(lock, lock, answers, sources, IndexDecision())
    known = known_files(lock, sources.fact_by_hash)
    if is_enough(known, targets):
        return Pins(by_python=dict.fromkeys(pythons, known))
    try:
        return _completed(lock, known, requests, answers, sources)
    except (HashMismatchError, UnsatisfiableError):
        raise
    except ResolveError as error:
        # A lock still says what will be installed; what it leaves open is said to be unknown.
        offline = sources.options.offline
        reason = "the index was not asked (offline)" if offline else error.message
        gap = NotCovered(f"files of the {lock.origin}", f"{reason}; what is not known by hash stays unknown")
        return Pins(
            by_python=dict.fromkeys(pythons, known),
            warnings=() if offline else (error.message,),
            not_covered=(gap,),
        )


def _with_files(lock: Resolution, targets: Sequence[Target], sources: _Sources) -> Pins:
    """Return the pins of a lock that names its files; the index tells where to find wheels that are not known."""
    pins = Pins(by_python=dict.fromkeys(_pythons(targets), lock), pure_sources=_pure_of_lock(lock, sources))
    if sources.options.offline or not wants_addresses(lock, targets, sources.is_known):
        return pins
    requests = {python: completion_request(lock, python, _machines(targets)) for python in _pythons(targets)}
    try:
        answers = _asked_once(requests, sources)
    except ResolveError as error:
        gap = NotCovered(f"wheels of the {lock.origin} that are not known yet", error.message)
        return msgspec.structs.replace(pins, not_covered=(gap,))
    found = {
        python: with_addresses(lock, answer) if isinstance(answer, Resolution) else lock
        for python, answer in answers.items()
    }
    return msgspec.structs.replace(pins, by_python=found)


def _asked_once(
    requests: Mapping[str, CompileRequest], sources: _Sources
) -> dict[str, Resolution | ResolutionProblem]:
    """Return the answers of the index from the cache, and ask for those that are not there."""
    urls = sources.runner.index_settings.urls
    cached = {python: sources.cache.read(request, urls) for python, request in requests.items()}
    answers = {python: answer for python, answer in cached.items() if answer is not None}
    missing = [request for python, request in requests.items() if python not in answers]
    for python, one in sources.resolve(missing).items():
        answers[python] = one.result
        sources.cache.write(requests[python], urls, one.result)
    return answers


def _completed(
    lock: Resolution,
    known: Resolution,
    requests: Mapping[str, CompileRequest],
    answers: Mapping[str, Resolution | ResolutionProblem],
    sources: _Sources,
) -> Pins:
    """Ask the index for the minors that were not asked for before, once."""
    decision = _decide(sources)
    missing = [request for python, request in requests.items() if python not in answers]
    resolved = sources.resolve(
        [msgspec.structs.replace(request, indexes=decision.allowed) for request in missing]
    )
    found = dict(answers)
    for request in missing:
        found[request.python] = resolved[request.python].result
        if not sources.options.offline:
            sources.cache.write(request, sources.runner.index_settings.urls, found[request.python])
    pins = _merged(lock, known, found, sources, decision)
    return msgspec.structs.replace(pins, warnings=_warnings(resolved))


def _merged(
    lock: Resolution,
    known: Resolution,
    answers: Mapping[str, Resolution | ResolutionProblem],
    sources: _Sources,
    decision: IndexDecision,
) -> Pins:
    """Put the files of the index into the lock, by minor."""
    _demand_files(lock, known, answers)
    _demand_a_solution({python: Resolved(result=one) for python, one in answers.items()}, sources, decision)
    return Pins(
        by_python={
            python: merge_files(known, answer)[0] if isinstance(answer, Resolution) else answer
            for python, answer in sorted(answers.items(), key=lambda item: int(item[0].split(".")[1]))
        },
        not_covered=decision.not_covered,
        pure_sources=frozenset().union(
            *(_pure_of_lock(one, sources) for one in answers.values() if isinstance(one, Resolution))
        ),
    )


def _demand_files(
    lock: Resolution, known: Resolution, answers: Mapping[str, Resolution | ResolutionProblem]
) -> None:
    """Refuse a lock of which a pin has no file with a pinned hash, whatever the Python."""
    mismatches = [set(merge_files(known, one)[1]) for one in answers.values() if isinstance(one, Resolution)]
    everywhere = set.intersection(*mismatches) if mismatches else set()
    if everywhere:
        names = ", ".join(sorted(everywhere))
        raise HashMismatchError(
            f"{lock.origin}: no file of {names} on the package index has a hash that is pinned",
            hint="lock the application again, and find out why the files changed before you trust them",
        )


class HashMismatchError(ResolveError):
    """A pinned hash belongs to no file of the index."""


def _demand_a_solution(resolved: Mapping[str, Resolved], sources: _Sources, decision: IndexDecision) -> None:
    """Raise the reason of the Python that the application states, or the newest, when no minor has a solution."""
    problems = {
        python: one.result for python, one in resolved.items() if isinstance(one.result, ResolutionProblem)
    }
    if not problems or len(problems) < len(resolved):
        return
    stated = sources.app.stated_python.minor if sources.app.stated_python is not None else ""
    newest = max(problems, key=lambda python: int(python.split(".")[1]))
    missing = next((one for one in problems.values() if one.kind == "missing"), None)
    problem = problems.get(stated) or missing or problems[newest]
    places = _places(problem, sources.app.requirements)
    if problem.kind == "missing":
        raise UnsatisfiableError(
            f"a requirement does not exist on the package index{places}: {problem.sentence}",
            hint=decision.hint
            or "check how it is spelled, and the index that uv and pip are configured with",
        )
    raise UnsatisfiableError(
        f"the requirements have no solution on Python {problem.python}{places}: {problem.sentence}",
        hint=decision.hint or "relax one of the requirements that are named, or choose another Python",
    )


class UnsatisfiableError(ResolveError):
    """No Python minor has a solution."""


def _places(problem: ResolutionProblem, requirements: Sequence[Requirement]) -> str:
    words = set(re.findall(r"[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9]|[A-Za-z0-9]", problem.sentence.lower()))
    named = [one for one in requirements if one.name in words or one.name in problem.packages]
    places = ", ".join(f"{one.name} in {one.location}" for one in named)
    return f" ({places})" if places else ""


def _decide(sources: _Sources) -> IndexDecision:
    return decide_indexes(sources.app.index_lines, sources.options.allow_index, sources.runner)


def _warnings(resolved: Mapping[str, Resolved]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(sentence for one in resolved.values() for sentence in one.warnings))


def _pure_of_lock(lock: Resolution, sources: _Sources) -> frozenset[str]:
    """Return the pins without any wheel whose source archive holds nothing to compile."""
    return frozenset(
        package.name
        for package in lock.packages
        if package.sdist is not None
        and not package.wheels
        and not sources.has_recipe(package.name, package.version)
        and sources.archives.read(package.sdist).compiled is False
    )


def _pure_sources(resolved: Mapping[str, Resolved]) -> frozenset[str]:
    return frozenset(name for one in resolved.values() for name in one.pure_sources)


def _pythons(targets: Sequence[Target]) -> list[str]:
    return sorted({target.python for target in targets}, key=lambda python: int(python.split(".")[1]))


def _machines(targets: Sequence[Target]) -> tuple[str, ...]:
    """Return the machines to resolve for: the usual ones always, so that one lock serves both."""
    return tuple(sorted({*_USUAL_MACHINES, *(target.machine for target in targets)}))
