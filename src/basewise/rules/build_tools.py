"""Compilers and headers in the image that runs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from basewise.dockerfile.shell import Call
from basewise.model.check import CheckSeverity
from basewise.rules.described import described
from basewise.rules.os_packages import call_place
from basewise.rules.rule import Context, Found, RuleCheck, Run

__all__ = ["BUILD_TOOLS", "is_build_tool"]

_TOOLS = re.compile(
    r"(?:gcc|g\+\+|cpp|clang|llvm|gfortran|golang|rustc|automake|autoconf|bison|openjdk-\d+-jdk)(?:-[0-9.]+)?\Z"
    r"|(?:build-essential|build-base|make|cmake|cargo|ninja-build|ninja|libtool|flex|pkg-config|pkgconf|binutils"
    r"|dpkg-dev|swig|nasm|yasm|patchelf|linux-headers|go|rust|cython3?|python3-dev|g\+\+-multilib)\Z"
    r"|.+-(?:dev|devel)\Z"
)
_REMOVES = frozenset({"purge", "remove", "autoremove", "del"})
_COMPILER = re.compile(
    r"(?:(?:gcc|g\+\+|clang)(?:-[0-9.]+)?|build-essential|build-base|binutils|libc6-dev|musl-dev)\Z"
)
_COMPILES_AT_RUN_TIME = frozenset({"deepspeed", "pymc", "pytensor", "sglang", "torch", "triton", "vllm"})
"""torch.compile, kernels of triton and the graphs of pytensor call a compiler in the image that runs."""
_RUN_TIME_HINT = "keep it where `torch.compile`, custom kernels or pytensor are used; else leave it out"
_HINT = "install them in a stage of their own, and copy what was built: `COPY --from=builder`"


def is_build_tool(name: str) -> bool:
    """Tell whether an OS package is a compiler, a tool of a build, or headers."""
    return bool(_TOOLS.match(_bare(name)))


def _build_tools(context: Context) -> Iterator[Found]:
    base = context.base
    if base is not None and base.standing is not None and base.standing.surface.compiler:
        yield Found(
            start=base.use.start,
            end=base.use.end,
            image=base.name,
            message=f"the finished image stands on `{base.name}`, which brings compilers and headers",
            hint="build in a first stage, and let the last one stand on a slim image",
            evidence=base.source,
        )
    compiling = _compiling(context)
    for run in context.runs:
        if not run.final:
            continue
        if _returns_to_what_was_there(run):
            continue
        gone = _removed(run)
        for script, call in run.calls:
            if not call.installs or _virtual_name(call) in gone:
                continue
            names = sorted({word.text for word in call.operands if word.literal})
            tools = tuple(name for name in names if _TOOLS.match(_bare(name)) and _bare(name) not in gone)
            compilers = tuple(name for name in tools if _COMPILER.match(_bare(name))) if compiling else ()
            others = tuple(name for name in tools if name not in compilers)
            start, end = call_place(script, call, run)
            if others:
                verb = "is for building, and stays" if len(others) == 1 else "are for building, and stay"
                message = f"{', '.join(others)} {verb} in the finished image"
                yield Found(start=start, end=end, message=message, hint=_HINT, packages=others)
            if compilers:
                verb = "stays" if len(compilers) == 1 else "stay"
                yield Found(
                    start=start,
                    end=end,
                    severity=CheckSeverity.NOTE,
                    message=f"{', '.join(compilers)} {verb} in the finished image, where {compiling} may compile",
                    hint=_RUN_TIME_HINT,
                    packages=compilers,
                )


def _compiling(context: Context) -> str:
    """Return the distributions of the application that compile when they run, as words; "" for none."""
    names = context.app.distributions if context.app is not None else ()
    return " and ".join(name for name in names if name in _COMPILES_AT_RUN_TIME)


def _returns_to_what_was_there(run: Run) -> bool:
    """Tell whether the instruction marks all packages as automatic and purges those that nothing needs."""
    marks = any(
        call.program == "apt-mark" and "auto" in [word.text for word in call.operands]
        for _, call in run.calls
    )
    return marks and any(
        call.manager == "apt"
        and call.verb is not None
        and (
            call.verb.text == "autoremove"
            or (call.verb.text in _REMOVES and call.has("--auto-remove", "--autoremove"))
        )
        for _, call in run.calls
    )


def _removed(run: Run) -> frozenset[str]:
    """Return names that the instruction removes again; all of them belong to the same layer."""
    return frozenset(
        _bare(word.text)
        for _, call in run.calls
        if call.manager and call.verb is not None and call.verb.text in _REMOVES
        for word in call.operands
    )


def _virtual_name(call: Call) -> str:
    texts = [option.text for option in call.options]
    for index, text in enumerate(texts):
        name, equals, value = text.partition("=")
        if name in {"-t", "--virtual"}:
            return value if equals else "".join(texts[index + 1 : index + 2])
    return ""


def _bare(name: str) -> str:
    """Return a package name without version, architecture and release."""
    return re.split(r"[=:/~<>@]", name, maxsplit=1)[0]


BUILD_TOOLS = RuleCheck(
    described(
        "BW026",
        "build-tools",
        CheckSeverity.WARNING,
        "No compiler, header or `-dev` package is in the finished image.",
    ),
    _build_tools,
)
