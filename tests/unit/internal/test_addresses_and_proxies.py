"""How deep an address lies, which proxy a request goes through, and when something is tried again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from basewise._internal.addresses import Reach, literal_address, reach_of
from basewise._internal.http_errors import HttpError
from basewise._internal.proxies import Proxies
from basewise._internal.retry import Backoff, RetryLimits, retry_after_seconds

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("address", "reach"),
    [
        ("1.1.1.1", Reach.GLOBAL),
        ("2606:4700::1111", Reach.GLOBAL),
        ("10.0.0.1", Reach.PRIVATE),
        ("172.16.0.1", Reach.PRIVATE),
        ("192.168.0.1", Reach.PRIVATE),
        ("100.64.0.1", Reach.PRIVATE),
        ("fd00::1", Reach.PRIVATE),
        ("127.0.0.1", Reach.LOOPBACK),
        ("127.9.9.9", Reach.LOOPBACK),
        ("::1", Reach.LOOPBACK),
        ("::ffff:127.0.0.1", Reach.LOOPBACK),
        ("64:ff9b::7f00:1", Reach.LOOPBACK),
        ("::ffff:1.1.1.1", Reach.GLOBAL),
        ("64:ff9b::101:101", Reach.GLOBAL),
        ("::ffff:10.0.0.1", Reach.PRIVATE),
        ("2002:a00:1::1", Reach.PRIVATE),
        ("169.254.169.254", Reach.NEVER),
        ("169.254.0.1", Reach.NEVER),
        ("fe80::1%eth0", Reach.NEVER),
        ("0.0.0.0", Reach.NEVER),  # noqa: S104 - nothing is bound
        ("::", Reach.NEVER),
        ("224.0.0.1", Reach.NEVER),
        ("::ffff:169.254.169.254", Reach.NEVER),
        ("64:ff9b::a9fe:a9fe", Reach.NEVER),
        ("2002:a9fe:a9fe::1", Reach.NEVER),
        ("::169.254.169.254", Reach.NEVER),
        ("fd00:ec2::254", Reach.NEVER),
        ("100.100.100.200", Reach.NEVER),
    ],
)
def test_an_address_is_as_deep_as_what_it_leads_to(address: str, reach: Reach) -> None:
    assert reach_of(address) == reach


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("2852039166", "169.254.169.254"),
        ("0x7f000001", "127.0.0.1"),
        ("0177.0.0.1", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("[::1]", "::1"),
        ("fe80::1%25eth0", "fe80::1"),
        ("example.com", "None"),
        ("127.example.com", "None"),
        ("", "None"),
        ("9" * 400, "None"),
    ],
)
def test_an_address_is_read_in_every_form_that_a_resolver_takes(host: str, address: str) -> None:
    assert str(literal_address(host)) == address


@given(st.ip_addresses())
def test_every_address_has_a_depth(address: object) -> None:
    assert reach_of(str(address)) in Reach


@pytest.mark.parametrize(
    ("no_proxy", "url", "direct"),
    [
        ("", "https://registry.example/v2/", False),
        ("*", "https://registry.example/v2/", True),
        ("registry.example", "https://registry.example/v2/", True),
        ("registry.example", "https://a.registry.example/v2/", True),
        ("registry.example", "https://notregistry.example/v2/", False),
        (".registry.example", "https://a.registry.example/v2/", True),
        ("*.registry.example", "https://a.registry.example/v2/", True),
        ("registry.example:5000", "https://registry.example:5000/v2/", True),
        ("registry.example:5000", "https://registry.example/v2/", False),
        ("registry.example:443", "https://registry.example/v2/", True),
        ("10.0.0.0/8", "https://10.1.2.3/v2/", True),
        ("10.0.0.0/8", "https://11.1.2.3/v2/", False),
        ("10.0.0.0/8", "https://ten.example/v2/", False),
        ("fd00::/8", "https://[fd00::1]/v2/", True),
        ("10.1.2.3", "https://10.1.2.3:5000/v2/", True),
        ("10.1.2.3:5000", "https://10.1.2.3:5000/v2/", True),
        ("[::1]:5000", "https://[::1]:5000/v2/", True),
        ("::1", "https://[::1]:5000/v2/", True),
        ("not/a/network", "https://registry.example/v2/", False),
        ("other.example, registry.example", "https://REGISTRY.example./v2/", True),
        ("2.3", "https://1.2.3/v2/", False),
    ],
)
def test_no_proxy_leaves_out_what_it_names(no_proxy: str, url: str, *, direct: bool) -> None:
    proxies = Proxies.from_environment({"HTTPS_PROXY": "http://proxy.example:3128", "NO_PROXY": no_proxy})
    assert (proxies.for_url(url) is None) is direct


def test_each_scheme_has_its_proxy_and_lower_case_wins() -> None:
    proxies = Proxies.from_environment(
        {
            "http_proxy": "one.example:80",
            "HTTP_PROXY": "http://two.example",
            "ALL_PROXY": "https://three.example",
        }
    )
    assert proxies.for_url("http://a.example") == "http://one.example:80"
    assert proxies.for_url("https://a.example") == "https://three.example"


def test_a_proxy_that_a_request_to_a_cgi_process_states_is_ignored() -> None:
    assert (
        Proxies.from_environment({"HTTP_PROXY": "http://evil.example", "REQUEST_METHOD": "GET"}).by_scheme
        == ()
    )


@pytest.mark.parametrize("address", ["socks5://user:s3cret@p.example", "ftp://s3cret@p", "http://"])
def test_a_proxy_that_cannot_be_used_is_an_error_without_its_password(address: str) -> None:
    with pytest.raises(HttpError, match="HTTPS_PROXY") as caught:
        Proxies.from_environment({"HTTPS_PROXY": address})
    assert "s3cret" not in str(caught.value)


def test_proxies_show_no_password() -> None:
    assert "s3cret" not in repr(Proxies.from_environment({"HTTPS_PROXY": "http://u:s3cret@p.example"}))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("2", 2.0),
        (" 120 ", 120.0),
        ("0", 0.0),
        ("Mon, 23 Nov 2026 12:00:30 GMT", 30.0),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0.0),
        ("Mon, 23 Nov 2026 12:00:30 -0000", 30.0),
        ("soon", None),
        ("-5", None),
        ("9" * 400, None),
        ("²", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_read_as_seconds_or_a_date(text: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(text, NOW) == seconds


def test_waits_double_and_end_with_the_attempts() -> None:
    waits: list[float] = []
    backoff = Backoff(RetryLimits(attempts=4), sleep=waits.append, spread=lambda: 1.0)
    assert [backoff.wait() for _ in range(5)] == [True, True, True, False, False]
    assert waits == [0.5, 1.0, 2.0]


def test_what_a_server_asks_for_is_waited_for_within_the_budget_only() -> None:
    waits: list[float] = []
    backoff = Backoff(RetryLimits(total_wait_seconds=10), sleep=waits.append, spread=lambda: 0.0)
    assert backoff.wait(5.0)
    assert not backoff.wait(6.0)
    assert len(waits) == 1


@given(st.lists(st.one_of(st.none(), st.floats(0, 1e9)), max_size=20))
def test_the_budget_is_never_exceeded(asked: list[float | None]) -> None:
    waits: list[float] = []
    backoff = Backoff(RetryLimits(total_wait_seconds=30), sleep=waits.append)
    for seconds in asked:
        backoff.wait(seconds)
    assert sum(waits) <= 30.0
    assert len(waits) <= 4
