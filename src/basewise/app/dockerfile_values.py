"""Which variables and labels of a Dockerfile may stand in another one: no secrets, nothing of where Python is installed."""

from __future__ import annotations

import re

__all__ = ["holds_secret", "is_of_installation", "is_of_old_image", "only_environments"]

_SECRET_WORDS = frozenset({
    "ACCESSKEY", "APIKEY", "AUTH", "COOKIE", "CREDENTIAL", "CREDENTIALS", "CREDS", "DSN", "KEY", "KEYS", "PASS",
    "PASSPHRASE", "PASSWD", "PASSWORD", "PASSWORDS", "PAT", "PIN", "PRIVATEKEY", "PWD", "SALT", "SECRET", "SECRETKEY",
    "SECRETS", "SIGNATURE", "TOKEN", "TOKENS",
})  # fmt: skip
_SECRET_ENDING = re.compile(
    r"(?:PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|APIKEY|SECRETKEY|ACCESSKEY|PRIVATEKEY)\Z"
)
_PASSWORDS = re.compile(r"PASS|PWD|PIN|SECRET")
_SWITCH = re.compile(r"(?:true|false|yes|no|on|off|none|\d{1,9}(?:\.\d{1,9})?)?\Z", re.IGNORECASE)
_NAMES_A_FILE = re.compile(r"_(?:FILE|PATH|DIR)\Z")
_SECRET_VALUE = re.compile(
    r"://[^/\s@:]{0,200}:[^/\s@]{1,200}@|-----BEGIN|(?i:\bbearer)\s+[\w.=-]{16}|(?i:\bauthorization)\s*[:=]"
    r"|(?:gh[opsur]_|github_pat_|glpat-|xox[abeprs]-|\bsk-|\bAIza|\bhf_|\beyJ|\bdop_v1_)[\w-]{8}|\bA[KS]IA[A-Z0-9]{12}"
    r"|(?i:password|passwd|pwd|secret|token|key)\s{0,9}[=:]\s{0,9}\S"
)
_RANDOM = re.compile(r"(?=[^0-9]*[0-9])(?=[^A-Za-z]*[A-Za-z])[A-Za-z0-9+=]{32,}\Z")
_CHECKSUM = re.compile(r"SHA|COMMIT|REVISION|DIGEST|CHECKSUM|HASH")
_INSTALLATION = re.compile(
    r"(?:PIP|UV|POETRY|PIPENV|PIPX|PDM|PYENV|CONDA|MAMBA|MICROMAMBA|RYE|HATCH|VIRTUALENV)_\w+\Z"
    r"|(?:VIRTUAL_ENV|VENV|VENV_PATH|PYSETUP_PATH|PYTHONHOME|PYTHONUSERBASE|PYTHONUNBUFFERED|PYTHONDONTWRITEBYTECODE"
    r"|PYTHON_(?:VERSION|SHA256|PIP_VERSION|SETUPTOOLS_VERSION|GET_PIP_\w+)|GPG_KEY|DEBIAN_FRONTEND)\Z"
)
_OLD_IMAGE = frozenset({
    "BASH_ENV", "ENV", "HOME", "LD_LIBRARY_PATH", "LD_PRELOAD", "PATH", "PYTHONSTARTUP", "SHELL", "USER",
})  # fmt: skip
_SYSTEM_FOLDER = re.compile(r"/(?:usr/)?(?:local/)?s?bin\Z|\$\{?[A-Z_]{1,50}\}?\Z")
_ENVIRONMENT = re.compile(
    r"\.local|\.?poetry|\.cargo|\w{0,20}conda\w{0,9}|[\w.-]{0,50}?venv[\w.-]{0,50}"
    r"|\$\{?(?:VIRTUAL_ENV|VENV|POETRY|CONDA|PYENV|PIPX|UV)\w{0,20}\}?"
)


def holds_secret(name: str, value: str | None, *, label: bool = False) -> bool:
    """Tell whether a variable or label looks like a secret, by its name or by its value.

    A switch or a number is none (`MAX_TOKENS=512`), unless the name speaks of a password; nor is the path of a file
    in a variable whose name ends so. A long random value is one in a variable, not in a label.
    """
    text = value or ""
    if _SECRET_VALUE.search(text):
        return True
    upper = name.upper()
    if not label and _RANDOM.match(text) and not _CHECKSUM.search(upper):
        return True
    if not _SECRET_WORDS.intersection(re.split(r"[^A-Z0-9]+", upper)) and not _SECRET_ENDING.search(upper):
        return False
    if _NAMES_A_FILE.search(upper) and text.startswith("/"):
        return False
    return value is None or not (
        not text or (_SWITCH.match(text) is not None and not _PASSWORDS.search(upper))
    )


def is_of_installation(name: str) -> bool:
    """Tell whether a variable says how or where Python distributions are installed, which the written file says itself."""
    return _INSTALLATION.match(name) is not None


def is_of_old_image(name: str) -> bool:
    """Tell whether a variable names what is in the old image: its search paths, home and user."""
    return name in _OLD_IMAGE


def only_environments(path: str) -> bool:
    """Tell whether each folder of a PATH is of a virtual environment or of the system: nothing is lost with it."""
    return all(_is_environment(folder) for folder in path.strip("\"'").split(":"))


def _is_environment(folder: str) -> bool:
    if _SYSTEM_FOLDER.match(folder):
        return True
    above, _, last = folder.rpartition("/")
    steps = above.split("/")
    return last == "bin" and (
        _ENVIRONMENT.fullmatch(steps[-1]) is not None or (len(steps) > 1 and steps[-2] == "envs")
    )
