"""Settings: `[tool.basewise]` of `pyproject.toml`, `basewise.toml`, environment, flags; each wins over the one before.

The files are those of the application folder, which may be somebody else's. They can therefore describe the
application and the wishes for the answer, and nothing that opens a connection, enables credentials or
executes something: those settings exist as flags and environment variables only.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from basewise.errors import ManifestError, UsageError

__all__ = ["ENVIRONMENT_NAMES", "FileSettings", "PolicySettings", "load_settings"]

MAX_SETTINGS_BYTES = 1024 * 1024
_TRUE = frozenset({"1", "true", "yes", "on"})
_IN_FILES_ONLY = frozenset({"ignore", "policy", "weights"})
_FALSE = frozenset({"", "0", "false", "no", "off"})


class PolicySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """What `[tool.basewise.policy]` can say of Dockerfiles; None means not said.

    Args:
        allowed_registries: Registries, or repositories in them, that images may come from.
        allowed_publishers: Publishers of images.
        max_digest_age_days: Age beyond which a digest wants to be refreshed.
        support_warning_days: Days before an end of support from which on it is said.
        severity: Rule (id or name) to `off`, `note`, `warning` (or `warn`) or `error`.
        fail_on: Least severity that violates the gate.
        never_ignore: Rules that no comment takes out.
    """

    allowed_registries: tuple[str, ...] | None = None
    allowed_publishers: tuple[str, ...] | None = None
    max_digest_age_days: int | None = None
    support_warning_days: int | None = None
    severity: dict[str, str] | None = None
    fail_on: str | None = None
    never_ignore: tuple[str, ...] | None = None


class FileSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What files and `BASEWISE_*` variables can set; None means not set.

    Args:
        accelerator: What the application computes on: `cpu`, `cuda` or `unknown`.
        allow_lts: Rank distributions in their LTS phase like those in regular support.
        distro: Restrict to a distribution or release: `debian`, `trixie`, `alpine3.24`.
        extra: Optional dependencies of the application that are part of production.
        fail_on: What makes `scan` fail: `critical`, `high`, `medium`, `low`, `exploited`, `fixable`, `any`.
        group: Dependency groups that are part of production.
        ignore: Findings that `scan` ignores: tables with `id`, `reason`, `expires` and, for one package, `package`.
        include_eol: Admit distributions and Pythons after their end of support.
        include_prerelease: Admit pre-releases of Python.
        libc: Restrict to `glibc` or `musl`.
        max_size: Largest finished application on disk, for example `800MB` or `1GiB`.
        only_fixable: Let `scan` show findings with a fixed version only.
        platform: Platform of the image, for example `linux/arm64`.
        policy: What `check` holds Dockerfiles against: a table, see the guide "Gate a pull request".
        prefer: Named weights: `balanced`, `security` or `size`.
        python: Restrict to a Python minor, for example `3.12`.
        requirement: Requirements files that replace the search for manifests.
        severity: Least severity that `scan` shows; unknown stands above low.
        weights: Weights of the cost formula by name, overriding `prefer`.
    """

    accelerator: str | None = None
    allow_lts: bool | None = None
    distro: str | None = None
    extra: tuple[str, ...] | None = None
    fail_on: tuple[str, ...] | None = None
    group: tuple[str, ...] | None = None
    ignore: tuple[dict[str, Any], ...] | dict[str, dict[str, Any]] | None = None
    include_eol: bool | None = None
    include_prerelease: bool | None = None
    libc: str | None = None
    max_size: str | None = None
    only_fixable: bool | None = None
    platform: str | None = None
    policy: PolicySettings | None = None
    prefer: str | None = None
    python: str | None = None
    requirement: tuple[str, ...] | None = None
    severity: str | None = None
    weights: dict[str, float] | None = None


ENVIRONMENT_NAMES: Mapping[str, str] = {
    f"BASEWISE_{name.upper()}": name for name in FileSettings.__struct_fields__ if name not in _IN_FILES_ONLY
}


def load_settings(folder: Path, environment: Mapping[str, str] | None = None) -> FileSettings:
    """Read the settings of an application folder and of the environment.

    Args:
        folder: The application folder; a missing folder has no settings.
        environment: Variables; the process's own when None.

    Raises:
        UsageError: An unknown name or a value of the wrong type, with the file or variable.
        ManifestError: A file that does not parse.
    """
    merged: dict[str, Any] = {}
    for path, table in ((folder / "pyproject.toml", ("tool", "basewise")), (folder / "basewise.toml", ())):
        merged.update(_read_table(path, table))
    merged.update(_read_environment(os.environ if environment is None else environment))
    return msgspec.convert(merged, FileSettings)


def _read_table(path: Path, keys: tuple[str, ...]) -> dict[str, Any]:
    if not path.is_file():
        return {}
    import tomllib  # noqa: PLC0415 - only where there is a file

    try:
        with path.open("rb") as file:
            content = file.read(MAX_SETTINGS_BYTES + 1)
        if b"basewise" not in content and keys:
            return {}
        if len(content) > MAX_SETTINGS_BYTES:
            raise ManifestError(path, None, f"larger than {MAX_SETTINGS_BYTES} bytes")
        table: Any = tomllib.loads(content.decode("utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        if keys:  # the application reader says it with the line; settings need not say it twice
            return {}
        raise ManifestError(path, None, f"no valid TOML: {error}") from error
    except OSError as error:
        raise ManifestError(path, None, error.strerror or str(error)) from error
    for key in keys:
        table = table.get(key, {}) if isinstance(table, dict) else {}
    return _checked(table, str(path)) if isinstance(table, dict) else {}


def _checked(table: dict[str, Any], where: str) -> dict[str, Any]:
    known = FileSettings.__struct_fields__
    settings = {name.replace("-", "_"): value for name, value in table.items()}
    for name in settings:
        if name not in known:
            import difflib  # noqa: PLC0415 - only for a wrong name

            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean `{near[0]}`?" if near else f"known settings: {', '.join(known)}"
            raise UsageError(f"unknown setting `{name[:60]}` in {where}", hint=hint)
    try:
        msgspec.convert(settings, FileSettings)
    except msgspec.ValidationError as error:
        raise UsageError(f"wrong value in {where}: {error}", hint="see docs/reference/settings.md") from error
    return settings


def _read_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for variable, name in ENVIRONMENT_NAMES.items():
        text = environment.get(variable)
        if text is None:
            continue
        if name in {"extra", "fail_on", "group", "requirement"}:
            found[name] = tuple(text.split())
        elif name in {"allow_lts", "include_eol", "include_prerelease", "only_fixable"}:
            found[name] = environment_flag(variable, environment)
        else:
            found[name] = text
    return found


def environment_flag(variable: str, environment: Mapping[str, str] | None = None) -> bool:
    """Read a yes-or-no variable; unset is no.

    Raises:
        UsageError: The text is neither.
    """
    text = (os.environ if environment is None else environment).get(variable, "").strip().lower()
    if text not in _TRUE | _FALSE:
        raise UsageError(f"{variable} is neither yes nor no: {text[:40]!r}", hint="write `1` or `0`")
    return text in _TRUE
