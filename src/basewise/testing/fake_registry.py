"""A registry and a token server on the loopback interface: real HTTP, every answer can be replaced by a fault.

Reference: OCI distribution specification 1.1; the token protocol of the distribution project.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import ssl
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from basewise.testing.fake_http import Answer, ScriptedServer, Seen

__all__ = ["Answer", "FakeRegistry", "FakeTokenServer", "Seen"]

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
_ROUTE = re.compile(r"/v2/(?P<name>.+?)/(?P<kind>manifests|blobs|referrers|tags)/(?P<what>[^/]+)\Z")
_JSON = {"Content-Type": "application/json"}


def _digest(content: bytes, algorithm: str = "sha256") -> str:
    return f"{algorithm}:{hashlib.new(algorithm, content).hexdigest()}"


class FakeTokenServer(ScriptedServer):
    """Gives bearer tokens: to anybody, or to its users alone.

    Args:
        users: User to password; empty to give a token to anybody.
        refresh_token: What a POST with an identity token must carry, "" to refuse it.
        tls: Speak TLS with this context.
    """

    def __init__(
        self,
        *,
        users: Mapping[str, str] | None = None,
        refresh_token: str = "",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(tls=tls)
        self._users = dict(users or {})
        self._refresh_token = refresh_token
        self._issued = 0
        self._tokens: set[str] = set()

    @property
    def realm(self) -> str:
        """Where tokens are asked for."""
        return f"{self.url}/token"

    def accepts(self, authorization: str) -> bool:
        """Tell whether a request carries a token that is valid now."""
        return authorization.startswith("Bearer ") and authorization.removeprefix("Bearer ") in self._tokens

    def expire(self) -> None:
        """Make all tokens that were given invalid."""
        self._tokens.clear()

    def answer(self, request: Seen) -> Answer:
        """Give a token, or refuse."""
        form = parse_qs(request.body.decode("latin-1"))
        if request.method == "POST":
            granted = bool(self._refresh_token) and form.get("refresh_token") == [self._refresh_token]
        else:
            granted = not self._users or request.authorization in {
                _basic(user, password) for user, password in self._users.items()
            }
        if not granted:
            return Answer(status=401, headers=_JSON, body=_errors("UNAUTHORIZED", "who are you"))
        self._issued += 1
        token = f"token-{self._issued}-{self.port}"
        self._tokens.add(token)
        return Answer(headers=_JSON, body=json.dumps({"token": token, "expires_in": 300}).encode())


class FakeRegistry(ScriptedServer):
    """A registry to which tests add blobs, manifests, tags and referrers.

    Args:
        users: Demand basic credentials: user to password.
        tokens: Demand bearer tokens of this server.
        realm: State another realm than that of `tokens`.
        referrers_api: Answer the referrers API; without it there is only the tag schema.
        page_size: Tags on a page; 0 for all at once.
        tls: Speak TLS with this context.
    """

    def __init__(
        self,
        *,
        users: Mapping[str, str] | None = None,
        tokens: FakeTokenServer | None = None,
        realm: str = "",
        referrers_api: bool = True,
        page_size: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(tls=tls)
        self._users = dict(users or {})
        self._tokens = tokens
        self._realm = realm
        self._referrers_api = referrers_api
        self._page_size = page_size
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[tuple[str, str], tuple[bytes, str]] = {}
        self._referrers: dict[tuple[str, str], list[dict[str, Any]]] = {}

    def add_blob(
        self, content: bytes, media_type: str = OCI_LAYER, *, algorithm: str = "sha256"
    ) -> dict[str, Any]:
        """Store a blob and return its descriptor."""
        digest = _digest(content, algorithm)
        self.blobs[digest] = content
        return {"mediaType": media_type, "digest": digest, "size": len(content)}

    def add_manifest(
        self,
        repository: str,
        content: bytes | Mapping[str, Any],
        media_type: str = OCI_MANIFEST,
        *,
        tag: str = "",
    ) -> dict[str, Any]:
        """Store a manifest or index, under its digest and a tag, and return its descriptor."""
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        digest = _digest(raw)
        for name in filter(None, (digest, tag)):
            self.manifests[repository, name] = (raw, media_type)
        return {"mediaType": media_type, "digest": digest, "size": len(raw)}

    def add_image(
        self,
        repository: str,
        layers: Sequence[tuple[bytes, bytes]],
        *,
        tag: str = "",
        platform: str = "linux/amd64",
        config: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Store an image and return the descriptor of its manifest, platform included.

        Args:
            repository: Where.
            layers: Stored bytes and tar bytes of each, from the lowest up.
            tag: Tag to give it.
            platform: `os/architecture[/variant]`.
            config: Further keys of the configuration.
        """
        names = dict(zip(("os", "architecture", "variant"), platform.split("/"), strict=False))
        stored = {
            **names,
            "rootfs": {"type": "layers", "diff_ids": [_digest(tar) for _, tar in layers]},
            "config": {},
            **(config or {}),
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": OCI_MANIFEST,
            "config": self.add_blob(json.dumps(stored).encode(), OCI_CONFIG),
            "layers": [self.add_blob(content) for content, _ in layers],
        }
        return {**self.add_manifest(repository, manifest, tag=tag), "platform": names}

    def add_index(
        self, repository: str, manifests: Sequence[Mapping[str, Any]], *, tag: str = ""
    ) -> dict[str, Any]:
        """Store an index and return its descriptor."""
        index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": list(manifests)}
        return self.add_manifest(repository, index, OCI_INDEX, tag=tag)

    def add_referrer(
        self,
        repository: str,
        subject: Mapping[str, Any],
        manifest: Mapping[str, Any],
        *,
        artifact_type: str = "",
    ) -> dict[str, Any]:
        """Store a manifest that refers to another, in the API and in the fallback tag."""
        named = {key: subject[key] for key in ("mediaType", "digest", "size")}
        entry = self.add_manifest(repository, {**manifest, "subject": named})
        if artifact_type:
            entry["artifactType"] = artifact_type
        listed = self._referrers.setdefault((repository, str(subject["digest"])), [])
        listed.append(entry)
        if not self._referrers_api:
            self.add_index(repository, listed, tag=str(subject["digest"]).replace(":", "-"))
        return entry

    def add_layout(self, directory: Path, repository: str, tag: str) -> None:
        """Store all blobs of an OCI layout, and its first manifest under a tag."""
        index = json.loads((directory / "index.json").read_bytes())
        for path in sorted((directory / "blobs").glob("*/*")):
            content = path.read_bytes()
            digest = f"{path.parent.name}:{path.name}"
            self.blobs[digest] = content
            if content[:1] == b"{":
                media_type = _stated_media_type(content)
                self.manifests[repository, digest] = (content, media_type)
        first = index["manifests"][0]
        self.manifests[repository, tag] = (self.blobs[first["digest"]], first["mediaType"])

    def answer(self, request: Seen) -> Answer:
        """Answer as a registry does."""
        refused = self._refusal(request)
        if refused is not None:
            return refused
        parts = urlsplit(request.path)
        found = _ROUTE.match(parts.path)
        if found is None:
            known = parts.path.rstrip("/") == "/v2"
            return Answer(headers=_JSON, body=b"{}") if known else _not_found("NAME_UNKNOWN")
        name, what = found["name"], found["what"]
        answers = {
            "manifests": lambda: self._manifest(name, what),
            "blobs": lambda: self._blob(what, request.headers.get("range", "")),
            "referrers": lambda: self._list_referrers(name, what),
            "tags": lambda: self._tags(name, parse_qs(parts.query)),
        }
        return answers[found["kind"]]()

    def _list_referrers(self, name: str, digest: str) -> Answer:
        if not self._referrers_api:
            return _not_found("NAME_UNKNOWN")
        entries = self._referrers.get((name, digest), [])
        body = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries}
        return Answer(headers={"Content-Type": OCI_INDEX}, body=json.dumps(body).encode())

    def _refusal(self, request: Seen) -> Answer | None:
        challenge = ""
        if self._tokens is not None and not self._tokens.accepts(request.authorization):
            realm = self._realm or self._tokens.realm
            challenge = f'Bearer realm="{realm}",service="fake",scope="repository:any:pull,push"'
        elif self._users and request.authorization not in {_basic(*pair) for pair in self._users.items()}:
            challenge = 'Basic realm="fake"'
        if not challenge:
            return None
        return Answer(
            status=401,
            headers={"WWW-Authenticate": challenge, **_JSON},
            body=_errors("UNAUTHORIZED", "authentication required"),
        )

    def _manifest(self, name: str, what: str) -> Answer:
        stored = self.manifests.get((name, what))
        if stored is None:
            return _not_found("MANIFEST_UNKNOWN")
        content, media_type = stored
        digest = what if ":" in what else _digest(content)
        return Answer(headers={"Content-Type": media_type, "Docker-Content-Digest": digest}, body=content)

    def _blob(self, digest: str, wanted: str) -> Answer:
        content = self.blobs.get(digest)
        if content is None:
            return _not_found("BLOB_UNKNOWN")
        found = re.fullmatch(r"bytes=(\d+)-", wanted)
        if found is None:
            return Answer(headers={"Content-Type": "application/octet-stream"}, body=content)
        start = int(found[1])
        if start >= len(content):
            return Answer(status=416, headers={"Content-Range": f"bytes */{len(content)}"})
        stated = f"bytes {start}-{len(content) - 1}/{len(content)}"
        return Answer(status=206, headers={"Content-Range": stated}, body=content[start:])

    def _tags(self, name: str, query: Mapping[str, list[str]]) -> Answer:
        tags = sorted({tag for repository, tag in self.manifests if repository == name and ":" not in tag})
        if not tags:
            return _not_found("NAME_UNKNOWN")
        last = query.get("last", [""])[0]
        left = [tag for tag in tags if tag > last]
        size = self._page_size or len(left)
        headers = dict(_JSON)
        if len(left) > size:
            headers["Link"] = f'</v2/{name}/tags/list?last={left[size - 1]}&n={size}>; rel="next"'
        return Answer(headers=headers, body=json.dumps({"name": name, "tags": left[:size]}).encode())


def _basic(user: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def _errors(code: str, message: str) -> bytes:
    return json.dumps({"errors": [{"code": code, "message": message}]}).encode()


def _not_found(code: str) -> Answer:
    return Answer(status=404, headers=_JSON, body=_errors(code, "not here"))


def _stated_media_type(content: bytes) -> str:
    try:
        stated = json.loads(content)
    except ValueError:
        return OCI_MANIFEST
    return str(stated.get("mediaType") or (OCI_INDEX if "manifests" in stated else OCI_MANIFEST))
