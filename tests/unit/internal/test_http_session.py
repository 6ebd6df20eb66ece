"""Single requests: what connects where, through whom, and what an error may say."""

from __future__ import annotations

import base64
import socket
import threading
from pathlib import Path

import pytest

from basewise._internal.addresses import Reach
from basewise._internal.http import HttpSession
from basewise._internal.http_errors import HttpError
from basewise._internal.proxies import Proxies
from basewise.testing.fake_http import Answer, ScriptedServer

NO_PROXIES = Proxies()
PASSWORD = "pr0xy-canary"


def get(session: HttpSession, url: str, most_reach: Reach = Reach.NEVER) -> bytes:
    with session.open("GET", url, headers={}, total_seconds=2, most_reach=most_reach) as stream:
        return stream.read_all(1_000_000)


def test_a_peer_that_lies_too_deep_is_refused_before_a_byte_is_sent() -> None:
    with ScriptedServer() as server, HttpSession(proxies=NO_PROXIES) as session:
        for host in ("127.0.0.1", "localhost"):
            with pytest.raises(HttpError, match="private network") as caught:
                get(session, f"http://{host}:{server.port}/", Reach.PRIVATE)
            assert caught.value.kind == "address"
        assert server.seen == []


def test_a_kept_connection_is_judged_again_for_each_request() -> None:
    with ScriptedServer() as server, HttpSession(proxies=NO_PROXIES) as session:
        server.script("", Answer(body=b"fine"), times=-1)
        assert get(session, server.url) == b"fine"
        with pytest.raises(HttpError, match="private network"):
            get(session, server.url, Reach.GLOBAL)
        assert len(server.seen) == 1


def test_the_depth_of_the_peer_is_told() -> None:
    with ScriptedServer() as server, HttpSession(proxies=NO_PROXIES) as session:
        for _ in range(2):
            with session.open("GET", server.url, headers={}, total_seconds=2) as stream:
                assert stream.peer_reach == Reach.LOOPBACK


def test_bytes_are_counted() -> None:
    counts: list[int] = []
    with ScriptedServer() as server, HttpSession(proxies=NO_PROXIES, on_bytes=counts.append) as session:
        server.script("", Answer(body=b"x" * 100_000))
        assert len(get(session, server.url)) == sum(counts) == 100_000


def test_a_proxy_is_asked_and_its_credentials_go_to_nobody_else() -> None:
    with ScriptedServer() as proxy:
        proxy.script("", Answer(body=b"from the proxy"), times=-1)
        proxies = Proxies.from_environment({"HTTP_PROXY": f"http://user:{PASSWORD}@{proxy.host}"})
        with HttpSession(proxies=proxies) as session:
            assert get(session, "http://registry.example/v2/", Reach.GLOBAL) == b"from the proxy"
        basic = base64.b64encode(f"user:{PASSWORD}".encode()).decode()
        assert proxy.seen[0].headers["proxy-authorization"] == f"Basic {basic}"
        assert proxy.seen[0].path == "http://registry.example/v2/"


@pytest.mark.parametrize("status", [403, 407, 502])
def test_a_proxy_that_refuses_to_connect_is_named_without_its_password(status: int) -> None:
    with ScriptedServer() as proxy:
        proxy.script("CONNECT", Answer(status=status, headers={"Proxy-Authenticate": "Basic"}), times=-1)
        proxies = Proxies.from_environment({"HTTPS_PROXY": f"http://user:{PASSWORD}@{proxy.host}"})
        with HttpSession(proxies=proxies) as session, pytest.raises(HttpError) as caught:
            get(session, "https://registry.example/v2/")
        assert f"via proxy {proxy.host}" in str(caught.value)
        assert str(status) in str(caught.value)
        assert caught.value.kind == "proxy"
        assert PASSWORD not in repr(caught.value)


def test_a_proxy_that_is_not_there_is_named() -> None:
    with ScriptedServer() as gone:
        proxies = Proxies.from_environment({"HTTPS_PROXY": f"http://user:{PASSWORD}@{gone.host}"})
    with (
        HttpSession(proxies=proxies) as session,
        pytest.raises(HttpError, match=f"via proxy {gone.host}") as caught,
    ):
        get(session, "https://registry.example/v2/")
    assert PASSWORD not in str(caught.value)


def test_an_address_with_credentials_is_refused_and_not_shown() -> None:
    with HttpSession(proxies=NO_PROXIES) as session, pytest.raises(HttpError) as caught:
        get(session, f"http://user:{PASSWORD}@127.0.0.1:9/")
    assert PASSWORD not in str(caught.value)


def test_a_query_is_not_shown() -> None:
    with ScriptedServer() as server, HttpSession(proxies=NO_PROXIES) as session:
        server.script("", Answer(body=b"x" * 2_000_000))
        with pytest.raises(HttpError) as caught:
            get(session, f"{server.url}/blob?signature={PASSWORD}")
        assert PASSWORD not in str(caught.value)
        assert caught.value.kind == "size"


@pytest.mark.parametrize(
    "url",
    ["ftp://127.0.0.1/", "http://", "http://[x/", "http://\x00/", "mailto:a@b", "http://127.0.0.1:99999/"],
)
def test_what_is_no_address_is_an_error(url: str) -> None:
    with HttpSession(proxies=NO_PROXIES) as session, pytest.raises(HttpError):
        get(session, url)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 50_000,
    ],
    ids=["nothing", "garbage", "negative-length", "endless-head"],
)
def test_what_is_no_http_is_an_error(raw: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                try:
                    connection.sendall(raw)
                except OSError:
                    return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        with HttpSession(proxies=NO_PROXIES) as session, pytest.raises(HttpError) as caught:
            get(session, f"http://127.0.0.1:{listener.getsockname()[1]}/")
        assert caught.value.passing
        thread.join(5)


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="this system has no unix sockets")
def test_a_socket_of_this_machine_is_asked_whatever_the_proxies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen(1)

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        with HttpSession(unix_socket=str(path)) as session:
            assert get(session, "http://localhost/version") == b"ok"
        thread.join(5)


def test_certificates_that_cannot_be_read_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("not a certificate")
    for name in ("ca.pem", "absent.pem"):
        with pytest.raises(HttpError, match="cannot be read") as caught:
            HttpSession(ca_file=tmp_path / name, proxies=NO_PROXIES)
        assert caught.value.kind == "tls"
