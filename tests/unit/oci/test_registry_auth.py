"""Logging in: who is told what, who never is, and that a secret is nowhere."""

from __future__ import annotations

import base64
import logging
import traceback
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from basewise._internal.addresses import Reach
from basewise._internal.http import HttpResponse
from basewise._internal.parallel import map_in_threads
from basewise.errors import ImageError
from basewise.image.image import Image
from basewise.model.reference import Reference
from basewise.oci.challenge import Challenge, read_challenges
from basewise.oci.credentials import Credential
from basewise.oci.registry import open_registry
from basewise.oci.registry_auth import Authorizer
from basewise.oci.registry_client import RegistryClient
from basewise.oci.registry_options import RegistryOptions
from basewise.progress import SilentProgress
from basewise.testing.fake_registry import Answer, FakeRegistry, FakeTokenServer

MakeClient = Callable[..., RegistryClient]
FileLayer = Callable[..., tuple[bytes, bytes]]
ReadStored = Callable[..., bytes]
NAME = "team/app"
CANARY = "canary-7f3a-password"
ALICE = Credential(username="alice", password=CANARY, origin="`config.json`")
USERS = {"alice": CANARY}


def pull(client: RegistryClient, registry: FakeRegistry) -> Image:
    return open_registry(Reference.parse(f"{registry.host}/{NAME}:1"), client=client)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('Bearer realm="https://a/t",service="s"', [("bearer", {"realm": "https://a/t", "service": "s"})]),
        ("Basic realm=x", [("basic", {"realm": "x"})]),
        ('Basic realm="a, b", Bearer realm="c"', [("basic", {"realm": "a, b"}), ("bearer", {"realm": "c"})]),
        (
            'bearer REALM="a\\"b" , scope="x:y:pull,push"',
            [("bearer", {"realm": 'a"b', "scope": "x:y:pull,push"})],
        ),
        ("Negotiate", [("negotiate", {})]),
        ('Bearer realm="first",realm="second"', [("bearer", {"realm": "first"})]),
        ("", []),
        ("=,=;\x00", []),
    ],
)
def test_a_challenge_is_read_as_the_specification_writes_it(
    header: str, expected: list[tuple[str, dict[str, str]]]
) -> None:
    assert [(one.scheme, dict(one.parameters)) for one in read_challenges(header)] == expected


def test_a_hostile_challenge_costs_no_time() -> None:
    assert len(read_challenges("a" * 1_000_000)) <= 1
    assert len(read_challenges('Bearer realm="' + "\\" * 1_000_000)) <= 1
    read_challenges("a, " * 300_000)


@given(st.text(max_size=300))
def test_any_challenge_is_read_without_an_error(header: str) -> None:
    assert all(one.scheme for one in read_challenges(header))


def test_layers_read_side_by_side_renew_an_expired_token_once(
    make_client: MakeClient, file_layer: FileLayer, read_stored: ReadStored
) -> None:
    with FakeTokenServer() as tokens, FakeRegistry(tokens=tokens) as registry:
        layers = [file_layer(f"file-{number}") for number in range(8)]
        registry.add_image(NAME, layers, tag="1")
        image = pull(make_client(registry, tokens), registry)
        tokens.expire()
        found = map_in_threads(lambda number: read_stored(image, number), range(8), threads=8)
        assert found == [stored for stored, _ in layers]
        assert len(tokens.seen) == 2


def test_a_public_image_needs_an_anonymous_token_only(make_client: MakeClient, file_layer: FileLayer) -> None:
    with FakeTokenServer() as tokens, FakeRegistry(tokens=tokens) as registry:
        registry.add_image(NAME, [file_layer()], tag="1")
        pull(make_client(registry, tokens), registry)
        assert tokens.seen[0].authorization == ""
        assert "scope=repository%3Ateam%2Fapp%3Apull" in tokens.seen[0].path
        assert "push" not in tokens.seen[0].path
        assert len(tokens.seen) == 1


def test_basic_credentials_go_to_the_registry_that_demands_them(
    make_client: MakeClient, file_layer: FileLayer
) -> None:
    with FakeRegistry(users=USERS) as registry:
        registry.add_image(NAME, [file_layer()], tag="1")
        pull(make_client(registry, credential=ALICE), registry)
        assert registry.seen[0].authorization == ""
        assert registry.seen[1].authorization == ALICE.basic


def test_who_may_not_pull_is_told_how_to_log_in(make_client: MakeClient) -> None:
    with FakeRegistry(users=USERS) as registry:
        with pytest.raises(ImageError, match="demands to log in") as caught:
            pull(make_client(registry), registry)
        assert f"docker login {registry.host}" in caught.value.hint


def test_a_password_is_not_sent_to_a_token_service_on_another_host(make_client: MakeClient) -> None:
    with FakeTokenServer(users=USERS) as tokens, FakeRegistry(tokens=tokens) as registry:
        with pytest.raises(ImageError) as caught:
            pull(make_client(registry, tokens, credential=ALICE), registry)
        assert [seen.authorization for seen in tokens.seen] == [""]
        assert f"were not sent to `{tokens.host}`" in caught.value.message
        assert registry.host in caught.value.message
        assert "--token-service" in caught.value.hint


def test_a_token_service_that_the_user_named_gets_the_password(
    make_client: MakeClient, file_layer: FileLayer
) -> None:
    with FakeTokenServer(users=USERS) as tokens, FakeRegistry(tokens=tokens) as registry:
        registry.add_image(NAME, [file_layer()], tag="1")
        known = {registry.host: (tokens.host,)}
        pull(make_client(registry, tokens, credential=ALICE, token_services=known), registry)
        assert tokens.seen[0].authorization == ALICE.basic
        assert all(seen.authorization.startswith(("Bearer ", "")) for seen in registry.seen)
        assert CANARY not in str(registry.seen)


def test_an_identity_token_is_exchanged_with_a_form(make_client: MakeClient, file_layer: FileLayer) -> None:
    with (
        FakeTokenServer(users=USERS, refresh_token=CANARY) as tokens,
        FakeRegistry(tokens=tokens) as registry,
    ):
        registry.add_image(NAME, [file_layer()], tag="1")
        credential = Credential(identity_token=CANARY, origin="`config.json`")
        known = {registry.host: (tokens.host,)}
        pull(make_client(registry, tokens, credential=credential, token_services=known), registry)
        assert tokens.seen[0].method == "POST"
        assert CANARY not in tokens.seen[0].path


def test_a_form_with_a_token_is_never_redirected(make_client: MakeClient) -> None:
    with (
        FakeRegistry() as other,
        FakeTokenServer(refresh_token=CANARY) as tokens,
        FakeRegistry(tokens=tokens) as registry,
    ):
        tokens.script("POST", Answer(status=307, headers={"Location": f"{other.url}/token"}))
        known = {registry.host: (tokens.host,)}
        credential = Credential(identity_token=CANARY, origin="`config.json`")
        with pytest.raises(ImageError):
            pull(make_client(registry, tokens, other, credential=credential, token_services=known), registry)
        assert other.seen == []


def test_a_registry_token_is_used_as_it_stands(make_client: MakeClient) -> None:
    with FakeTokenServer() as tokens, FakeRegistry(tokens=tokens) as registry:
        credential = Credential(registry_token=CANARY, origin="`config.json`")
        with pytest.raises(ImageError):
            pull(make_client(registry, tokens, credential=credential), registry)
        assert [seen.authorization for seen in registry.seen] == ["", f"Bearer {CANARY}"]
        assert tokens.seen == []


@pytest.mark.parametrize(
    "realm",
    [
        "http://127.0.0.2/token",
        "http://169.254.169.254/token",
        "https://169.254.169.254/token",
        "https://[::ffff:169.254.169.254]/token",
        "https://0.0.0.0/token",
        "https://[64:ff9b::a9fe:a9fe]/token",
        "https://2852039166/token",
        "https://0xa9fea9fe/token",
        "https://user:pass@example.com/token",
        "file:///etc/passwd",
        "https:///token",
        "https://example.com:port/token",
        "",
    ],
)
def test_a_realm_that_must_not_be_asked_is_refused(make_client: MakeClient, realm: str) -> None:
    with FakeTokenServer() as tokens, FakeRegistry(tokens=tokens, realm=realm or " ") as registry:
        with pytest.raises(ImageError, match="its token service is refused"):
            pull(make_client(registry, credential=ALICE), registry)
        assert len(registry.seen) == 1


def authorizer(url: str, *, reach: Reach = Reach.GLOBAL, asked: list[str]) -> Authorizer:
    def fetch(
        url: str, *, authorization: str, form: bytes, own_host: bool, most_reach: Reach
    ) -> HttpResponse:
        del form, own_host, most_reach
        asked.append(f"{authorization[:5]} {url}".strip())
        return HttpResponse(200, {}, b'{"token":"t"}')

    options = RegistryOptions(insecure_hosts=frozenset({"plain.example:80"}))
    made = Authorizer(
        url.partition("://")[2].replace("registry-1.docker.io", "docker.io"),
        url,
        ALICE,
        options=options,
        fetch=fetch,
        progress=SilentProgress(),
    )
    made.reach = reach
    return made


@pytest.mark.parametrize(
    ("url", "realm", "sent"),
    [
        ("https://registry.example", "https://registry.example/token", True),
        ("https://registry-1.docker.io", "https://auth.docker.io/token", True),
        ("https://registry.gitlab.example", "https://gitlab.example/jwt/auth", True),
        ("https://registry.example", "https://auth.example/token", False),
        ("https://registry.example", "https://registry.example:8443/token", False),
        ("https://registry.example", "https://evil.registry.example.evil/token", False),
        ("https://registry.example", "https://example/token", False),
        ("https://mine.cloud.example", "https://other.cloud.example/token", False),
    ],
)
def test_a_password_is_shown_to_the_registry_its_parent_and_known_services_only(
    url: str, realm: str, *, sent: bool
) -> None:
    asked: list[str] = []
    made = authorizer(url, asked=asked)
    made.answer(NAME, (Challenge("bearer", (("realm", realm),)),), "")
    assert asked[0].startswith("Basic ") is sent


@pytest.mark.parametrize(
    ("realm", "reach", "allowed"),
    [
        ("https://10.0.0.9/token", Reach.GLOBAL, False),
        ("https://10.0.0.9/token", Reach.PRIVATE, True),
        ("https://127.0.0.1/token", Reach.PRIVATE, False),
        ("https://localhost/token", Reach.PRIVATE, False),
        ("https://[::1]/token", Reach.LOOPBACK, True),
        ("https://169.254.169.254/token", Reach.LOOPBACK, False),
        ("http://plain.example/token", Reach.GLOBAL, False),
    ],
)
def test_a_registry_leads_no_further_inside_than_it_lies(realm: str, reach: Reach, *, allowed: bool) -> None:
    asked: list[str] = []
    made = authorizer("https://registry.example", reach=reach, asked=asked)
    challenges = (Challenge("bearer", (("realm", realm),)),)
    if allowed:
        made.answer(NAME, challenges, "")
    else:
        with pytest.raises(ImageError, match="refused"):
            made.answer(NAME, challenges, "")
    assert bool(asked) is allowed


@pytest.mark.parametrize("target", ["http://169.254.169.254/x", "https://[fe80::1]/x", "https://0.0.0.0/x"])
def test_a_token_service_that_redirects_inside_is_refused_on_the_hop(
    make_client: MakeClient, target: str
) -> None:
    with FakeTokenServer() as tokens, FakeRegistry(tokens=tokens) as registry:
        tokens.script("GET", Answer(status=302, headers={"Location": target}), times=-1)
        with pytest.raises(ImageError, match="private network"):
            pull(make_client(registry, tokens), registry)
        assert len(tokens.seen) == 1


def test_a_token_that_expires_is_renewed_once_and_the_pull_goes_on(
    make_client: MakeClient, file_layer: FileLayer, read_stored: ReadStored
) -> None:
    with FakeTokenServer() as tokens, FakeRegistry(tokens=tokens) as registry:
        layer = file_layer()
        registry.add_image(NAME, [layer], tag="1")
        image = pull(make_client(registry, tokens), registry)
        tokens.expire()
        assert read_stored(image) == layer[0]
        assert len(tokens.seen) == 2


def test_a_registry_that_accepts_no_token_is_given_up(make_client: MakeClient) -> None:
    with FakeTokenServer() as tokens, FakeRegistry(tokens=tokens) as registry:
        challenge = f'Bearer realm="{tokens.realm}",service="fake"'
        registry.script("GET", Answer(status=401, headers={"WWW-Authenticate": challenge}), times=-1)
        with pytest.raises(ImageError, match="demands to log in"):
            pull(make_client(registry, tokens), registry)
        assert len(registry.seen) == 3


@pytest.mark.parametrize("where", ["token service", "registry"])
def test_stale_credentials_do_not_keep_from_a_public_image(
    make_client: MakeClient, file_layer: FileLayer, where: str
) -> None:
    with FakeTokenServer() as tokens, FakeRegistry(tokens=tokens) as registry:
        registry.add_image(NAME, [file_layer()], tag="1")
        client = make_client(
            registry, tokens, credential=ALICE, token_services={registry.host: (tokens.host,)}
        )
        if where == "token service":
            tokens.script("GET", Answer(status=401))
        else:
            challenge = f'Bearer realm="{tokens.realm}"'
            registry.script(
                "GET", Answer(status=401, headers={"WWW-Authenticate": challenge}), Answer(status=403)
            )
        pull(client, registry)
        assert tokens.seen[-1].authorization == ""
        assert any("refuses the credentials from `config.json`" in note for note in client.notes)  # type: ignore[attr-defined]  # the client of these tests


@pytest.mark.parametrize(
    "answer",
    [
        Answer(body=b"<html>"),
        Answer(body=b"{}"),
        Answer(body=b'{"token": 7}'),
        Answer(body=b'{"token": "a\\r\\nX-Evil: 1"}'),
        Answer(body=b'{"token": "' + b"x" * 100_000, endless=True),
        Answer(status=500),
        Answer(status=302, headers={"Location": "/token"}),
    ],
    ids=["page", "empty", "number", "header-injection", "endless", "error", "loop"],
)
def test_an_answer_that_is_no_token_is_an_error(make_client: MakeClient, answer: Answer) -> None:
    with FakeTokenServer() as tokens, FakeRegistry(tokens=tokens) as registry:
        tokens.script("", answer, times=-1)
        with pytest.raises(ImageError):
            pull(make_client(registry, tokens), registry)
        assert len(registry.seen) == 1


def test_a_busy_token_service_is_asked_again(make_client: MakeClient, file_layer: FileLayer) -> None:
    with FakeTokenServer() as tokens, FakeRegistry(tokens=tokens) as registry:
        registry.add_image(NAME, [file_layer()], tag="1")
        tokens.script("", Answer(status=503), times=2)
        pull(make_client(registry, tokens), registry)
        assert len(tokens.seen) == 3


def test_another_host_that_holds_the_layers_sees_no_credentials(
    make_client: MakeClient, file_layer: FileLayer, read_stored: ReadStored
) -> None:
    with FakeRegistry() as store, FakeRegistry(users=USERS) as registry:
        layer = file_layer()
        registry.add_image(NAME, [layer], tag="1")
        store.blobs.update(registry.blobs)
        image = pull(make_client(registry, store, credential=ALICE), registry)
        stored = next(key for key, content in registry.blobs.items() if content == layer[0])
        registry.script(
            "/blobs/",
            Answer(
                status=307,
                headers={
                    "Location": f"{store.url}/v2/x/blobs/{stored}?signature=abc",
                    "Set-Cookie": "session=1",
                },
            ),
        )
        assert read_stored(image) == layer[0]
        assert {"authorization", "cookie", "proxy-authorization"}.isdisjoint(store.seen[0].headers)


def test_another_host_that_demands_to_log_in_gets_nothing(
    make_client: MakeClient, file_layer: FileLayer, read_stored: ReadStored
) -> None:
    with FakeTokenServer() as evil, FakeRegistry(tokens=evil) as store, FakeRegistry(users=USERS) as registry:
        registry.add_image(NAME, [file_layer()], tag="1")
        image = pull(make_client(registry, store, evil, credential=ALICE), registry)
        registry.script(
            "/blobs/", Answer(status=307, headers={"Location": f"{store.url}/v2/x/blobs/sha256:0"})
        )
        with pytest.raises(ImageError, match="status 401"):
            read_stored(image)
        assert evil.seen == []
        assert store.seen[0].authorization == ""


def test_a_cookie_is_never_sent_back(make_client: MakeClient, file_layer: FileLayer) -> None:
    with FakeRegistry() as registry:
        registry.add_image(NAME, [file_layer()], tag="1")
        raw, kind = registry.manifests[NAME, "1"]
        registry.script(
            "manifests", Answer(headers={"Content-Type": kind, "Set-Cookie": "a=b; Path=/"}, body=raw)
        )
        pull(make_client(registry), registry)
        assert all("cookie" not in seen.headers for seen in registry.seen)


def test_a_secret_is_in_no_error_note_log_or_representation(
    make_client: MakeClient, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    shown: list[str] = [repr(ALICE), str(ALICE), f"{ALICE!r}"]
    echo = f"you sent {CANARY} and {ALICE.basic} and token-1".encode()
    body = b'{"errors":[{"code":"DENIED","message":"' + echo + b'"}]}'
    for status in (400, 401, 403, 404, 418, 429, 500):
        with FakeTokenServer(users=USERS) as tokens, FakeRegistry(tokens=tokens) as registry:
            client = make_client(
                registry, tokens, credential=ALICE, token_services={registry.host: (tokens.host,)}
            )
            registry.script(
                "GET", Answer(status=401, headers={"WWW-Authenticate": f'Bearer realm="{tokens.realm}"'})
            )
            registry.script(
                "GET", Answer(status=status, headers={"Location": f"/{CANARY}"}, body=body), times=-1
            )
            with pytest.raises(ImageError) as caught:
                pull(client, registry)
            assert any(ALICE.basic == seen.authorization for seen in tokens.seen)
            shown += ["".join(traceback.format_exception(caught.value)), caught.value.hint]
            shown += [*client.notes, repr(client)]  # type: ignore[attr-defined]  # the client of these tests
    shown += [caplog.text, *capfd.readouterr()]
    forms = (CANARY, base64.b64encode(CANARY.encode()).decode(), ALICE.basic.removeprefix("Basic "))
    for text in shown:
        assert not any(form in text for form in forms), text
