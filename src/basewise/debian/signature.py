"""Clear-signed files (`InRelease`): checking the signature with `gpgv`.

`gpgv` comes with apt and knows nothing but a keyring, so it is on every Debian machine. Where it or the
keyring is absent the text is returned as *not verified*: the caller marks its source so.

Reference: RFC 9580, section 7; apt-secure(8).
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import msgspec

from basewise.errors import ArchiveError

__all__ = ["SignedText", "read_clear_signed"]

GPGV_TIMEOUT_SECONDS = 60
_BEGIN = b"-----BEGIN PGP SIGNED MESSAGE-----"
_SIGNATURE = b"-----BEGIN PGP SIGNATURE-----"
_END = b"-----END PGP SIGNATURE-----"


class SignedText(msgspec.Struct, frozen=True):
    """The text of a clear-signed file.

    Args:
        text: What was signed.
        verified: A key of the keyring made the signature.
        keys: Fingerprints of the keys that made good signatures, sorted.
        why_not: Why it is not verified; "" when it is.
    """

    text: bytes
    verified: bool
    keys: tuple[str, ...] = ()
    why_not: str = ""


def read_clear_signed(
    data: bytes, *, keyring: Path | None, what: str, program: str | None = None
) -> SignedText:
    """Return the signed text of a file, verified where that is possible here.

    Args:
        data: The whole file.
        keyring: Public keys, in OpenPGP's binary form; None when there are none.
        what: Name of the file, for errors.
        program: Path of `gpgv`; looked up when None.

    Raises:
        ArchiveError: It is no clear-signed file, or its signature is bad or by no key of the keyring.
    """
    body = _require_one_message(data, what)
    gpgv = program or shutil.which("gpgv")
    if gpgv is None:
        return SignedText(_signed_part(body), verified=False, why_not="`gpgv` is not installed")
    if keyring is None or not keyring.is_file():
        return SignedText(_signed_part(body), verified=False, why_not="Debian's archive keyring is not here")
    return _verify(gpgv, keyring, body, what)


def _require_one_message(data: bytes, what: str) -> bytes:
    """Refuse text around the signed message and second messages: nothing unsigned may be read."""
    body = data.replace(b"\r\n", b"\n").strip()
    if (
        not body.startswith(_BEGIN)
        or not body.endswith(_END)
        or body.count(_BEGIN) != 1
        or body.count(_END) != 1
        or body.count(_SIGNATURE) != 1
    ):
        raise ArchiveError(
            f"cannot read `{what}`: it is not one clear-signed message",
            hint="the mirror may answer with an error page; try another mirror",
        )
    return body + b"\n"


def _signed_part(body: bytes) -> bytes:
    """Return the text between the armour headers and the signature, dash escapes removed."""
    text = body.split(b"\n\n", 1)[1].split(b"\n" + _SIGNATURE, 1)[0] if b"\n\n" in body else b""
    return b"\n".join(line.removeprefix(b"- ") for line in text.split(b"\n")) + b"\n"


def _verify(gpgv: str, keyring: Path, body: bytes, what: str) -> SignedText:
    """Run gpgv; the text is what gpgv says was signed, not what was parsed here."""
    with tempfile.TemporaryDirectory(prefix="basewise-") as home:
        output = Path(home) / "text"
        command = [gpgv, "--homedir", home, "--keyring", str(keyring.absolute()), "--status-fd", "1"]
        status = _run_gpgv([*command, "--output", str(output), "-"], body, what)
        lines = [line.split() for line in status.splitlines() if line.startswith("[GNUPG:] ")]
        words = {line[1] for line in lines if len(line) > 1}
        keys = tuple(sorted({line[2] for line in lines if line[1:2] == ["VALIDSIG"]}))
        if "BADSIG" in words or "GOODSIG" not in words or not keys or not output.is_file():
            why = "the signature is bad" if "BADSIG" in words else "no key of the keyring made its signature"
            raise ArchiveError(
                f"cannot trust `{what}`: {why} (keyring `{keyring}`)",
                hint="try another mirror, or renew the package `debian-archive-keyring`",
            )
        return SignedText(output.read_bytes(), verified=True, keys=keys)


def _run_gpgv(command: list[str], body: bytes, what: str) -> str:
    try:
        done = subprocess.run(
            command,
            input=body,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=GPGV_TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ArchiveError(
            f"cannot check the signature of `{what}`: {error}", hint="install `gpgv` again"
        ) from error
    return done.stdout.decode("utf-8", "replace")
