"""Resolving an application once per Python minor, universally for all of its Linux targets.

Versions are then the same on every candidate of a minor: a resolver that is asked per target takes an older
version where the newest has no wheel, and calls that success.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from basewise._internal.parallel import map_in_threads
from basewise.errors import ResolveError
from basewise.fit.markers import simplified
from basewise.fit.messages import Failure, FailureKind, read_failure, read_yanked
from basewise.fit.outcome import ResolutionProblem
from basewise.fit.pylock import read_pylock
from basewise.fit.sdist_metadata import SourceArchives
from basewise.fit.tags import WheelIndex
from basewise.fit.uv_request import CompileRequest, CompileResult, StaticMetadata
from basewise.fit.uv_runner import UvRunner
from basewise.model.evidence import NotCovered
from basewise.model.requirement import Application, Requirement, Resolution, ResolvedPackage
from basewise.progress import Progress

__all__ = ["Resolved", "index_error", "request_for", "requirement_line", "resolve_all", "resolve_minor"]

_PARALLEL_RUNS = 2
_MAX_ROUNDS = 8
_PROBLEM_KINDS = {
    FailureKind.MISSING: "missing",
    FailureKind.PYTHON: "python",
    FailureKind.UNSATISFIABLE: "unsatisfiable",
}


class Resolved(msgspec.Struct, frozen=True, kw_only=True):
    """The pins of a minor or why there are none, with what a user should know besides.

    `pure_sources` names distributions that only come as source and hold nothing to compile.
    """

    result: Resolution | ResolutionProblem
    warnings: tuple[str, ...] = ()
    not_covered: tuple[NotCovered, ...] = ()
    pure_sources: tuple[str, ...] = ()


HasRecipe = Callable[[str, str], bool]
"""Says whether a build recipe exists for a name and a version."""


def resolve_all(
    requests: Sequence[CompileRequest],
    runner: UvRunner,
    *,
    has_recipe: HasRecipe,
    archives: SourceArchives,
    progress: Progress,
) -> dict[str, Resolved]:
    """Resolve each request, two at a time.

    Args:
        requests: One per Python minor.
        runner: Runs uv.
        has_recipe: For which packages the source archive is looked up.
        archives: Reads source archives.
        progress: Is told what begins.

    Returns:
        By minor.

    Raises:
        ResolveError: uv is missing, or the index cannot be asked: the other minors are not tried.
    """
    if not requests:
        return {}
    # Fails at once, and in this thread, when uv is missing or of a wrong version.
    _ = runner.version

    def resolve(request: CompileRequest) -> Resolved:
        return resolve_minor(request, runner, has_recipe=has_recipe, archives=archives)

    found = map_in_threads(
        resolve,
        requests,
        threads=_PARALLEL_RUNS,
        begun=lambda request: progress.step(f"resolving for Python {request.python}"),
        interrupt=runner.stop,
    )
    return {request.python: one for request, one in zip(requests, found, strict=True)}


def request_for(
    app: Application, python: str, machines: tuple[str, ...], *, indexes: tuple[str, ...] = ()
) -> CompileRequest:
    """Return what to ask uv for an application and a minor."""
    return CompileRequest(
        python=python,
        requirements=tuple(dict.fromkeys(requirement_line(one) for one in app.requirements)),
        constraints=tuple(dict.fromkeys(requirement_line(one) for one in app.constraints)),
        machines=machines,
        indexes=indexes,
    )


def requirement_line(requirement: Requirement) -> str:
    """Write a requirement from its parsed parts."""
    extras = f"[{','.join(requirement.extras)}]" if requirement.extras else ""
    marker = f" ; {requirement.marker}" if requirement.marker else ""
    return f"{requirement.name}{extras}{requirement.specifier}{marker}"


def resolve_minor(
    request: CompileRequest, runner: UvRunner, *, has_recipe: HasRecipe, archives: SourceArchives
) -> Resolved:
    """Resolve for one minor; what has no wheel for Linux is taken from its source archive's metadata.

    Raises:
        ResolveError: The index cannot be asked, or uv itself fails.
    """
    sources: list[_Source] = []
    for _ in range(_MAX_ROUNDS):
        answer = runner.compile(request)
        if answer.lock is not None:
            packages = _simplify(read_pylock(answer.lock), request)
            packages = _with_sources(packages, request, runner, has_recipe=has_recipe)
            origin = f"resolved with uv {runner.version}"
            return Resolved(
                result=Resolution(python=request.python, packages=packages, origin=origin),
                warnings=read_yanked(answer.messages),
                not_covered=tuple(
                    NotCovered(f"dependencies of {one.static.name}", one.doubt)
                    for one in sources
                    if one.doubt
                ),
                pure_sources=tuple(one.static.name for one in sources if one.pure),
            )
        failure = read_failure(answer.messages)
        if failure.is_index or failure.kind is FailureKind.OTHER:
            raise index_error(failure)
        found = _source_only(failure, request, runner, archives)
        if not found:
            break
        sources += found
        request = msgspec.structs.replace(request, sources=tuple(one.static for one in sources))
    problem = ResolutionProblem(
        python=request.python,
        kind=_PROBLEM_KINDS[failure.kind],
        sentence=failure.sentence,
        packages=failure.packages,
    )
    return Resolved(result=problem)


def index_error(failure: Failure) -> ResolveError:
    """Return the error for an index that cannot be asked."""
    match failure.kind:
        case FailureKind.DENIED:
            hint = "give uv or pip the credentials of the index (for example in `UV_DEFAULT_INDEX` or `pip.conf`)"
            return ResolveError(f"the package index refuses the request: {failure.sentence}", hint=hint)
        case FailureKind.OFFLINE:
            hint = "leave out `--offline`, or lock the application and run it online once"
            return ResolveError(f"the requirements cannot be resolved offline: {failure.sentence}", hint=hint)
        case FailureKind.UNREACHABLE:
            hint = "check the network and the index that uv and pip are configured with"
            return ResolveError(f"the package index cannot be reached: {failure.sentence}", hint=hint)
        case _:
            return ResolveError(
                f"uv cannot resolve the requirements: {failure.sentence}",
                hint="check the configuration of uv (`uv.toml`, `UV_*` variables)",
            )


class _Source(msgspec.Struct, frozen=True):
    """A distribution that only comes as source: metadata for uv, a doubt about it, and whether it is pure."""

    static: StaticMetadata
    doubt: str = ""
    pure: bool = False


def _source_only(
    failure: Failure, request: CompileRequest, runner: UvRunner, archives: SourceArchives
) -> list[_Source]:
    """Return the distributions that uv rejects because they only come as source, with their metadata.

    uv also names a distribution of which a single version has no wheel; taking that one from source would
    hide the real conflict. So each one is asked for alone first.
    """
    known = {source.name for source in request.sources}
    found = []
    for name in failure.without_wheels:
        if name in known:
            continue
        lines = tuple(line for line in request.requirements if _name_of(line) == name) or (name,)
        alone = msgspec.structs.replace(request, requirements=lines, dependencies=False)
        if runner.compile(alone).lock is not None:
            continue
        as_source = runner.compile(msgspec.structs.replace(alone, sources=(StaticMetadata(name),)))
        listed = _listed_source(as_source, name)
        if listed is None or listed.sdist is None:
            continue
        metadata = archives.read(listed.sdist)
        requires = metadata.requires_dist if request.dependencies else ()
        doubt = metadata.doubt if request.dependencies else ""
        found.append(_Source(StaticMetadata(name, requires), doubt, metadata.compiled is False))
    return found


def _listed_source(answer: CompileResult, name: str) -> ResolvedPackage | None:
    packages = read_pylock(answer.lock) if answer.lock is not None else ()
    return next((package for package in packages if package.name == name), None)


def _name_of(line: str) -> str:
    end = next((place for place, char in enumerate(line) if not (char.isalnum() or char in "-._")), len(line))
    return line[:end]


def _simplify(packages: tuple[ResolvedPackage, ...], request: CompileRequest) -> tuple[ResolvedPackage, ...]:
    """Return the packages that some container of this minor wants, with what is left of their markers."""
    left = ((package, simplified(package.marker, request.python, request.machines)) for package in packages)
    return tuple(
        msgspec.structs.replace(package, marker=marker) for package, marker in left if marker is not None
    )


def _with_sources(
    packages: tuple[ResolvedPackage, ...], request: CompileRequest, runner: UvRunner, *, has_recipe: HasRecipe
) -> tuple[ResolvedPackage, ...]:
    """Return the packages with the source archives of those that can be built: a second look-up by name."""
    wanted = [
        one
        for one in packages
        if one.sdist is None
        and has_recipe(one.name, one.version)
        and not WheelIndex(one.wheels).covers(request.python, request.machines)
    ]
    for _ in range(_MAX_ROUNDS):
        if not wanted:
            return packages
        look_up = msgspec.structs.replace(
            request,
            requirements=tuple(f"{one.name}=={one.version}" for one in wanted),
            constraints=(),
            dependencies=False,
            sources=tuple(StaticMetadata(one.name) for one in wanted),
        )
        answer = runner.compile(look_up)
        if answer.lock is not None:
            found = {one.name: one.sdist for one in read_pylock(answer.lock)}
            return tuple(
                msgspec.structs.replace(one, sdist=found[one.name])
                if one.sdist is None and one.name in found
                else one
                for one in packages
            )
        without = set(read_failure(answer.messages).without_source)
        if not without & {one.name for one in wanted}:
            return packages
        wanted = [one for one in wanted if one.name not in without]
    return packages
