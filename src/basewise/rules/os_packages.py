"""How OS packages are installed: no more than is named, and nothing left behind in the layer."""

from __future__ import annotations

from collections.abc import Iterator

from basewise.dockerfile.scripts import Script
from basewise.dockerfile.shell import Call
from basewise.model.check import CheckSeverity
from basewise.rules.described import described
from basewise.rules.layers import after_word, append_command, has_cache_mount, removes
from basewise.rules.rule import Context, Found, RuleCheck, Run

__all__ = ["APK_CACHE", "APT_LISTS", "APT_RECOMMENDS", "call_place"]

_NO_RECOMMENDS = "--no-install-recommends"
_WITHOUT = {"aptitude": "--without-recommends"}
_REMOVE_LISTS = "rm -rf /var/lib/apt/lists/*"
_LISTS = "/var/lib/apt"
_SETTING = "install-recommends"
_NO = ("0", "false", "no")
_ONLY_RECOMMENDED = {
    "cmake": ("gcc", "make"),
    "curl": ("ca-certificates",),
    "gcc": ("libc6-dev",),
    "gfortran": ("libc6-dev",),
    "git": ("ca-certificates",),
    "python3-pip": ("build-essential", "python3-dev"),
    "wget": ("ca-certificates",),
    "xvfb": ("xauth",),
}
"""What usual work with a package needs and its Debian package only recommends (bookworm and trixie, 2026-11)."""
_BRINGS = {
    "build-essential": ("g++", "gcc", "libc6-dev", "make"),
    "g++": ("gcc", "libc6-dev"),
    "gfortran": ("gcc",),
    "python3-pip": ("ca-certificates",),
}


def _recommends(context: Context) -> Iterator[Found]:
    configured: set[int] = set()
    installed = _installed(context)
    for run in context.runs:
        if _configures(run):
            configured.add(run.stage)
        for script, call in run.calls:
            if call.manager != "apt" or not call.installs or not call.operands or run.stage in configured:
                continue
            option = _WITHOUT.get(call.program, _NO_RECOMMENDS)
            if call.has(option, "-R") or _sets_option(call) or call.verb is None:
                continue
            lost = _lost(context, run, call, installed[run.stage])
            edits = () if lost else after_word(script, call.verb.end, f" {option}")
            yield _found(
                script,
                call,
                run,
                f"`{call.program} install` also installs what the packages recommend",
                f"add `{option}`, and name what you need{lost}",
                fix=f"add `{option}`" if edits else "",
                edits=edits,
            )


def _installed(context: Context) -> dict[int, set[str]]:
    """Return the names of the packages that each stage with a RUN installs, with what these bring."""
    found: dict[int, set[str]] = {}
    for run in context.runs:
        names = found.setdefault(run.stage, set())
        names.update(_name(word.text) for _, call in run.calls if call.installs for word in call.operands)
    for names in found.values():
        names.update(each for name in names & _BRINGS.keys() for each in _BRINGS[name])
    return found


def _lost(context: Context, run: Run, call: Call, installed: set[str]) -> str:
    """Return what the packages would lack without what they recommend, as the end of a hint; "" for nothing known."""
    names = {_name(word.text) for word in call.operands} & _ONLY_RECOMMENDED.keys()
    lacking = {(each, name) for name in names for each in _ONLY_RECOMMENDED[name] if each not in installed}
    base = context.base
    if lacking and run.final and base is not None and base.standing is not None:
        there = {package.name for package in base.standing.packages or ()}
        lacking = {(each, name) for each, name in lacking if each not in there}
    lost = sorted(f"{each} for {name}" for each, name in lacking)
    return f": {', '.join(lost)}" if lost else ""


def _name(word: str) -> str:
    return word.partition("=")[0].partition(":")[0].partition("/")[0]


def _configures(run: Run) -> bool:
    """Tell whether the instruction writes a configuration of apt that settles it."""
    return any(_SETTING in script.text.lower() and "/etc/apt" in script.text for script in run.scripts)


def _sets_option(call: Call) -> bool:
    options = [option.text.lower().replace(" ", "") for option in call.options]
    return any(_SETTING in option and option.rstrip("\"';").endswith(_NO) for option in options)


def _lists(context: Context) -> Iterator[Found]:
    last = max((run.part.at for run in context.runs if _installs_from_lists(run)), default=-1)
    for run in context.runs:
        updates = [
            (script, call)
            for script, call in run.calls
            if call.manager == "apt" and call.verb is not None and call.verb.text == "update"
        ]
        if not run.final or not updates or removes(run, _LISTS) or has_cache_mount(run, _LISTS):
            continue
        if any(
            call.verb is not None and call.verb.text in {"distclean", "dist-clean"} for _, call in run.calls
        ):
            continue
        script, call = updates[-1]
        # A later RUN installs from the lists that this one leaves; it may be of a stage that stands on this one.
        edits = () if run.part.at < last else append_command(context, script, _remove_lists(call))
        yield _found(
            script,
            call,
            run,
            "the package lists of `apt-get update` stay in the layer",
            f"end the same RUN with `{_REMOVE_LISTS}`"
            if edits or any(each.installs for _, each in run.calls)
            else f"update, install and `{_REMOVE_LISTS}` belong into one RUN",
            fix=f"end with `{_REMOVE_LISTS}`" if edits else "",
            edits=edits,
        )


def _remove_lists(update: Call) -> str:
    """Return the command that removes the lists, as whoever fetched them: only their owner may."""
    return f"sudo {_REMOVE_LISTS}" if "sudo" in update.command.texts else _REMOVE_LISTS


def _installs_from_lists(run: Run) -> bool:
    """Tell whether an instruction installs from package lists that an earlier one left."""
    return any(call.manager == "apt" and call.installs for _, call in run.calls) and not _updates(run)


def _updates(run: Run) -> bool:
    return any(
        call.manager == "apt" and call.verb is not None and call.verb.text == "update"
        for _, call in run.calls
    )


def _apk_cache(context: Context) -> Iterator[Found]:
    for run in context.runs:
        if removes(run, "/var/cache/apk") or has_cache_mount(run, "/var/cache/apk", "/etc/apk/cache"):
            continue
        for script, call in run.calls:
            if call.manager != "apk" or not call.installs or call.verb is None or call.has("--no-cache"):
                continue
            edits = after_word(script, call.verb.end, " --no-cache")
            yield _found(
                script,
                call,
                run,
                "`apk add` leaves its index in the layer",
                "add `--no-cache`",
                fix="add `--no-cache`" if edits else "",
                edits=edits,
            )


def call_place(script: Script, call: Call, run: Run) -> tuple[int, int]:
    """Return where a call stands in the file; the whole instruction where its words have no place."""
    words = call.command.words
    span = script.span(words[0].start, words[-1].end)
    return span or (run.part.at, run.part.at + len(run.part.text.rstrip("\r\n")))


def _found(script: Script, call: Call, run: Run, message: str, hint: str, **repair: object) -> Found:
    start, end = call_place(script, call, run)
    return Found(
        start=start,
        end=end,
        message=message,
        hint=hint,
        severity=None if run.final else CheckSeverity.NOTE,
        packages=tuple(sorted({word.text for word in call.operands if word.literal})),
        **repair,  # type: ignore[arg-type]  # only `fix` and `edits` are given, by name
    )


APT_RECOMMENDS = RuleCheck(
    described(
        "BW021",
        "apt-recommends",
        CheckSeverity.WARNING,
        f"`apt-get install` has `{_NO_RECOMMENDS}`.",
        fixable=True,
    ),
    _recommends,
)
APT_LISTS = RuleCheck(
    described(
        "BW022",
        "apt-lists",
        CheckSeverity.WARNING,
        "The lists of `apt-get update` are removed in the same RUN.",
        fixable=True,
    ),
    _lists,
)
APK_CACHE = RuleCheck(
    described("BW023", "apk-cache", CheckSeverity.WARNING, "`apk add` has `--no-cache`.", fixable=True),
    _apk_cache,
)
