"""Certificates for servers on loopback, made by the `openssl` program: good ones, and each kind of bad one."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

__all__ = ["make_certificate", "server_context"]

_SECONDS = 60


def make_certificate(directory: Path, *, name: str = "IP:127.0.0.1", days: int = 2) -> tuple[Path, Path]:
    """Make a self-signed certificate.

    Args:
        directory: Where to write it; made when missing.
        name: Whom it is for, as openssl writes alternative names.
        days: How long it is valid from now; negative for one that is over.

    Returns:
        The certificate, which is its own authority, and its key.
    """
    directory.mkdir(parents=True, exist_ok=True)
    key, request = directory / "key.pem", directory / "request.pem"
    certificate, extensions = directory / "certificate.pem", directory / "extensions.cnf"
    extensions.write_text(f"subjectAltName={name}\nbasicConstraints=critical,CA:TRUE\n")
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    _openssl("req", *curve, "-keyout", str(key), "-out", str(request), "-subj", "/CN=fake")
    _openssl(
        "x509", "-req", "-in", str(request), "-signkey", str(key), "-days", str(days),
        "-extfile", str(extensions), "-out", str(certificate),
    )  # fmt: skip
    return certificate, key


def server_context(certificate: Path, key: Path, *, newest: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    """Return what a server with this certificate speaks TLS with.

    Args:
        certificate: From `make_certificate`.
        key: Likewise.
        newest: Speak no newer version than this.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    if newest is not None:
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.maximum_version = newest
        context.set_ciphers("ALL:@SECLEVEL=0")
    return context


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=_SECONDS)
