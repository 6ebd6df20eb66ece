"""`basewise db`: the advisory store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from basewise.cli.answer import write_answer, write_result
from basewise.cli.options import ca_file_option, common_options, now_option, output_options
from basewise.cli.running import current_moment, shown_progress

if TYPE_CHECKING:
    from basewise.model.store_update import DatabaseUpdate
    from basewise.operations.db_build import DatabaseBuild

__all__ = ["command"]


Command = TypeVar("Command", bound=Callable[..., Any])


def allowance_options(command: Command) -> Command:
    """Add what lets a source replace a better one."""
    command = click.option(
        "--allow-downgrade", is_flag=True, help="Take over a source that is older than what is there."
    )(command)
    return click.option(
        "--allow-less", is_flag=True, help="Take over a source that has far less than before."
    )(command)


def renewed_store_option(command: Command) -> Command:
    """Add `--store` of a command that renews one."""
    return click.option(
        "--store", metavar="FILE", help="Renew this store instead of BASEWISE_STORE or your own."
    )(command)


@click.group("db")
def command() -> None:
    """The advisory store."""


@command.command("status")
@click.option(
    "--store", metavar="FILE", help="This store instead of BASEWISE_STORE, your own or the embedded one."
)
@output_options(("table", "json"))
@now_option
@common_options
def status_command(**flags: Any) -> int:  # noqa: ANN401 - one name for all flags; each is typed where it is used
    """Show the sources of the store, with their dates, ages, counts and what they leave unseen."""
    from basewise.operations.db_status import db_status
    from basewise.report.listing import render_store_status

    status = db_status(
        today=current_moment(flags).date(), store=None if flags["store"] is None else Path(flags["store"])
    )
    write_answer(render_store_status, status, flags)
    return 0


@command.command("update")
@click.argument("names", metavar="[SOURCE]...", nargs=-1)
@click.option("--without", multiple=True, metavar="SOURCE", help="Leave this source out (repeatable).")
@click.option(
    "--source",
    "addresses",
    multiple=True,
    metavar="NAME=URL",
    help="Fetch this source from there; several of one name are mirrors (repeatable).",
)
@ca_file_option
@renewed_store_option
@click.option("--offline", is_flag=True, help="Ask nobody: an error, since an update must.")
@allowance_options
@output_options(("table", "json"))
@now_option
@common_options
def update_command(**flags: Any) -> int:  # noqa: ANN401 - one name for all flags; each is typed where it is used
    """Fetch advisory data from its publishers and renew the store: your own, or the one that BASEWISE_STORE names.

    SOURCE is a feed (`osv`, `kev`) or one part of it (`"osv Red Hat"`); without any, everything that is
    fetched by default. A source that fails keeps the facts that it had; only when all fail the command
    ends with 4.
    """
    from basewise.operations.db_update import UpdateWishes, db_update
    from basewise.settings import environment_flag

    with shown_progress(flags) as progress:
        result = db_update(
            today=current_moment(flags).date(),
            wishes=UpdateWishes(
                wanted=tuple(flags["names"]),
                without=tuple(flags["without"]),
                addresses=tuple(flags["addresses"]),
                allow_less=flags["allow_less"],
                allow_downgrade=flags["allow_downgrade"],
                offline=flags["offline"] or environment_flag("BASEWISE_OFFLINE"),
                ca_file=None if flags["ca_file"] is None else Path(flags["ca_file"]),
            ),
            store=None if flags["store"] is None else Path(flags["store"]),
            progress=progress,
        )
    _write_update(result, flags)
    return 0


@command.command("import")
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option("--as-of", metavar="DATE", default="", help="Date of data that carries none, as 2026-11-23.")
@renewed_store_option
@allowance_options
@output_options(("table", "json"))
@now_option
@common_options
def import_command(**flags: Any) -> int:  # noqa: ANN401 - one name for all flags; each is typed where it is used
    """Renew the store from files, without any network.

    PATH is a bundle of `basewise db export`, or publishers' files as they are: OSV's all.zip, the JSON of Debian's
    tracker, of Alpine, Wolfi or Chainguard, KEV, EPSS, NVD; also directories and zip files of them. What a file
    is, its content tells.
    """
    from basewise.operations.db_import import ImportWishes, db_import

    with shown_progress(flags) as progress:
        result = db_import(
            [Path(path) for path in flags["paths"]],
            today=current_moment(flags).date(),
            wishes=ImportWishes(
                allow_less=flags["allow_less"],
                allow_downgrade=flags["allow_downgrade"],
                as_of=flags["as_of"],
            ),
            store=None if flags["store"] is None else Path(flags["store"]),
            progress=progress,
        )
    _write_update(result, flags)
    return 0


@command.command("export")
@click.argument("output", metavar="FILE")
@click.option("--store", metavar="STORE", help="This store instead of the one that other commands read.")
@common_options
def export_command(**flags: Any) -> int:  # noqa: ANN401 - one name for all flags; each is typed where it is used
    """Write the store as a bundle FILE, which `basewise db import` reads where no network is."""
    from basewise._internal.text import format_bytes, plural, safe_text
    from basewise.operations.db_export import db_export

    with shown_progress(flags) as progress:
        done = db_export(
            Path(flags["output"]),
            store=None if flags["store"] is None else Path(flags["store"]),
            progress=progress,
        )
    lines = [
        f"wrote {safe_text(done.bundle)}, {format_bytes(done.size_bytes)}, of the store {safe_text(done.store)}",
        f"sha256 {done.sha256}",
        *(f"- {safe_text(s.name)}: {s.as_of}, {plural(s.entries, 'fact')}" for s in done.sources),
    ]
    write_result("\n".join(lines) + "\n", None)
    return 0


@command.command("build")
@click.argument("output", metavar="[FILE]", required=False)
@click.option("--data", metavar="DIR", help="Folder with files of the feeds that read files.")
@click.option("--allow-less", is_flag=True, help="Write also when a source has far less than before.")
@common_options
def build_command(**flags: Any) -> int:  # noqa: ANN401 - one name for all flags; each is typed where it is used
    """Read the Debian archive that apt, or BASEWISE_DEBIAN_MIRROR, names, and renew the store with it.

    The store is your own, or the one that BASEWISE_STORE names; everything else in it is kept. With FILE a new
    store is written there, with what is kept from the store used now. Facts that come from files are taken from
    --data where it has them.
    """
    from basewise._internal.paths import cache_directory
    from basewise.operations.db_build import db_build

    with shown_progress(flags) as progress:
        built = db_build(
            None if flags["output"] is None else Path(flags["output"]),
            data=None if flags["data"] is None else Path(flags["data"]),
            cache=cache_directory() / "archive",
            allow_less=flags["allow_less"],
            progress=progress,
        )
    write_result("\n".join(_told(built)) + "\n", None)
    return 0


def _write_update(result: DatabaseUpdate, flags: Mapping[str, Any]) -> None:
    """Print what became of the store."""
    from basewise.report.store_update import render_store_update

    write_answer(render_store_update, result, flags)


def _told(built: DatabaseBuild) -> list[str]:
    from basewise._internal.text import format_bytes, plural, safe_text

    lines = [f"wrote {safe_text(built.store)}, {format_bytes(built.size_bytes)}"]
    for source in built.sources:
        checked = "signature checked" if source.verified else "not verified by signature"
        lines.append(
            f"- {safe_text(source.name)}: {source.as_of}, {plural(source.entries, 'fact')}, {checked}"
        )
    lines += [f"- {safe_text(name)}: kept from the store before" for name in built.kept]
    if built.skipped:
        first = built.skipped[0]
        lines.append(
            f"- {plural(sum(left.number for left in built.skipped), 'record')} left out, the first: {safe_text(first.what)}: {safe_text(first.why)}"
        )
    return lines
