"""Whether the image has what the application's wheels need, and nothing that it pays for twice."""

from __future__ import annotations

import re
from collections.abc import Iterator

from basewise._internal.text import plural
from basewise.dockerfile.edit import Edit, line_end_of
from basewise.model.check import CheckSeverity
from basewise.model.evidence import NotCovered
from basewise.model.verdict import AddedPackage, Fit, InstallKind, Reason, ReasonKind, Verdict
from basewise.rules.copied_installs import copied_installs
from basewise.rules.described import described
from basewise.rules.evidence import AppEvidence, ImageEvidence
from basewise.rules.rule import Context, Found, RuleCheck

__all__ = ["DOES_NOT_FIT", "MISSING_LIBRARY", "NO_MUSL_WHEEL", "UNNEEDED_PACKAGE"]

MAX_NAMED = 6
_MUSL = "musl"
_WHEEL_KINDS = frozenset({ReasonKind.NO_WHEEL, ReasonKind.NO_FILE, ReasonKind.NO_RECIPE, ReasonKind.BUILDS})
_SONAME = re.compile(r"so:(lib[^.]+?|[^.]+)\.so(?:\.|\Z)")


def _missing_library(context: Context) -> Iterator[Found | NotCovered]:
    app, base = context.app, context.base
    if app is None:
        return
    yield from app.not_covered
    if app.equipped is None or base is None:
        return
    missing, unsure = _missing(app)
    if unsure:
        names = ", ".join(package.name for package in unsure)
        yield NotCovered(
            f"whether the image of {context.path} has {names}", "the installed packages may bring it"
        )
    elif missing and app.unread:
        words = ", ".join(app.unread[:3])
        names = ", ".join(package.name for package in missing)
        yield NotCovered(
            f"whether the image of {context.path} has {names}", f"only a build can tell `{words}`"
        )
    elif missing:
        edits = () if app.stand_ins else _install_edit(context, missing)
        names = " ".join(package.name for package in missing)
        called = f", as {app.image.distro} calls them" if app.stand_ins and app.image is not None else ""
        yield Found(
            start=base.use.start,
            end=base.use.end,
            image=base.name,
            message="; ".join(_why(package) for package in missing),
            hint=f"install {names} in the last stage{called}",
            evidence=_evidence(app, base),
            packages=tuple(sorted(package.name for package in missing)),
            fix=f"install {names}" if edits else "",
            edits=edits,
        )


def _evidence(app: AppEvidence, base: ImageEvidence) -> str:
    """Say where the facts come from; of a floating tag, on which images the same holds."""
    if not app.stand_ins:
        return base.source
    return f"the same on {' and '.join(app.stand_ins)}, which the tag may name"


def _missing(app: AppEvidence) -> tuple[list[AddedPackage], list[AddedPackage]]:
    """Return the packages that are needed and not installed, and those of which that cannot be told."""
    if app.equipped is None:
        return [], []
    missing = [package for package in app.equipped.add_packages if package.name not in app.installed]
    if app.image is None or app.image.libc.family != _MUSL:
        return missing, []
    left = [package for package in missing if not _brought_by_name(package.name, app.installed)]
    return ([], left) if left and app.installed else (left, [])


def _brought_by_name(needed: str, installed: tuple[str, ...]) -> bool:
    """Tell whether an apk package of the library's own name is installed (`libgomp` for `so:libgomp.so.1`)."""
    found = _SONAME.match(needed)
    stem = found.group(1) if found else needed
    return any(name == stem or name.rstrip("0123456789.-") == stem for name in installed)


def _why(package: AddedPackage) -> str:
    return (
        f"{package.name} is needed and not installed: {'; '.join(package.why) or 'the application needs it'}"
    )


def _install_edit(context: Context, missing: list[AddedPackage]) -> tuple[Edit, ...]:
    """Return the edit that installs packages: a RUN of their own, below the FROM of the last stage."""
    origin = context.chain[-1].stage.origin
    user = context.chain[-1].parent is not None or (
        context.base is not None and context.base.user not in {"root", "0"}
    )
    if user:
        return ()
    names = " ".join(package.name for package in missing)
    command = (
        f"apk add --no-cache {names}"
        if missing[0].manager == "apk"
        else f"apt-get update && apt-get install -y --no-install-recommends {names} && rm -rf /var/lib/apt/lists/*"
    )
    line_end = line_end_of(context.text)
    at = origin.at + len(origin.text)
    before = "" if origin.text.endswith("\n") else line_end
    return (Edit(at, at, f"{before}RUN {command}{line_end}"),)


def _unneeded(context: Context) -> Iterator[Found]:
    app = context.app
    if app is None or app.bare is None or not app.resolved or not app.inspected or _builds(app.bare):
        return
    needed = {
        name
        for package in (*app.bare.add_packages, *app.bare.build_packages)
        for name in (package.name, *(one.name for one in package.closure))
    }
    for run in context.runs:
        for script, call in run.calls:
            if not run.final or not call.installs:
                continue
            for word in call.operands:
                span = script.span(word.start, word.end) or (
                    run.part.at,
                    run.part.at + len(run.part.text.rstrip()),
                )
                if word.text in app.libraries and word.text not in needed:
                    yield Found(
                        start=span[0],
                        end=span[1],
                        message=f"{word.text} is installed, and no wheel of the application needs it",
                        hint="leave it out, or say in a comment what loads it",
                        packages=(word.text,),
                        evidence=f"needs of the wheels in {', '.join(app.files) or app.path}",
                    )


def _builds(fit: Fit) -> bool:
    return any(install.kind in {InstallKind.SDIST, InstallKind.UNKNOWN} for install in fit.installs)


def _no_musl_wheel(context: Context) -> Iterator[Found]:
    judged = _judged(context)
    if judged is None:
        return
    app, base, fit = judged
    if app.image is None or app.image.libc.family != _MUSL:
        return
    reasons = [reason for reason in fit.reasons if reason.kind in _WHEEL_KINDS and reason.package]
    names = tuple(sorted({reason.package for reason in reasons}))
    if not names:
        return
    blocked = fit.verdict is Verdict.DOES_NOT_FIT
    yield _about(
        app,
        base,
        f"{plural(len(names), 'package has', 'packages have')} no wheel for musl: {_listed(names)}",
        "stand on a slim image: `basewise choose` names one",
        severity=None if blocked else CheckSeverity.WARNING,
        packages=names,
    )


def _does_not_fit(context: Context) -> Iterator[Found]:
    yield from copied_installs(context)
    judged = _judged(context)
    if judged is None:
        return
    app, base, fit = judged
    if fit.verdict is not Verdict.DOES_NOT_FIT:
        return
    musl = app.image is not None and app.image.libc.family == _MUSL
    reasons = [
        reason for reason in fit.reasons if reason.blocking and not (musl and reason.kind in _WHEEL_KINDS)
    ]
    if not reasons:
        return
    yield _about(
        app,
        base,
        f"the application does not fit `{base.name}`: {_sentences(reasons)}",
        "`basewise choose` shows the images that it fits",
        packages=tuple(sorted({reason.package for reason in reasons if reason.package})),
    )


def _sentences(reasons: list[Reason]) -> str:
    shown = [reason.sentence for reason in reasons[:MAX_NAMED]]
    more = f" and {len(reasons) - MAX_NAMED} more" if len(reasons) > MAX_NAMED else ""
    return "; ".join(dict.fromkeys(shown)) + more


def _judged(context: Context) -> tuple[AppEvidence, ImageEvidence, Fit] | None:
    app, base = context.app, context.base
    if app is None or app.bare is None or base is None:
        return None
    return app, base, app.bare


def _about(
    app: AppEvidence,
    base: ImageEvidence,
    message: str,
    hint: str,
    *,
    severity: CheckSeverity | None = None,
    packages: tuple[str, ...] = (),
) -> Found:
    return Found(
        start=base.use.start,
        end=base.use.end,
        image=base.name,
        message=message,
        hint=hint,
        severity=severity,
        evidence=_evidence(app, base),
        packages=packages,
    )


def _listed(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return ", ".join(names[:MAX_NAMED]) + more


MISSING_LIBRARY = RuleCheck(
    described(
        "BW040",
        "missing-library",
        CheckSeverity.ERROR,
        "Every library and program that the application's wheels need is in the finished image.",
        fixable=True,
    ),
    _missing_library,
)
UNNEEDED_PACKAGE = RuleCheck(
    described(
        "BW041",
        "unneeded-package",
        CheckSeverity.WARNING,
        "No library is installed by name that no wheel of the application needs.",
    ),
    _unneeded,
)
NO_MUSL_WHEEL = RuleCheck(
    described(
        "BW044",
        "no-musl-wheel",
        CheckSeverity.ERROR,
        "On a musl image every package has a wheel for musl.",
    ),
    _no_musl_wheel,
)
DOES_NOT_FIT = RuleCheck(
    described(
        "BW045", "does-not-fit", CheckSeverity.ERROR, "The application installs and runs on the base image."
    ),
    _does_not_fit,
)
