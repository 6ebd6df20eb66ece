"""`basewise candidates refresh`: today's builds of a repository, measured where their digest changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from fnmatch import fnmatchcase

from basewise._internal.text import format_moment, plural
from basewise.candidates.catalogue import Catalogue
from basewise.candidates.user_catalogue import MeasuredImage, change_user_catalogue, load_whole_catalogue
from basewise.errors import ImageError, UsageError
from basewise.model.platform import LINUX_AMD64, Platform
from basewise.model.reference import Reference
from basewise.model.refresh import Refresh
from basewise.oci.registry_client import RegistryClient
from basewise.oci.registry_transfer import Transfer
from basewise.oci.tags import list_tags
from basewise.operations.limits import image_limits
from basewise.operations.read_image import ImageAccess, registry_options
from basewise.operations.refresh_builds import Refresher
from basewise.progress import Progress, SilentProgress

__all__ = ["DEFAULT_REPOSITORY", "refresh_candidates"]

DEFAULT_REPOSITORY = "python"
MAX_MATCHING_TAGS = 200


def refresh_candidates(
    pattern: str | None = None,
    *,
    repository: str = DEFAULT_REPOSITORY,
    platform: Platform = LINUX_AMD64,
    access: ImageAccess | None = None,
    read_layers: bool = False,
    now: datetime,
    progress: Progress | None = None,
) -> Refresh:
    """Look up today's digests of a repository, measure what changed, and keep it in the user's catalogue.

    Args:
        pattern: Tags, with `*` and `?`; None for those of the catalogue.
        repository: Name of the repository, without tag.
        platform: What the facts shall be about.
        access: How the registry may be asked.
        read_layers: Read the layers also where an SBOM would do.
        now: The clock.
        progress: Told of slow parts.

    Returns:
        One row for each build. What could not be read is a row with the reason; the others are kept.

    Raises:
        ImageError: The registry cannot be asked, no tag matches, or the user's catalogue is damaged.
        OutputError: The catalogue cannot be written.
        UsageError: The repository is no name, or too many tags match.
    """
    wanted = _repository(repository)
    allowed = access or ImageAccess()
    if allowed.offline:
        raise ImageError(
            f"cannot ask the registry of `{wanted.familiar}`: `--offline` forbids it",
            hint="leave `--offline` out; `basewise candidates add` takes local images",
        )
    catalogue = load_whole_catalogue(platform)
    transfer = Transfer()
    talk = progress or SilentProgress()
    with RegistryClient(registry_options(allowed), progress=talk, transfer=transfer) as client:
        refresher = Refresher(
            client,
            wanted,
            catalogue,
            read_layers=read_layers,
            now=now,
            progress=talk,
            limits=image_limits(allowed.limits),
        )
        talk.step(f"listing the tags of {wanted.familiar}")
        listed = list_tags(client, wanted.registry, wanted.repository)
        tags = _matching(listed.tags, pattern, wanted, catalogue)
        rows = refresher.run(tags, only_known=pattern is None)
    file = change_user_catalogue(lambda known: _merged(known, refresher.measured))
    return Refresh(
        generated_at=format_moment(now),
        repository=wanted.familiar,
        platform=str(platform),
        tags=len(listed.tags),
        tags_complete=listed.complete,
        images=tuple(sorted(rows, key=lambda row: row.image)),
        bytes_fetched=transfer.bytes_fetched,
        file=str(file),
    )


def _repository(text: str) -> Reference:
    found = Reference.parse(text)
    if found.tag is not None or found.digest is not None:
        raise UsageError(
            f"`{text}` names one image, not a repository", hint="write the tag as PATTERN, after the command"
        )
    return found


def _matching(
    tags: Sequence[str], pattern: str | None, repository: Reference, catalogue: Catalogue
) -> tuple[str, ...]:
    """Return the tags to look up: those that match, or those under which the catalogue knows an image.

    Raises:
        ImageError: There is none.
        UsageError: There are too many.
    """
    if pattern is not None:
        found = [tag for tag in tags if fnmatchcase(tag, pattern)]
    else:
        names = {name for image in catalogue.images for name in (image.name, *image.also_known_as)}
        found = [
            tag
            for tag in tags
            if Reference(repository.registry, repository.repository, tag).familiar in names
        ]
    if not found:
        what = f"matches `{pattern}`" if pattern is not None else "is in the catalogue"
        raise ImageError(
            f"of the {plural(len(tags), 'tag')} of `{repository.familiar}` none {what}",
            hint="a PATTERN takes `*` and `?`, for example `3.13-slim-*`",
        )
    if len(found) > MAX_MATCHING_TAGS:
        raise UsageError(
            f"{len(found)} tags of `{repository.familiar}` match, more than the limit of {MAX_MATCHING_TAGS}",
            hint="narrow the PATTERN, for example `3.13-slim-*`",
        )
    return tuple(found)


def _merged(known: Iterable[MeasuredImage], measured: Sequence[MeasuredImage]) -> list[MeasuredImage]:
    """Return the user's images with the measured ones in the place of those of the same name."""
    new = {entry.key: entry for entry in measured}
    return [*(entry for entry in known if entry.key not in new), *new.values()]
