"""How Python distributions are installed: from a lock, and without a cache in the layer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from basewise._internal.text import safe_text
from basewise.dockerfile.variables import argument_defaults
from basewise.model.check import CheckSeverity
from basewise.model.evidence import NotCovered
from basewise.rules.described import described
from basewise.rules.layers import after_word, has_cache_mount, removes
from basewise.rules.os_packages import call_place
from basewise.rules.pip_calls import PipCall, pip_calls
from basewise.rules.rule import Context, Found, RuleCheck, Run

__all__ = ["PIP_CACHE", "PIP_LOCK"]

_PINNED = re.compile(r"==(?!\S*\*)|@\s*\S+#sha256=|@[0-9a-f]{40}\b")
_VERSION_CONTROL = re.compile(r"(?:[\w.-]+(?:\[[\w,.-]*\])?\s*@\s*)?(?:git|hg|svn|bzr)\+")
_ARCHIVE = re.compile(r"://|\.(?:whl|zip|tar\.gz|tgz|tar\.bz2)\Z|/\*\Z")
_LOCAL = re.compile(r"\.{1,2}(?:/|\[|\Z)|/|file:")
MAX_NAMED = 5
_LOCK_HINT = "install from a lock with hashes: `pip install --require-hashes -r requirements.lock`"
_COMMIT_HINT = "write the commit after `@`, all 40 digits of it"
_LOCKING = {
    "uv": ("sync", ("--locked", "--frozen"), "add `--locked`"),
    "pipenv": ("install", ("--deploy", "--ignore-pipfile"), "add `--deploy`"),
}
_RESOLVES_NOTHING = ("--require-hashes", "--no-deps", "--no-index", "--help", "--version")
"""With `--no-index` all comes from files that are there already: they were chosen where they were made."""
_FALSE = frozenset({"", "0", "false", "no", "off"})
_CACHE_OFF = {"pip": ("PIP_NO_CACHE_DIR", "--no-cache-dir"), "uv": ("UV_NO_CACHE", "--no-cache")}


def _lock(context: Context) -> Iterator[Found | NotCovered]:
    for run in context.runs:
        for call in pip_calls(run):
            hidden = sorted({word.text for word in call.operands if _is_hidden(word.text)})
            if hidden:
                words = ", ".join(f"`{safe_text(word)}`" for word in hidden)
                yield NotCovered(f"what pip installs in {context.path}", f"only a build can tell {words}")
            problem = _unlocked(context, call)
            if problem is None:
                continue
            start, end = call_place(call.script, call.call, run)
            message, hint, names = problem
            yield Found(start=start, end=end, message=message, hint=hint, packages=names)


def _unlocked(context: Context, call: PipCall) -> tuple[str, str, tuple[str, ...]] | None:
    """Return what is not pinned by a call, what to do, and names; None when everything is."""
    if call.tool in _LOCKING:
        verb, options, hint = _LOCKING[call.tool]
        if call.verb.text == verb and not call.has(*options):
            return f"`{call.tool} {verb}` may change the lock while it builds", hint, ()
        return None
    if call.tool not in {"pip", "uv pip"} or call.has(*_RESOLVES_NOTHING):
        return None
    constrained = _constrained(context, call)
    if constrained is None:
        return None
    return _unlocked_operands(call, constrained) or _loose_files(context, call, constrained)


def _unlocked_operands(call: PipCall, constrained: frozenset[str]) -> tuple[str, str, tuple[str, ...]] | None:
    words = [word.text for word in call.operands]
    loose = [word for word in words if not _PINNED.search(word) and not _is_hidden(word)]
    moving = [word for word in loose if _VERSION_CONTROL.match(word)]
    files = [word for word in loose if word not in moving and (_LOCAL.match(word) or _ARCHIVE.search(word))]
    named = tuple(word for word in sorted({*loose} - {*moving, *files}) if _name_of(word) not in constrained)
    if named:
        return f"pip installs the newest of {', '.join(named)} on the day of the build", _LOCK_HINT, named
    if moving:
        return f"`{moving[0]}` names no commit: what it leads to can change", _COMMIT_HINT, ()
    if files and not call.constraints:
        return f"pip resolves the dependencies of `{files[0]}` anew with each build", _LOCK_HINT, ()
    return None


def _is_hidden(word: str) -> bool:
    """Tell whether a variable or a substitution says what is installed; one that only ends a pin does not."""
    return ("$" in word or "`" in word) and not _PINNED.search(word)


def _constrained(context: Context, call: PipCall) -> frozenset[str] | None:
    """Return the distributions that the constraints of a call pin; None where those cannot be read."""
    if not call.constraints:
        return frozenset()
    return context.app.constrained if context.app is not None else None


def _name_of(word: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\[<>=!~;@ ]", word, maxsplit=1)[0]).lower()


def _loose_files(
    context: Context, call: PipCall, constrained: frozenset[str]
) -> tuple[str, str, tuple[str, ...]] | None:
    found = {name for file in call.requirements for name in _unpinned_names(context, file)}
    names = sorted(found - constrained)
    if not names:
        return None
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    message = f"`{call.requirements[0]}` does not pin {', '.join(names[:MAX_NAMED])}{more}"
    return message, _LOCK_HINT, tuple(names)


def _unpinned_names(context: Context, file: str) -> tuple[str, ...]:
    app = context.app
    if app is None or not any(file.endswith(name) or name.endswith(file) for name in app.files):
        return ()
    return app.unpinned


def _cache(context: Context) -> Iterator[Found]:
    environment = _environment(context)
    for run in context.runs:
        if not run.final:
            continue
        for call in pip_calls(run):
            family = "uv" if call.tool.startswith("uv") else call.tool
            if family not in _CACHE_OFF or _keeps_no_cache(family, call, run, environment):
                continue
            option = _CACHE_OFF[family][1]
            edits = after_word(call.script, call.verb.end, f" {option}")
            start, end = call_place(call.script, call.call, run)
            yield Found(
                start=start,
                end=end,
                message=f"{family} leaves its cache in the layer",
                hint=f"add `{option}`, or mount a cache: `RUN --mount=type=cache,target=/root/.cache/{family}`",
                fix=f"add `{option}`" if edits else "",
                edits=edits,
            )


def _keeps_no_cache(family: str, call: PipCall, run: Run, environment: Mapping[str, str | None]) -> bool:
    variable, option = _CACHE_OFF[family]
    folder = f"{family.upper()}_CACHE_DIR"
    assigned = dict(word.text.partition("=")[::2] for word in call.call.command.words if "=" in word.text)
    value = assigned.get(variable, environment.get(variable))
    cache = assigned.get(folder, environment.get(folder))
    return (
        call.has(option, "-n" if family == "uv" else option)
        or (value is not None and value.lower() not in _FALSE)
        or has_cache_mount(run, "pip", "/.cache", "uv", *([cache] if cache else []))
        or removes(run, "/root/.cache", "~/.cache", "$HOME/.cache")
        or any(
            (other.program.startswith("pip") and other.command.texts[-2:] == ("cache", "purge"))
            or (other.program == "uv" and other.command.texts[-2:] == ("cache", "clean"))
            for _, other in run.calls
        )
    )


def _environment(context: Context) -> dict[str, str | None]:
    """Return what ENV and ARG of the final stages set."""
    return argument_defaults(context.final_parts)


PIP_LOCK = RuleCheck(
    described(
        "BW024", "pip-without-lock", CheckSeverity.WARNING, "Python distributions are installed from a lock."
    ),
    _lock,
)
PIP_CACHE = RuleCheck(
    described(
        "BW025", "pip-cache", CheckSeverity.WARNING, "No cache of pip or uv stays in a layer.", fixable=True
    ),
    _cache,
)
