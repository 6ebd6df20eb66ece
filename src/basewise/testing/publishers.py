"""A publisher of advisory data on the loopback interface: files with validators, and every fault on request."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime

from basewise.testing.fake_http import Answer, ScriptedServer, Seen

__all__ = ["PublisherServer"]

_NOT_MODIFIED = 304


class PublisherServer(ScriptedServer):
    """Serves files with `ETag` and `Last-Modified`, and answers 304 to who has them; use it in a `with` block.

    Args:
        files: Path without the leading slash to content.
        changed: When the files were changed.
        validators: Send `ETag` and `Last-Modified`.
    """

    def __init__(
        self,
        files: Mapping[str, bytes],
        *,
        changed: datetime = datetime(2026, 11, 20, tzinfo=UTC),
        validators: bool = True,
    ) -> None:
        super().__init__()
        self.files = dict(files)
        self.changed = changed
        self.validators = validators

    def answer(self, request: Seen) -> Answer:
        """Answer with a file, 304 or 404."""
        content = self.files.get(request.path.lstrip("/").partition("?")[0])
        if content is None:
            return super().answer(request)
        if not self.validators:
            return Answer(body=content)
        etag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        headers = {"ETag": etag, "Last-Modified": format_datetime(self.changed, usegmt=True)}
        if etag in request.headers.get("if-none-match", ""):
            return Answer(status=_NOT_MODIFIED, headers=headers)
        return Answer(headers=headers, body=content)
