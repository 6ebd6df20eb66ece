"""How an image is named: with a tag that says what it is, a digest that cannot move, from a place that is allowed."""

from __future__ import annotations

from collections.abc import Iterator

from basewise._internal.text import safe_text
from basewise.dockerfile.edit import Edit
from basewise.model.check import CheckSeverity
from basewise.model.evidence import NotCovered
from basewise.rules.described import described
from basewise.rules.evidence import ImageEvidence
from basewise.rules.rule import Context, Found, RuleCheck

__all__ = ["FLOATING", "NOT_ALLOWED", "NO_DIGEST", "NO_TAG", "UNRESOLVED", "digest_edit"]

_LATEST = "latest"


def _no_tag(context: Context) -> Iterator[Found]:
    for image in context.images:
        reference = image.reference
        if reference is None or (reference.tag is None and reference.digest is not None):
            continue
        if reference.tag in (None, _LATEST):
            what = "says `latest`" if reference.tag else "names no tag, which means `latest`"
            yield _at(
                image,
                f"`{image.name}` {what}: the next build may stand on something else",
                f"write a tag that says what it is, such as `{_suggested(image)}`",
            )


def _no_digest(context: Context) -> Iterator[Found]:
    for image in context.images:
        if image.reference is None or image.reference.digest is not None:
            continue
        edit = digest_edit(image)
        yield _at(
            image,
            f"`{image.name}` has no digest: what it names can change",
            _digest_hint(context, image),
            evidence=image.source if edit else "",
            fix=f"insert the digest of {image.source}" if edit else "",
            edits=(edit,) if edit else (),
        )


def _digest_hint(context: Context, image: ImageEvidence) -> str:
    if image.use.no_digest_why:
        known = f" (known: `{image.newest_digest}`)" if image.newest_digest is not None else ""
        return f"no digest can be inserted here: {image.use.no_digest_why}{known}"
    if context.inside:
        known = (
            f": `{image.newest_digest}`" if image.newest_digest is not None and not image.moved_from else ""
        )
        return f"no command writes into a Dockerfile inside of a compose file: write the digest there{known}"
    command = f"`basewise pin {safe_text(context.path)}` writes the digest"
    no_tag = image.reference is not None and image.reference.tag in (None, _LATEST)
    return f"write a tag first; then {command}" if no_tag else command


def digest_edit(image: ImageEvidence) -> Edit | None:
    """Return the edit that pins an image to the newest build that is known; None where none can be made.

    A tag that moved since it was seen is left alone: what it names today is not known.
    """
    at = image.use.digest_at
    if at is None or image.newest_digest is None or image.moved_from or image.reference is None:
        return None
    if image.reference.tag in (None, _LATEST) or image.reference.digest is not None:
        return None
    return Edit(at, at, f"@{image.newest_digest}")


def _floating(context: Context) -> Iterator[Found]:
    for image in context.images:
        if not (image.explicit or image.floating) or image.reference is None:
            continue
        if image.reference.tag in (None, _LATEST):
            continue
        pinned = image.reference.digest is not None
        edit = None if pinned else _explicit_edit(image)
        yield _at(
            image,
            f"the tag of `{image.name}` names no release of its distribution: it will move to the next one",
            f"write `{image.explicit}`, which is the same image"
            if image.explicit
            else "write the release of the distribution too"
            + (f", as in `{image.example}`" if image.example else ""),
            severity=CheckSeverity.NOTE if pinned else None,
            evidence=image.source,
            fix=f"write `{image.explicit}`" if edit else "",
            edits=(edit,) if edit else (),
        )


def _explicit_edit(image: ImageEvidence) -> Edit | None:
    """Return the edit that writes the tag out, None where variables or a line break in the name stand in the way."""
    if image.use.end - image.use.start != len(image.use.written):
        return None
    if not image.explicit or image.use.written not in {image.name, f"docker.io/library/{image.name}"}:
        return None
    tag = image.name.rpartition(":")[2]
    return Edit(image.use.end - len(tag), image.use.end, image.explicit.rpartition(":")[2])


def _not_allowed(context: Context) -> Iterator[Found]:
    registries, publishers = context.policy.allowed_registries, context.policy.allowed_publishers
    for image in context.images:
        if image.reference is None:
            continue
        place = f"{image.reference.registry}/{image.reference.repository}"
        if registries is not None and not any(
            place == each or place.startswith(f"{each}/") for each in registries
        ):
            yield _at(
                image,
                f"`{image.name}` comes from `{image.reference.registry}`, which the policy does not allow",
                f"allowed: {', '.join(registries) or 'nothing'}",
            )
        elif publishers is not None and image.publisher not in publishers:
            yield _at(
                image,
                f"`{image.name}` is published by {image.publisher or 'nobody known'}, whom the policy does not allow",
                f"allowed: {', '.join(publishers) or 'nobody'}",
            )


def _unresolved(context: Context) -> Iterator[Found | NotCovered]:
    for image in context.images:
        if image.reference is None:
            line = context.text.count("\n", 0, image.use.start) + 1
            yield _at(
                image,
                f"cannot resolve `{image.use.kind.value} {safe_text(image.use.written)}`: {image.problem}",
                "give the ARG a default, or write the image out"
                if "$" in image.use.written
                else "write a name that registries know",
            )
            yield NotCovered(
                f"the image in {safe_text(context.path)}:{line}",
                f"cannot resolve FROM line {line}: {image.problem}",
            )


def _suggested(image: ImageEvidence) -> str:
    return image.explicit or image.example or f"{image.name.removesuffix(f':{_LATEST}')}:VERSION"


def _at(
    image: ImageEvidence,
    message: str,
    hint: str,
    *,
    severity: CheckSeverity | None = None,
    evidence: str = "",
    fix: str = "",
    edits: tuple[Edit, ...] = (),
) -> Found:
    return Found(
        start=image.use.start,
        end=image.use.end,
        message=message,
        hint=hint,
        severity=severity,
        image=image.name,
        evidence=evidence,
        fix=fix,
        edits=edits,
    )


NO_TAG = RuleCheck(
    described(
        "BW001", "image-without-tag", CheckSeverity.ERROR, "An image has a tag, and it is not `latest`."
    ),
    _no_tag,
)
NO_DIGEST = RuleCheck(
    described(
        "BW002", "image-without-digest", CheckSeverity.ERROR, "An image is pinned to a digest.", fixable=True
    ),
    _no_digest,
)
FLOATING = RuleCheck(
    described(
        "BW005",
        "floating-tag",
        CheckSeverity.WARNING,
        "A tag names the release of the distribution that it stands on.",
        fixable=True,
    ),
    _floating,
)
NOT_ALLOWED = RuleCheck(
    described(
        "BW010",
        "image-not-allowed",
        CheckSeverity.ERROR,
        "An image comes from a registry and a publisher that the policy allows.",
    ),
    _not_allowed,
)
UNRESOLVED = RuleCheck(
    described("BW011", "unresolved-image", CheckSeverity.WARNING, "Every image can be told without a build."),
    _unresolved,
)
