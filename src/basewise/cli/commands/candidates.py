"""`basewise candidates`: the catalogue of base images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from basewise.cli.answer import write_answer, write_result
from basewise.cli.image_options import image_access, image_options, image_platform
from basewise.cli.options import common_options, now_option, output_options, platform_option
from basewise.cli.running import current_moment, shown_progress

if TYPE_CHECKING:
    from basewise.operations.candidates_add import AddedCandidate

__all__ = ["command"]

EXIT_NOTHING_READ = 4


@click.group("candidates")
def command() -> None:
    """The catalogue of base images."""


@command.command("list")
@click.option("--platform", default="linux/amd64", show_default=True, metavar="OS/ARCH", help="Platform.")
@output_options(("table", "json"))
@now_option
@common_options
def list_command(**flags: Any) -> int:  # noqa: ANN401 - one name for all flags; each is typed where it is used
    """Show the base images that `choose` considers, with sizes, support and how each fact is known."""
    from basewise.model.platform import Platform
    from basewise.operations.candidates_list import list_candidates
    from basewise.report.listing import render_catalogue

    now = current_moment(flags)
    listing = list_candidates(Platform.parse(flags["platform"]), now.date())
    write_answer(render_catalogue, listing, flags)
    return 0


@command.command("add")
@click.argument("image", metavar="IMAGE")
@click.option(
    "--name",
    metavar="REF",
    help="What a FROM line calls it, where the image does not say; a digest in it is pinned.",
)
@image_options()
@now_option
@common_options
def add_command(**flags: Any) -> int:  # noqa: ANN401 - one name for all flags; each is typed where it is used
    """Measure IMAGE and keep its facts in your own catalogue, so that `choose` ranks it beside the embedded images.

    IMAGE is what `basewise sbom` takes. Your catalogue is the file that BASEWISE_CATALOGUE names, else one in your data directory.
    """
    from basewise.operations.candidates_add import add_candidate

    now = current_moment(flags)
    with shown_progress(flags) as progress:
        added = add_candidate(
            flags["image"],
            name=flags["name"],
            platform=image_platform(flags),
            access=image_access(flags),
            now=now,
            progress=progress,
        )
    write_result("\n".join(_told(added)) + "\n", None)
    return 0


@command.command("remove")
@click.argument("name", metavar="NAME")
@platform_option("Only the entry for this platform.")
@common_options
def remove_command(**flags: Any) -> int:  # noqa: ANN401 - one name for all flags; each is typed where it is used
    """Take the image NAME out of your own catalogue; an embedded image of this name is there again."""
    from basewise._internal.text import safe_text
    from basewise.operations.candidates_add import remove_candidate

    for entry in remove_candidate(flags["name"], image_platform(flags)):
        write_result(f"removed {safe_text(entry.image.name)} for {entry.image.platform}\n", None)
    return 0


@command.command("refresh")
@click.argument("pattern", required=False, metavar="[PATTERN]")
@click.option(
    "--repository",
    default="python",
    show_default=True,
    envvar="BASEWISE_REPOSITORY",
    metavar="REF",
    help="Repository whose tags are looked up, with its registry where it is not Docker Hub.",
)
@click.option("--read-layers", is_flag=True, help="Read the layers also where the publisher's SBOM would do.")
@image_options(offline="Ask no registry: an error, since a refresh must.")
@output_options(("table", "json"))
@now_option
@common_options
def refresh_command(**flags: Any) -> int:  # noqa: ANN401 - one name for all flags; each is typed where it is used
    """Look up today's builds, measure those whose digest changed, and keep them in your own catalogue.

    PATTERN names tags with `*` and `?` (`3.13-slim-*`); without it the images of the catalogue are looked up. Where
    the publisher attached an SBOM to a new build of a known image, it is read instead of the layers.
    """
    from basewise.model.platform import LINUX_AMD64
    from basewise.model.refresh import Change
    from basewise.operations.candidates_refresh import refresh_candidates
    from basewise.report.refresh import render_refresh

    now = current_moment(flags)
    with shown_progress(flags) as progress:
        refresh = refresh_candidates(
            flags["pattern"],
            repository=flags["repository"],
            platform=image_platform(flags) or LINUX_AMD64,
            access=image_access(flags),
            read_layers=flags["read_layers"],
            now=now,
            progress=progress,
        )
    write_result(render_refresh(refresh, flags["output_format"]), flags["output"])
    return EXIT_NOTHING_READ if all(row.change is Change.NOT_READ for row in refresh.images) else 0


def _told(added: AddedCandidate) -> list[str]:
    from basewise._internal.text import format_bytes, plural, safe_text

    image = added.measured.image
    packages = "packages not known" if image.packages is None else plural(len(image.packages), "package")
    sizes = (
        f"{format_bytes(image.size.compressed_bytes)} pulled, {format_bytes(image.size.disk_bytes)} on disk"
    )
    lines = [
        f"{'renewed' if added.replaced else 'added'} {safe_text(image.name)} for {image.platform} in {safe_text(added.file)}",
        f"- Python {image.python}, {safe_text(str(image.distro))}, {image.libc}, {packages}, {sizes}",
        f"- {format_bytes(added.bytes_fetched)} fetched",
    ]
    if image.index_digest is None:
        lines.append(
            "- its digest is not known, so `choose` shows it and does not recommend it: add it with `--name REF@sha256:…`"
        )
    if not image.trust.explicit_tag:
        lines.append(
            "- its tag does not name Python minor and distribution release, so `choose` ranks it with `--image` only"
        )
    lines += [
        f"- not covered: {safe_text(said.what)}: {safe_text(said.why)}" for said in added.measured.not_covered
    ]
    return lines
