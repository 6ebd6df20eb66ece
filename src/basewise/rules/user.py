"""As whom the finished image runs."""

from __future__ import annotations

from collections.abc import Iterator

from basewise._internal.text import safe_text
from basewise.dockerfile.model import Part
from basewise.dockerfile.variables import argument_defaults, expand, unquoted
from basewise.model.check import CheckSeverity
from basewise.model.evidence import NotCovered
from basewise.rules.described import described
from basewise.rules.rule import Context, Found, RuleCheck

__all__ = ["ROOT_USER"]

_ROOT = frozenset({"root", "0"})
_HINT = "end the last stage with `USER 10001:10001`, a user of its own"


def _root_user(context: Context) -> Iterator[Found | NotCovered]:
    for one in context.users:
        if one.user.partition(":")[0] in _ROOT:
            message = f"the service `{safe_text(one.service)}` runs as root, whatever user its image has"
            yield Found(
                start=one.start, end=one.end, message=message, hint='write a number, such as `user: "10001"`'
            )
    if not context.chain:
        return
    last, name = _last_user(context)
    if last is None:
        yield from _inherited(context)
        return
    start, end = context.place(last)
    if name is None:
        yield NotCovered(
            f"the user of {context.path}", f"line {last.line}: only a build can tell `{last.arguments}`"
        )
    elif name.partition(":")[0] in _ROOT:
        yield Found(start=start, end=end, message="the image runs as root", hint=_HINT)


def _last_user(context: Context) -> tuple[Part | None, str | None]:
    """Return the USER instruction that holds, and the user that it names; None where variables hide it."""
    found: Part | None = None
    name: str | None = None
    scope = argument_defaults(context.dockerfile.global_arguments)
    values: dict[str, str | None] = {}
    for part in context.final_parts:
        if part.keyword in {"ARG", "ENV"}:
            values.update(argument_defaults((part,), {**scope, **values}))
        elif part.keyword == "USER":
            found, name = part, expand(unquoted(part.arguments.strip()), values)
    return found, name


def _inherited(context: Context) -> Iterator[Found | NotCovered]:
    start, end = context.place(context.chain[-1].stage.origin)
    base = context.base
    if base is None:
        yield Found(start=start, end=end, message="no USER is set, so the image runs as root", hint=_HINT)
    elif base.user is None:
        yield NotCovered(
            f"the user of {context.path}", f"no USER is set, and nothing here knows that of `{base.name}`"
        )
    elif base.user.partition(":")[0] in {*_ROOT, ""}:
        yield Found(
            start=start,
            end=end,
            image=base.name,
            message=f"no USER is set, so the image runs as root, the user of `{base.name}`",
            hint=_HINT,
            evidence=base.source,
        )


ROOT_USER = RuleCheck(
    described("BW020", "root-user", CheckSeverity.ERROR, "The finished image does not run as root."),
    _root_user,
)
