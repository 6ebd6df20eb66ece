"""Look-alikes of the official Debian based `python` images, for trying a Dockerfile where no registry can be reached.

A look-alike is Debian's minimal system of the same release with the OS packages that the catalogue lists, and
a CPython of this machine in `/usr/local`. It is not the image: package versions are those of today's mirror,
the patch release of Python is the machine's, and the configuration of the machine's package index is in it.
"""

from __future__ import annotations

import ast
import os
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from basewise.debian.mirrors import Mirrors
from basewise.errors import InputError
from basewise.model.base_image import BaseImage
from basewise.model.package import PackageType
from basewise.testing.debian_root import make_debian_root, run_program
from basewise.testing.interpreter import Interpreter, copy_interpreter

__all__ = ["ENVIRONMENT", "make_root_archive", "pip_configuration"]

ENVIRONMENT = {
    "PATH": "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
}
_QUESTION_SECONDS = 300
_HOST_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
# Apart from the file of `ca-certificates`, which installing or upgrading that package writes anew.
_CERTIFICATES = "/etc/look-alike/certificates.crt"
_PIP_OPTIONS = frozenset(
    {"index-url", "extra-index-url", "trusted-host", "proxy", "timeout", "default-timeout", "retries", "cert"}
)
# What the build of Debian's own interpreter links to and the official build carries itself or does without.
_LIBRARIES_OF_DEBIAN_PYTHON = frozenset({"libexpat1", "zlib1g"})
_DPKG_OPTIONS = (
    "force-unsafe-io", "path-exclude=/usr/share/man/*", "path-exclude=/usr/share/locale/*",
    "path-exclude=/usr/share/doc/*", "path-include=/usr/share/doc/*/copyright",
)  # fmt: skip
_PIP_PROGRAM = """#!/usr/local/bin/python3
import sys
from pip._internal.cli.main import main
sys.exit(main())
"""


def make_root_archive(
    image: BaseImage, interpreter: Interpreter, archive: Path, *, mirrors: Mirrors | None = None
) -> None:
    """Write the root file system of a look-alike as a tar archive. Needs root, `mmdebstrap` and uv.

    Args:
        image: The image to resemble; its release and the names of its packages are used.
        interpreter: The CPython for `/usr/local`.
        archive: File to write; it appears only when it is complete.
        mirrors: Debian's archive; what apt on this machine uses when None.

    Raises:
        InputError: The image is not Debian's, or a program failed; with what it said last.
    """
    if image.distro.id != "debian" or image.packages is None:
        raise InputError(f"{image.name} is no Debian based image whose packages are known")
    names = {package.name for package in image.packages if package.type is PackageType.DEB}
    if interpreter.from_debian:
        names |= _LIBRARIES_OF_DEBIAN_PYTHON
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=archive.parent) as scratch:
        overlay, partial = Path(scratch, "overlay"), Path(scratch, "root.tar")
        _make_overlay(interpreter, overlay)
        packed = Path(scratch, "overlay.tar")
        with tarfile.open(packed, "w") as file:
            file.add(overlay, arcname=".", filter=_owned_by_root)
        shutil.rmtree(overlay)
        _bootstrap(image.distro.codename, names, mirrors, packed, partial)
        partial.replace(archive)


def _make_overlay(interpreter: Interpreter, overlay: Path) -> None:
    """Lay out what is put over the minimal system: interpreter, pip, its configuration, certificates."""
    local = overlay / "usr" / "local"
    copy_interpreter(interpreter, local)
    _install_pip(interpreter, local)
    options = pip_configuration(os.environ)
    certificates = Path(options.pop("cert", "") or os.environ.get("SSL_CERT_FILE") or _HOST_CERTIFICATES)
    if certificates.is_file():
        target = overlay / _CERTIFICATES.lstrip("/")
        target.parent.mkdir(parents=True)
        shutil.copyfile(certificates, target)
        options["cert"] = _CERTIFICATES
    _write(overlay / "etc" / "pip.conf", _pip_file(options))


def _install_pip(interpreter: Interpreter, local: Path) -> None:
    """Put the newest pip beside the interpreter: `ensurepip` is switched off in Debian's builds."""
    from uv import find_uv_bin  # noqa: PLC0415 - only when a look-alike is made

    from basewise.fit.index_settings import read_index_settings  # noqa: PLC0415 - the same

    site = local / "lib" / f"python{interpreter.minor}" / "site-packages"
    run_program(
        [
            find_uv_bin(), "pip", "install", "--quiet", "--no-deps", "--link-mode", "copy", "--no-config",
            "--python", sys.executable, "--python-version", interpreter.minor, "--target", str(site), "pip",
        ],
        environment=read_index_settings(os.environ).environment,
    )  # fmt: skip
    shutil.rmtree(site / "bin", ignore_errors=True)
    for name in ("pip", "pip3", f"pip{interpreter.minor}"):
        program = local / "bin" / name
        _write(program, _PIP_PROGRAM)
        program.chmod(0o755)


def pip_configuration(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the options that say which package index pip on this machine uses, and how.

    Args:
        environment: The user's variables; uv's index stands in where pip has none.
    """
    found: dict[str, str] = {}
    for program in (sys.executable, str(Path(sys.base_prefix, "bin", "python3"))):
        listed = subprocess.run(
            [program, "-m", "pip", "config", "list"],
            capture_output=True,
            text=True,
            check=False,
            timeout=_QUESTION_SECONDS,
            env=dict(environment),
        )
        if listed.returncode == 0:
            found = _read_configuration(listed.stdout.splitlines())
            break
    for variable in ("UV_DEFAULT_INDEX", "UV_INDEX_URL"):
        if environment.get(variable):
            found.setdefault("index-url", environment[variable])
    return found


def _read_configuration(lines: Iterable[str]) -> dict[str, str]:
    """Read lines like `global.index-url='https://…'`; variables come first there and win."""
    found: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition("=")
        option = name.rpartition(".")[2]
        if option in _PIP_OPTIONS:
            found.setdefault(option.removeprefix("default-"), str(ast.literal_eval(value)))
    return found


def _pip_file(options: Mapping[str, str]) -> str:
    lines = [f"{name} = " + "\n    ".join(value.split()) for name, value in sorted(options.items())]
    return "\n".join(["[global]", *lines, ""])


def _bootstrap(
    suite: str, names: Iterable[str], mirrors: Mirrors | None, overlay: Path, target: Path
) -> None:
    """Run mmdebstrap: minimal system, packages, overlay, then the linker's cache."""
    options = [
        *(f"--dpkgopt={option}" for option in _DPKG_OPTIONS),
        f"--customize-hook=tar-in {shlex.quote(str(overlay))} /",
        '--customize-hook=chroot "$1" /sbin/ldconfig',
        '--customize-hook=chroot "$1" /usr/local/bin/python3 -c "import ctypes, hashlib, ssl, zlib"',
    ]
    make_debian_root(suite, target, packages=names, mirrors=mirrors, options=options)


def _owned_by_root(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    return member


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
