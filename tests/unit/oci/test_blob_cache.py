"""Blobs kept by digest: the right bytes or none."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest

from basewise.errors import ImageError
from basewise.model.digest import Digest
from basewise.oci.blob_cache import BlobCache

BLOB = b"the bytes of a blob"
DIGEST = Digest("sha256", hashlib.sha256(BLOB).hexdigest())


def test_a_blob_is_kept_and_found(tmp_path: Path) -> None:
    cache = BlobCache(tmp_path)
    assert cache.get(DIGEST) is None
    assert cache.store(DIGEST, io.BytesIO(BLOB)).read_bytes() == BLOB
    found = BlobCache(tmp_path).get(DIGEST)
    assert found is not None
    assert found.read_bytes() == BLOB
    cache.discard(DIGEST)
    assert cache.get(DIGEST) is None


@pytest.mark.parametrize(
    ("content", "most"), [(b"other bytes", None), (BLOB + b"!", len(BLOB)), (BLOB[:-1], None)]
)
def test_other_bytes_are_an_error_and_not_kept(tmp_path: Path, content: bytes, most: int | None) -> None:
    cache = BlobCache(tmp_path)
    with pytest.raises(ImageError, match=f"cannot trust blob {DIGEST}"):
        cache.store(DIGEST, io.BytesIO(content), max_bytes=most)
    assert cache.get(DIGEST) is None
    assert list(tmp_path.iterdir()) == []


def test_sha512_is_verified_too(tmp_path: Path) -> None:
    digest = Digest("sha512", hashlib.sha512(BLOB).hexdigest())
    assert BlobCache(tmp_path).store(digest, io.BytesIO(BLOB)).read_bytes() == BLOB


def test_an_open_blob_stays_readable_when_it_is_removed(tmp_path: Path) -> None:
    cache = BlobCache(tmp_path, max_bytes=30)
    path = cache.store(DIGEST, io.BytesIO(BLOB))
    with path.open("rb") as file:
        more = bytes(25)
        cache.store(Digest("sha256", hashlib.sha256(more).hexdigest()), io.BytesIO(more))
        assert cache.get(DIGEST) is None
        assert file.read() == BLOB


def test_a_blob_is_held_while_it_is_fetched(tmp_path: Path) -> None:
    cache = BlobCache(tmp_path)
    with cache.alone(DIGEST):
        cache.store(DIGEST, io.BytesIO(BLOB))
    with cache.alone(DIGEST):
        assert cache.get(DIGEST) is not None


def test_a_cache_that_cannot_be_used_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    cache = BlobCache(tmp_path / "file" / "blobs")
    assert not cache.usable
    with cache.alone(DIGEST):
        assert cache.get(DIGEST) is None
    assert not BlobCache(tmp_path, max_bytes=0).usable
