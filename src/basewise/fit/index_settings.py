"""The package index that the user's uv and pip are configured with.

uv reads its own variables and files; what pip is configured with is handed to it through variables, never
through arguments, where other users of the machine could read credentials. The code names no index: uv
itself is asked for its default (see `UvRunner.default_index`).
"""

from __future__ import annotations

import os
import re
import sys
import tomllib
from collections.abc import Mapping
from configparser import ConfigParser, Error
from pathlib import Path

import msgspec

__all__ = ["IndexSettings", "comparable_url", "read_index_settings"]

_MAX_CONFIG_BYTES = 1024 * 1024
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]*@")
_UV_OWN_INDEX = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_NO_INDEX")
_UV_KEYS = ("index-url", "extra-index-url", "no-index", "index")
# pip's option: the variable of uv that means the same.
_SAME_IN_UV = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_EXTRA_INDEX_URL",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "no-index": "UV_NO_INDEX",
}
_COMMA_SEPARATED = {"find-links"}


class IndexSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What uv must be told beyond what it reads itself.

    Args:
        environment: Variables that hand pip's configuration to uv.
        urls: Index addresses of the configuration, comparable, without credentials. uv's built-in
            default is not among them.
        source: Where the default index comes from, for messages: `uv`, `pip` or `uv's default`.
    """

    environment: dict[str, str]
    urls: frozenset[str]
    source: str


def read_index_settings(environ: Mapping[str, str], *, home: Path | None = None) -> IndexSettings:
    """Read the configuration of uv and pip without running either.

    Args:
        environ: The user's environment.
        home: The user's home directory, for tests.
    """
    directory = home if home is not None else Path.home()
    uv_urls, uv_decides = _uv_configuration(environ, directory)
    pip = _pip_configuration(environ, directory)
    handed: dict[str, str] = {}
    for option, variable in _SAME_IN_UV.items():
        value = pip.get(option, "").strip()
        belongs_to_index = option in {"index-url", "extra-index-url", "no-index"}
        if not value or environ.get(variable) or (belongs_to_index and uv_decides):
            continue
        handed[variable] = (",".join if option in _COMMA_SEPARATED else " ".join)(value.split())
    pip_urls = (
        [] if uv_decides else [*pip.get("index-url", "").split(), *pip.get("extra-index-url", "").split()]
    )
    decided = "uv" if uv_decides else "pip" if pip.get("index-url") else "uv's default"
    urls = frozenset(comparable_url(url) for url in [*uv_urls, *pip_urls])
    return IndexSettings(environment=handed, urls=urls, source=decided)


def comparable_url(url: str) -> str:
    """Return an address without credentials and closing slash, for comparing and for showing."""
    return _CREDENTIALS.sub("", url.strip()).rstrip("/")


def _uv_configuration(environ: Mapping[str, str], home: Path) -> tuple[list[str], bool]:
    """Return the addresses that uv is configured with, and whether any setting of its own decides."""
    urls = [
        entry.rpartition("=")[2] if "=" in entry.partition("://")[0] else entry
        for variable in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL")
        for entry in environ.get(variable, "").split()
    ]
    decides = any(environ.get(variable) for variable in _UV_OWN_INDEX)
    for path in _uv_files(environ, home):
        table = _read_toml(path)
        decides = decides or any(key in table for key in _UV_KEYS)
        for key in ("index-url", "extra-index-url"):
            value = table.get(key)
            several = value if isinstance(value, list) else [value] if isinstance(value, str) else []
            urls += [str(one) for one in several]
        indexes = table.get("index")
        urls += [
            str(entry["url"])
            for entry in (indexes if isinstance(indexes, list) else ())
            if isinstance(entry, dict) and "url" in entry
        ]
    return urls, decides


def _uv_files(environ: Mapping[str, str], home: Path) -> list[Path]:
    if environ.get("UV_CONFIG_FILE"):
        return [Path(environ["UV_CONFIG_FILE"])]
    if environ.get("UV_NO_CONFIG"):
        return []
    user = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    system = [Path(entry) for entry in environ.get("XDG_CONFIG_DIRS", "").split(":") if entry]
    windows = [Path(environ["APPDATA"])] if environ.get("APPDATA") else []
    return [directory / "uv" / "uv.toml" for directory in [Path("/etc"), *system, user, *windows]]


def _read_toml(path: Path) -> dict[str, object]:
    """Return a table of uv's settings; a file that does not parse is left for uv to complain about."""
    try:
        if path.stat().st_size > _MAX_CONFIG_BYTES:
            return {}
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}


def _pip_configuration(environ: Mapping[str, str], home: Path) -> dict[str, str]:
    """Return pip's options of `[global]` and `[install]`, files in pip's order, then variables."""
    found: dict[str, str] = {}
    for path in _pip_files(environ, home):
        parser = ConfigParser(interpolation=None, strict=False)
        try:
            if path.stat().st_size > _MAX_CONFIG_BYTES:
                continue
            parser.read_string(path.read_text("utf-8"))
        except (OSError, UnicodeDecodeError, Error):
            continue
        for section in ("global", "install"):
            if parser.has_section(section):
                found.update({key.replace("_", "-"): value for key, value in parser.items(section)})
    for option in _SAME_IN_UV:
        variable = f"PIP_{option.replace('-', '_').upper()}"
        if environ.get(variable):
            found[option] = environ[variable]
    return found


def _pip_files(environ: Mapping[str, str], home: Path) -> list[Path]:
    own = environ.get("PIP_CONFIG_FILE", "")
    if own == os.devnull:
        return []
    config = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    shared = [Path(entry) for entry in (environ.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":") if entry]
    return [
        *(directory / "pip" / "pip.conf" for directory in shared),
        Path("/etc/pip.conf"),
        home / ".pip" / "pip.conf",
        config / "pip" / "pip.conf",
        *([Path(environ["APPDATA"]) / "pip" / "pip.ini"] if environ.get("APPDATA") else []),
        Path(environ.get("VIRTUAL_ENV") or sys.prefix) / "pip.conf",
        *([Path(own)] if own else []),
    ]
