"""`basewise choose`: rank base images for an application."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from basewise.cli.answer import write_answer, write_picture, write_result
from basewise.cli.image_options import access_options, stated_limits, token_services
from basewise.cli.options import (
    accelerator_option,
    allow_index_option,
    common_options,
    named_folder,
    now_option,
    output_options,
    platform_option,
)
from basewise.cli.running import shown_progress, stated_moment

if TYPE_CHECKING:
    from basewise.model.choice import Choice
    from basewise.model.reference import Reference
    from basewise.operations.options import ChooseOptions

__all__ = ["command"]

EXIT_NO_CANDIDATE = 1


@click.command("choose")
@click.argument("app", default=".", metavar="[APP]")
@click.option(
    "-r", "--requirement", multiple=True, metavar="FILE", help="Read this requirements file (repeatable)."
)
@click.option(
    "--extra", multiple=True, metavar="NAME", help="Optional dependencies that are part of production."
)
@click.option("--group", multiple=True, metavar="NAME", help="Dependency groups that are part of production.")
@click.option(
    "--project-root", metavar="DIR", help="Folder within which `-r` lines may leave the application."
)
@click.option("--python", metavar="X.Y", help="Only this Python minor.")
@click.option("--arch", metavar="ARCH", help="Architecture: `amd64` or `arm64`.")
@platform_option("Platform; default `linux/amd64`.")
@click.option(
    "--distro", metavar="NAME", help="Only this distribution or release: `debian`, `trixie`, `alpine3.24`."
)
@click.option("--libc", type=click.Choice(["glibc", "musl"]), help="Only this C library.")
@click.option("--max-size", metavar="SIZE", help="Largest finished application on disk: `800MB`, `1GiB`.")
@click.option("--image", multiple=True, metavar="REF", help="Only these images, known or not (repeatable).")
@accelerator_option("the application")
@click.option("--include-prerelease", is_flag=True, default=None, help="Admit pre-releases of Python.")
@click.option("--include-eol", is_flag=True, default=None, help="Admit what is past its end of support.")
@click.option("--allow-lts", is_flag=True, default=None, help="Rank long-term support like regular support.")
@click.option(
    "--prefer", type=click.Choice(["balanced", "security", "size"]), help="Named weights of the cost."
)
@allow_index_option
@click.option("--offline", is_flag=True, default=None, help="Ask nobody; use what is known.")
@access_options
@click.option("--dockerfile", metavar="PATH", help="Write the Dockerfile there (`-`: to stdout, alone).")
@click.option("--force", is_flag=True, help="Let `--dockerfile` replace files that basewise did not write.")
@output_options(("table", "json", "markdown", "html", "svg", "png"))
@now_option
@common_options
def command(**flags: Any) -> int:  # noqa: ANN401 - one name for all flags; each is typed where it is used
    """Rank base images for the application in the folder APP, with evidence.

    Reads what the application asks for, judges every base image of the catalogue, and prints the ranked
    answer with a Dockerfile. Nothing of the application is executed.
    """
    from basewise.operations.choose import choose

    folder = named_folder(flags["app"])
    now = stated_moment(flags)
    options = _options(folder, flags)
    with shown_progress(flags) as progress:
        choice = choose(folder, options, now=now, progress=progress)
    if flags["dockerfile"] == "-" and choice.recommendation is not None:
        write_result(choice.recommendation.dockerfile, flags["output"])
        return 0
    written = _write_dockerfile(choice, folder, flags)
    _print(choice, flags, with_dockerfile=flags["dockerfile"] is None)
    for path in written:
        progress.note(f"wrote {path}")
    return 0 if choice.recommendation is not None else EXIT_NO_CANDIDATE


def _print(choice: Choice, flags: dict[str, Any], *, with_dockerfile: bool) -> None:
    from basewise.report.render import render

    if flags["output_format"] == "png":
        from basewise.report.pictures import render_choice_png

        write_picture(render_choice_png(choice), flags["output"])
        return
    write_answer(partial(render, with_dockerfile=with_dockerfile), choice, flags)


def _write_dockerfile(choice: Choice, folder: Path, flags: dict[str, Any]) -> tuple[Path, ...]:
    if flags["dockerfile"] in {None, "-"} or choice.recommendation is None:
        return ()
    from basewise.operations.write_dockerfile import write_dockerfile

    return write_dockerfile(choice.recommendation, Path(flags["dockerfile"]), folder, force=flags["force"])


def _options(folder: Path, flags: dict[str, Any]) -> ChooseOptions:
    from basewise._internal.units import parse_size
    from basewise.model.platform import Platform
    from basewise.model.requirement import Accelerator
    from basewise.operations.options import options_from_settings
    from basewise.settings import environment_flag, load_settings

    architecture = flags["arch"] or flags["platform"]
    given = {
        "platform": None if architecture is None else Platform.parse(architecture),
        "max_size_bytes": None if flags["max_size"] is None else parse_size(flags["max_size"]),
        "images": tuple(_image(text) for text in flags["image"]) or None,
        "accelerator": None if flags["accelerator"] is None else Accelerator(flags["accelerator"]),
        "requirement_files": tuple(Path(name) for name in flags["requirement"]) or None,
        "extras": flags["extra"] or None,
        "groups": flags["group"] or None,
        "project_root": None if flags["project_root"] is None else Path(flags["project_root"]),
        "allow_index": flags["allow_index"] or None,
        "plain_http": flags["plain_http"] or None,
        "token_services": token_services(flags["token_service"]) or None,
        "limits": stated_limits(flags) or None,
        "ca_file": None if flags["ca_file"] is None else Path(flags["ca_file"]),
    }
    same = ("python", "distro", "libc", "include_prerelease", "include_eol", "allow_lts", "prefer")
    given |= {name: flags[name] for name in same}
    given["offline"] = flags["offline"] or environment_flag("BASEWISE_OFFLINE")
    return options_from_settings(load_settings(folder), folder, given)


def _image(text: str) -> Reference | str:
    """Return what `--image` names: a reference, or as it stands what is on this machine."""
    from basewise.model.reference import Reference
    from basewise.oci.open import is_local

    return text if is_local(text) else Reference.parse(text)
