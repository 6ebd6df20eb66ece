"""Settings of an image that an application's own Dockerfile states, and the lines of it that were left out."""

from __future__ import annotations

import msgspec

__all__ = ["HealthCheck", "ImageSettings", "LeftLine"]


class HealthCheck(msgspec.Struct, frozen=True, kw_only=True):
    """A HEALTHCHECK.

    Args:
        command: Its words in JSON form; () for `NONE`.
        options: `--interval=30s` and the like, as written.
        line: Where it stands in the application's Dockerfile.
    """

    command: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    line: int = 0


class ImageSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Instructions that change no file: values without syntax, quoted where they are written.

    Args:
        environment: ENV, by name, in order.
        ports: EXPOSE, such as `8000/tcp`, in order.
        stop_signal: STOPSIGNAL, "" for none.
        health_check: HEALTHCHECK, None for none.
        labels: LABEL, by name, in order.
    """

    environment: tuple[tuple[str, str], ...] = ()
    ports: tuple[str, ...] = ()
    stop_signal: str = ""
    health_check: HealthCheck | None = None
    labels: tuple[tuple[str, str], ...] = ()


class LeftLine(msgspec.Struct, frozen=True, order=True):
    """A line of the application's Dockerfile that the written one does not have.

    `what` names the instruction, and of ENV and LABEL the name, never the value; `why` says why it is left out.
    """

    line: int
    what: str
    why: str
