"""Options of the commands that read images."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from basewise.cli.options import ca_file_option, platform_option

if TYPE_CHECKING:
    from basewise.model.platform import Platform
    from basewise.operations.read_image import ImageAccess

__all__ = [
    "access_options",
    "image_access",
    "image_options",
    "image_platform",
    "stated_limits",
    "token_services",
]

Command = TypeVar("Command", bound=Callable[..., Any])


def access_options(command: Command) -> Command:
    """Add what says how an image may be had."""
    for option in reversed(
        (
            click.option(
                "--plain-http", multiple=True, metavar="HOST",
                help="Ask this registry (`host:port`) without TLS (repeatable).",
            ),
            click.option(
                "--token-service", multiple=True, metavar="REGISTRY=HOST",
                help="Give this host the credentials of that registry when it asks for a token (repeatable).",
            ),
            ca_file_option,
            click.option(
                "--limit", multiple=True, metavar="NAME=VALUE",
                help="Let reading an image cost more, or less, than usual: `layers=1000` (repeatable).",
            ),
        )
    ):  # fmt: skip
        command = option(command)
    return command


def image_options(
    offline: str = "Ask no registry; read local images only.",
) -> Callable[[Command], Command]:
    """Add the platform, `--offline` and what says how an image may be had.

    Args:
        offline: What `--offline` means to the command.
    """

    def add(command: Command) -> Command:
        command = access_options(command)
        command = click.option("--offline", is_flag=True, default=None, help=offline)(command)
        return platform_option("Platform, where there are several; default `linux/amd64`.")(command)

    return add


def image_platform(flags: Mapping[str, Any]) -> Platform | None:
    """Return the platform that was asked for, None for none.

    Raises:
        InvalidValueError: The text is no platform.
    """
    from basewise.model.platform import Platform

    return None if flags["platform"] is None else Platform.parse(flags["platform"])


def image_access(flags: Mapping[str, Any]) -> ImageAccess:
    """Return how images may be had; `BASEWISE_OFFLINE` counts like the flag."""
    from basewise.operations.read_image import ImageAccess
    from basewise.settings import environment_flag

    return ImageAccess(
        offline=bool(flags["offline"]) or environment_flag("BASEWISE_OFFLINE"),
        plain_http=tuple(flags["plain_http"]),
        ca_file=None if flags["ca_file"] is None else Path(flags["ca_file"]),
        token_services=token_services(flags["token_service"]),
        limits=stated_limits(flags),
    )


def stated_limits(flags: Mapping[str, Any]) -> dict[str, float]:
    """Return the limits that `--limit` and `BASEWISE_LIMITS` state.

    Raises:
        UsageError: A name is unknown, or a value is none.
    """
    from basewise.operations.limits import parse_limits

    return parse_limits(flags["limit"])


def token_services(texts: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Read values of `--token-service`.

    Raises:
        UsageError: One is no pair.
    """
    from basewise.errors import UsageError

    pairs = [text.partition("=") for text in texts]
    for registry, equals, host in pairs:
        if not (registry and equals and host):
            raise UsageError(
                f"not a registry and its token service: `{registry[:60]}{equals}{host[:60]}`",
                hint="write `--token-service registry.example=auth.example`",
            )
    return tuple((registry, host) for registry, _, host in pairs)
