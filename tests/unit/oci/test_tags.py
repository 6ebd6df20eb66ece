"""Listing tags: pages, and registries that never end."""

from __future__ import annotations

import json
from collections.abc import Callable

import msgspec
import pytest

from basewise.errors import ImageError
from basewise.oci.registry_client import RegistryClient
from basewise.oci.tags import list_tags
from basewise.testing.fake_registry import Answer, FakeRegistry

MakeClient = Callable[..., RegistryClient]
NAME = "team/app"


def page(tags: list[str], link: str = "") -> Answer:
    headers = {"Content-Type": "application/json", **({"Link": f'<{link}>; rel="next"'} if link else {})}
    return Answer(headers=headers, body=json.dumps({"name": NAME, "tags": tags}).encode())


def with_tags(registry: FakeRegistry, *tags: str) -> None:
    for tag in tags:
        registry.manifests[NAME, tag] = (b"{}", "application/json")


@pytest.mark.parametrize("size", [0, 1, 2, 3, 100])
def test_all_pages_are_read(make_client: MakeClient, size: int) -> None:
    with FakeRegistry(page_size=size) as registry:
        with_tags(registry, "3.12", "3.11", "3.13-slim", "latest")
        found = list_tags(make_client(registry), registry.host, NAME)
        assert found.tags == ("3.11", "3.12", "3.13-slim", "latest")
        assert found.complete


def test_a_repository_without_tags_has_none(make_client: MakeClient) -> None:
    with FakeRegistry() as registry:
        registry.script("tags", Answer(body=b'{"name":"x","tags":null}'))
        assert list_tags(make_client(registry), registry.host, NAME).tags == ()


def test_a_repository_that_is_not_there_is_an_error(make_client: MakeClient) -> None:
    with FakeRegistry() as registry, pytest.raises(ImageError, match="does not have it"):
        list_tags(make_client(registry), registry.host, NAME)


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/v2/team/app/tags/list?last=a",
        "//evil.example/v2/team/app/tags/list",
        "/v2/other/tags/list",
        "file:///etc/passwd",
        "http://[x",
    ],
)
def test_a_next_page_elsewhere_is_refused(make_client: MakeClient, link: str) -> None:
    with FakeRegistry() as registry:
        registry.script("tags", page(["a"], link))
        with pytest.raises(ImageError, match="elsewhere"):
            list_tags(make_client(registry), registry.host, NAME)
        assert len(registry.seen) == 1


def test_a_page_that_leads_to_itself_is_refused(make_client: MakeClient) -> None:
    with FakeRegistry() as registry:
        registry.script("tags", page(["a"], f"/v2/{NAME}/tags/list?last=a"), times=-1)
        with pytest.raises(ImageError, match="again and again"):
            list_tags(make_client(registry), registry.host, NAME)
        assert len(registry.seen) == 2


def test_pages_and_tags_beyond_the_limits_are_left_out_with_a_notice(make_client: MakeClient) -> None:
    limits = make_client().limits
    for changes in ({"pages": 2}, {"tags": 2}):
        with FakeRegistry(page_size=1) as registry:
            with_tags(registry, "a", "b", "c", "d")
            client = make_client(registry, limits=msgspec.structs.replace(limits, **changes))
            found = list_tags(client, registry.host, NAME)
            assert found.tags == ("a", "b")
            assert not found.complete
            assert "more than 2" in client.notes[0]  # type: ignore[attr-defined]  # the client of these tests


def test_a_page_that_is_too_large_is_not_read(make_client: MakeClient) -> None:
    with FakeRegistry() as registry:
        registry.script("tags", page([f"tag-{number}" for number in range(100_000)]))
        with pytest.raises(ImageError, match="larger than"):
            list_tags(make_client(registry), registry.host, NAME)


def test_what_is_no_tag_is_left_out(make_client: MakeClient) -> None:
    with FakeRegistry() as registry:
        registry.script("tags", page(["good", "../evil", "\x1b[31m", "", "-x", "a" * 200]))
        assert list_tags(make_client(registry), registry.host, NAME).tags == ("good",)


@pytest.mark.parametrize("body", [b"[]", b'{"tags": "a"}', b"{", b'{"tags": [1]}'])
def test_an_answer_that_is_no_list_is_an_error(make_client: MakeClient, body: bytes) -> None:
    with FakeRegistry() as registry:
        registry.script("tags", Answer(body=body))
        with pytest.raises(ImageError, match="no list of tags"):
            list_tags(make_client(registry), registry.host, NAME)


def test_a_login_page_is_no_list(make_client: MakeClient) -> None:
    with FakeRegistry() as registry:
        registry.script("tags", Answer(headers={"Content-Type": "text/html"}, body=b"<html>"))
        with pytest.raises(ImageError, match="web page"):
            list_tags(make_client(registry), registry.host, NAME)
