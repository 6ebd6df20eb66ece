"""OS packages that an earlier Debian release had, and the one that the stage stands on does not have."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from basewise.debian.gone import Gone, load_gone
from basewise.dockerfile.images import ResolvedStage, contributing_stages, stage_chain
from basewise.dockerfile.model import Part
from basewise.dockerfile.scripts import Script, json_words
from basewise.dockerfile.shell import Call
from basewise.dockerfile.words import Word
from basewise.model.check import CheckSeverity
from basewise.model.evidence import NotCovered
from basewise.model.reference import DEFAULT_REGISTRY
from basewise.rules.described import described
from basewise.rules.evidence import ImageEvidence
from basewise.rules.os_packages import call_place
from basewise.rules.rule import Context, Found, RuleCheck

__all__ = ["PACKAGE_GONE"]

_DEBIANS_SOURCES_ALONE = frozenset(
    f"library/{name}"
    for name in (
        "buildpack-deps",
        "debian",
        "gcc",
        "golang",
        "node",
        "perl",
        "php",
        "pypy",
        "python",
        "ruby",
        "rust",
    )
)
"""Official images that install from Debian's archive alone (2026-11); another image may bring a source of its own."""
_OTHER_SOURCES = re.compile(
    r"/etc/apt(?!/apt\.conf)|sources\.list|\b(?:add-apt-repository|apt-add-repository|extrepo|apt-key)\b"
    r"|Dir::Etc|\.(?:deb|list|sources)\b"
)
"""What gives a stage other packages than those of the release: a source, or a package file that may bring one."""
_SHELLS = frozenset({".", "ash", "bash", "dash", "sh", "source", "zsh"})
_ABOVE_SOURCES = frozenset({"/", "/etc", "/etc/"})
_DECIDES = frozenset({"[", "[[", "case", "elif", "if", "test", "until", "while"})
_ONLY_SHOWS = ("-s", "--simulate", "--just-print", "--dry-run", "--recon", "--no-act", "--print-uris")
_OTHER_RELEASE = re.compile(r"-t|--target-release|--default-release|.*Default-Release", re.IGNORECASE)
_NAME = re.compile(r"([a-z0-9][a-z0-9+.-]+)(?:=\S+)?\Z")


def _gone_packages(context: Context) -> Iterator[Found | NotCovered]:
    runs = [run for run in context.runs if any(_installs(call) for _, call in run.calls)]
    scripted = {run.part.at for run in context.runs if any(_is_script(call) for _, call in run.calls)}
    adding = {
        one.stage.index: next((part.at for part in one.stage.parts if _may_add_sources(part, scripted)), None)
        for one in (context.stages if runs else ())
    }
    built = contributing_stages(context.dockerfile, context.stages, context.chain)
    for run in runs:
        chain = stage_chain(context.stages, str(run.stage))
        image = _below(context, chain)
        if (
            image is None
            or not _has_debians_sources_alone(image)
            or _may_add_sources(run.part, scripted)
            or any((at := adding[one.stage.index]) is not None and at < run.part.at for one in chain)
        ):
            continue
        severity = None if run.stage in built else CheckSeverity.NOTE
        for script, call in run.calls:
            for word in call.operands if _installs(call) and not _is_decided(script, call) else ():
                place = script.span(word.start, word.end) or call_place(script, call, run)
                yield from _of_word(context, image, word, place, severity)


def _below(context: Context, chain: Sequence[ResolvedStage]) -> ImageEvidence | None:
    """Return the image that a chain of stages stands on."""
    root = chain[0].use
    return next((one for one in context.images if root is not None and one.use == root), None)


def _has_debians_sources_alone(image: ImageEvidence) -> bool:
    """Tell whether an image is of Debian, and installs from Debian's archive and no other."""
    reference = image.reference
    return (
        reference is not None
        and (
            image.facts is not None
            or (reference.registry == DEFAULT_REGISTRY and reference.repository in _DEBIANS_SOURCES_ALONE)
        )
        and bool(image.may_be)
        and all(distro.id == "debian" and distro.codename for distro in image.may_be)
    )


def _may_add_sources(part: Part, scripted: set[int]) -> bool:
    """Tell whether an instruction may add a source of packages; `scripted` has the places of those that run scripts."""
    copies = part.keyword in {"COPY", "ADD"}
    if (copies or part.keyword in {"RUN", "ONBUILD"}) and _OTHER_SOURCES.search(part.text) is not None:
        return True
    return part.at in scripted or (copies and _fills_etc(part))


def _is_script(call: Call) -> bool:
    """Tell whether a call runs a script that is not in the file: of the context, or from the net."""
    if call.program in _SHELLS:
        return bool(call.operands) or call.command.before == "|"
    return call.program.endswith((".sh", ".bash"))


def _fills_etc(part: Part) -> bool:
    """Tell whether an instruction lays a folder, or what an archive holds, over the one that apt's sources are in."""
    *sources, target = json_words(part.arguments) or tuple(part.arguments.split()) or ("",)
    folders = part.keyword == "ADD" or not all(PurePosixPath(source).suffix for source in sources)
    return target in _ABOVE_SOURCES and folders


def _installs(call: Call) -> bool:
    """Tell whether a call installs packages, of no other release than that of the stage."""
    if call.manager != "apt" or not call.installs or call.has(*_ONLY_SHOWS):
        return False
    return call.command.after != "||" and not any(
        _OTHER_RELEASE.match(option.text) for option in call.options
    )


def _is_decided(script: Script, call: Call) -> bool:
    """Tell whether the script looks whether it shall install, or goes on where that fails."""
    if call.command.before in {"||", "|"} or any(
        command.words[0].text in _DECIDES for command in script.commands
    ):
        return True
    for later in script.commands[script.commands.index(call.command) + 1 :]:
        if later.before not in {"&&", "|"}:
            return later.before == "||"
    return False


def _of_word(
    context: Context, image: ImageEvidence, word: Word, place: tuple[int, int], severity: CheckSeverity | None
) -> Iterator[Found | NotCovered]:
    """Yield what is to be said of one package of an install line."""
    written = _NAME.match(word.text) if word.literal else None
    if written is None:
        return
    name, known = written[1], load_gone()
    gone = {distro: known.find(name, distro.codename) for distro in image.may_be}
    lacking = {distro: found for distro, found in gone.items() if found is not None}
    if not lacking:
        return
    named = " or ".join(str(distro) for distro in gone)
    if len(lacking) < len(gone):
        without = " and ".join(str(distro) for distro in lacking)
        yield NotCovered(
            f"whether `{name}` of {context.path} can be installed",
            f"`{image.name}` may be {named}, and {without} does not have it: write the release into the tag",
        )
        return
    newest = next(iter(lacking.values()))
    yield Found(
        start=place[0],
        end=place[1],
        severity=severity,
        image=image.name,
        message=f"`{name}` is no package of {named}; {newest.had} was the last release that had it",
        hint=_hint(newest),
        evidence=f"the package indexes of {known.as_of}, and for `{image.name}` {image.source or 'the tag'}",
        packages=(name,),
    )


def _hint(gone: Gone) -> str:
    if gone.several:
        return f"name the one that you want: {' or '.join(gone.several)}; apt takes none of them by itself"
    if gone.replaced_by:
        return f"install `{gone.replaced_by}`: `{gone.name}` was a transitional package for it"
    return "look for what took its place, or leave it out"


PACKAGE_GONE = RuleCheck(
    described(
        "BW027",
        "package-gone",
        CheckSeverity.ERROR,
        "The Debian release of the stage still has the packages that `apt-get install` names.",
    ),
    _gone_packages,
)
