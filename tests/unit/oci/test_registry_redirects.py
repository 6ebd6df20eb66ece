"""Where a registry may send us, and where it may not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from basewise._internal.addresses import Reach
from basewise._internal.http_errors import HttpError
from basewise._internal.redirects import HopRules, check_address
from basewise.errors import ImageError
from basewise.model.reference import Reference
from basewise.oci.credentials import Credential
from basewise.oci.registry import open_registry
from basewise.oci.registry_client import RegistryClient
from basewise.testing.fake_registry import Answer, FakeRegistry

MakeClient = Callable[..., RegistryClient]
FileLayer = Callable[..., tuple[bytes, bytes]]
NAME = "team/app"


def test_a_relative_redirect_is_followed(make_client: MakeClient, file_layer: FileLayer) -> None:
    with FakeRegistry(users={"u": "p"}) as registry:
        registry.add_image(NAME, [file_layer()], tag="1")
        registry.script("manifests/moved", Answer(status=302, headers={"Location": "1"}), times=-1)
        client = make_client(registry, credential=Credential(username="u", password="p"))
        open_registry(Reference.parse(f"{registry.host}/{NAME}:moved"), client=client)
        assert registry.seen_paths("manifests")[-1].endswith("/manifests/1")


@pytest.mark.parametrize(
    "location",
    [
        "",
        "//127.0.0.1/evil",
        "file:///etc/passwd",
        "ftp://example.com/x",
        "http://[broken",
        "https://u:p@example.com/",
        "http://a:99999/",
    ],
)
def test_a_redirect_that_leads_nowhere_is_an_error(make_client: MakeClient, location: str) -> None:
    with FakeRegistry() as registry:
        headers = {"Location": location} if location else {}
        registry.script("manifests", Answer(status=307, headers=headers), times=-1)
        with pytest.raises(ImageError, match="cannot pull") as caught:
            open_registry(Reference.parse(f"{registry.host}/{NAME}:1"), client=make_client(registry))
        assert "u:p" not in caught.value.message
        assert len(registry.seen) == 1


def test_a_loop_of_redirects_ends_after_five(make_client: MakeClient) -> None:
    with FakeRegistry() as registry:
        registry.script("manifests", Answer(status=302, headers={"Location": "1"}), times=-1)
        with pytest.raises(ImageError, match="more than 5 redirects"):
            open_registry(Reference.parse(f"{registry.host}/{NAME}:1"), client=make_client(registry))
        assert len(registry.seen) == 6


def test_a_host_without_tls_that_was_not_allowed_is_not_followed_to(make_client: MakeClient) -> None:
    with FakeRegistry() as other, FakeRegistry() as registry:
        registry.script("manifests", Answer(status=307, headers={"Location": f"{other.url}/x"}))
        with pytest.raises(ImageError, match="without TLS"):
            open_registry(Reference.parse(f"{registry.host}/{NAME}:1"), client=make_client(registry))
        assert other.seen == []


RULES = HopRules(most_reach=Reach.GLOBAL, insecure_hosts=frozenset({"plain.example:80"}), max_redirects=5)


@pytest.mark.parametrize(
    ("url", "sent_by", "problem"),
    [
        ("https://cdn.example/blob", "https://registry.example", ""),
        ("https://cdn.example/blob", "http://plain.example", ""),
        ("http://plain.example/blob", "http://plain2.example", ""),
        ("http://plain.example/blob", "https://registry.example", "without TLS"),
        ("http://cdn.example/blob", "http://plain.example", "without TLS"),
        ("https://192.168.1.1/blob", "https://registry.example", "private network"),
        ("https://127.1/blob", "https://registry.example", "private network"),
        ("https://a.localhost/blob", "https://registry.example", "private network"),
        ("https://[fd00::1]/blob", "https://registry.example", "private network"),
        ("https://100.100.100.200/blob", "https://registry.example", "private network"),
    ],
)
def test_an_address_is_judged_before_it_is_asked(url: str, sent_by: str, problem: str) -> None:
    if not problem:
        check_address(url, RULES, sent_by=sent_by)
        return
    with pytest.raises(HttpError, match=problem):
        check_address(url, RULES, sent_by=sent_by)
