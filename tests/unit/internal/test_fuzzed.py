"""What fuzzing found, as small as it can be (see `docs/decisions/0140-fuzzing.md`)."""

from __future__ import annotations

import io

import pytest

from basewise._internal import gunzip
from basewise._internal.gunzip import InflateError, open_inflated

# A deflate stream that begins by copying bytes from before its beginning.
COPIES_FROM_NOWHERE = bytes.fromhex("1f8b08000000030000002b4960005d16")


@pytest.mark.parametrize("with_zlib", [False, True])
def test_a_copy_from_before_the_beginning_is_a_damaged_stream(
    with_zlib: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if with_zlib:
        import gzip  # noqa: PLC0415 - as the reader takes it

        monkeypatch.setattr(gunzip, "_gzip_module", lambda: gzip)
    stream = open_inflated(io.BytesIO(COPIES_FROM_NOWHERE + bytes(8)), max_window_bytes=2**20)
    with pytest.raises(InflateError, match="the gzip stream is damaged: Error -3"):
        stream.read(2**16)
