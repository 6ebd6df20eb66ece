"""Whether a digest is still the right one: its age, what a newer build removes, and tags that moved."""

from __future__ import annotations

from collections.abc import Iterator

from basewise._internal.text import plural, safe_text
from basewise.model.check import CheckSeverity
from basewise.model.evidence import NotCovered
from basewise.rules.described import described
from basewise.rules.evidence import ImageEvidence, RefreshEffect
from basewise.rules.rule import Context, Found, RuleCheck

__all__ = ["CHANGED_DISTRO", "OLD_DIGEST", "SUPERSEDED"]

MAX_NAMED_IDS = 6


def _old_digest(context: Context) -> Iterator[Found | NotCovered]:
    for image in context.images:
        if image.reference is None or image.reference.digest is None:
            continue
        if image.created is None:
            yield NotCovered(
                f"age of `{image.name}@{image.reference.digest.short}`",
                "neither the catalogue nor the lock file knows this digest; `--online` asks its registry",
            )
            continue
        age = (context.today - image.created).days
        if age <= context.policy.max_digest_age_days:
            continue
        yield Found(
            start=image.use.start,
            end=image.use.end,
            severity=None if image.superseded else CheckSeverity.NOTE,
            image=image.name,
            message=f"the digest of `{image.name}` was built {plural(age, 'day')} ago, on {image.created}"
            + ("" if image.superseded else "; no newer one is known here"),
            hint=f"refresh needed: {_refresh(context)}",
            evidence=image.source,
        )


def _superseded(context: Context) -> Iterator[Found | NotCovered]:
    for image in context.images:
        if not image.superseded:
            continue
        if image.effect is None:
            yield NotCovered(
                f"what a refresh of `{image.name}` removes",
                "the newer build, or the pinned one, was not measured",
            )
        elif image.effect.removes:
            yield Found(
                start=image.use.start,
                end=image.use.end,
                image=image.name,
                message=_removes(image, image.effect),
                hint=_refresh(context),
                evidence=f"{image.source}; advisories of {image.effect.as_of}; {image.effect.how}",
            )


def _removes(image: ImageEvidence, effect: RefreshEffect) -> str:
    ids = ", ".join(effect.removes[:MAX_NAMED_IDS])
    more = f" and {len(effect.removes) - MAX_NAMED_IDS} more" if len(effect.removes) > MAX_NAMED_IDS else ""
    adds = f" and adds {plural(len(effect.adds), 'finding')}" if effect.adds else ""
    built = f" of {image.newest.created.date()}" if image.newest is not None else ""
    return (
        f"the newer build{built} of `{image.name}` removes {plural(len(effect.removes), 'finding')}"
        f" ({ids}{more}){adds}"
    )


def _changed_distro(context: Context) -> Iterator[Found]:
    for image in context.images:
        if image.moved_from:
            yield Found(
                start=image.use.start,
                end=image.use.end,
                image=image.name,
                message=f"the floating tag `{image.name}` changed its distribution: {image.moved_from}",
                hint="write a tag that names the release, and look at the names of the OS packages you install",
                evidence=image.source,
            )


def _refresh(context: Context) -> str:
    return f"`basewise pin --refresh {safe_text(context.path)}` moves the digest"


OLD_DIGEST = RuleCheck(
    described(
        "BW003",
        "old-digest",
        CheckSeverity.WARNING,
        "A digest is not older than the policy allows; a note where no newer one is known.",
    ),
    _old_digest,
)
SUPERSEDED = RuleCheck(
    described(
        "BW004",
        "superseded-digest",
        CheckSeverity.ERROR,
        "No newer build of the tag is known that removes findings.",
    ),
    _superseded,
)
CHANGED_DISTRO = RuleCheck(
    described(
        "BW006",
        "tag-changed-distro",
        CheckSeverity.ERROR,
        "A floating tag still stands on the distribution that it stood on.",
    ),
    _changed_distro,
)
