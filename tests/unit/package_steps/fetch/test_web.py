"""The way to the network that fetching has: the hosts that the site allows, within limits."""

from __future__ import annotations

import io
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
from pkgci_steps.fetch.web import Unfetched, Web, host_environment, proxies
from pkgci_steps.status import Ended, Status

from .conftest import Upstream


def web(*hosts: str, seconds: float = 60) -> Web:
    return Web(hosts, {}, time.monotonic() + seconds, lambda _: None)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/a",
        "http://EXAMPLE.org/a",
        "https://example.org:443/a",
        "https://files.example.org:8443/a",
    ],
)
def test_an_allowed_host_is_reached_at_its_usual_port_or_the_one_that_is_named(url: str) -> None:
    web("example.org", "files.example.org:8443").check(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/a",
        "https://example.org.example.com/a",
        "https://sub.example.org/a",
        "https://example.org:22/a",
        "http://example.org:443/a",
        "https://files.example.org/a",
        "https://127.0.0.1/a",
        "https://[::1]/a",
    ],
)
def test_another_host_or_port_is_refused_and_the_setting_named(url: str) -> None:
    with pytest.raises(Ended, match=r"the site does not allow this host.*sources: \{hosts: \[") as raised:
        web("example.org", "files.example.org:8443").check(url)
    assert raised.value.status is Status.FAILED


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.org/a",
        "data:text/plain,a",
        "https:///a",
        "a.tar.gz",
        "https://user@example.org/a",
        "https://example.com@example.org/a",
        "https://example.org/a b",
        "https://example.org/a\r\nHost: example.com",
        "https://example.org:x/",
        "https://[::1/",
    ],
)
def test_what_is_no_web_address_is_refused(url: str) -> None:
    with pytest.raises(Ended, match="is no address as in https://HOST/FILE"):
        web("example.org").check(url)


def test_a_redirect_is_followed_to_an_allowed_host_only(upstream: Upstream) -> None:
    upstream.files |= {"/a": "/b", "/b": b"data", "/c": "http://localhost:1/x", "/d": "file:///etc/passwd"}
    output = io.BytesIO()
    web(upstream.host).fetch(upstream.url("/a"), output, 100)
    assert output.getvalue() == b"data"
    for path in ("/c", "/d"):
        with pytest.raises((Ended, Unfetched)) as raised:
            web(upstream.host).fetch(upstream.url(path), io.BytesIO(), 100)
        assert isinstance(raised.value, Ended) or "not allowed" in str(raised.value)


def test_what_is_larger_than_the_site_allows_is_refused(upstream: Upstream) -> None:
    upstream.files["/a"] = b"x" * 101
    with pytest.raises(Ended, match="has more than") as raised:
        web(upstream.host).fetch(upstream.url("/a"), io.BytesIO(), 100)
    assert raised.value.status is Status.FAILED


def test_what_takes_too_long_is_given_up(upstream: Upstream) -> None:
    upstream.files["/a"] = b"x"
    with pytest.raises(Ended, match="it took too long") as raised:
        web(upstream.host, seconds=-1).fetch(upstream.url("/a"), io.BytesIO(), 100)
    assert raised.value.status is Status.INFRASTRUCTURE


def test_a_connection_that_breaks_is_tried_again_from_the_start(upstream: Upstream) -> None:
    upstream.files["/a"], upstream.cut = b"all of it", 2
    output = io.BytesIO()
    web(upstream.host).fetch(upstream.url("/a"), output, 100)
    assert output.getvalue() == b"all of it"
    assert len(upstream.asked) == 3


def test_a_proxy_of_the_host_is_used(upstream: Upstream) -> None:
    upstream.files["http://example.org/a"] = b"by proxy"
    output = io.BytesIO()
    through = {"http": upstream.url("")}
    Web(["example.org"], through, time.monotonic() + 60).fetch("http://example.org/a", output, 100)
    assert output.getvalue() == b"by proxy"


def test_an_answer_that_is_no_http_is_not_the_packages_fault() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def answer() -> None:
            for _ in range(3):
                connection, _ = server.accept()
                with connection:
                    connection.recv(1000)
                    connection.sendall(b"220 this is no web server\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(Unfetched, match=f"http://127.0.0.1:{port}/a: .*220 this is no web server"):
            web(f"127.0.0.1:{port}").fetch(f"http://127.0.0.1:{port}/a", io.BytesIO(), 100)
        thread.join()


def test_a_host_has_its_proxies_in_its_environment_or_in_etc_environment(tmp_path: Path) -> None:
    file = tmp_path / "environment"
    file.write_text(
        'PATH=/bin\nhttp_proxy="http://proxy:3128"\nexport HTTPS_PROXY=http://other:3128\nno_proxy=localhost\n'
    )
    found = host_environment({"https_proxy": "http://mine:3128", "HOME": "/"}, file)
    assert found == {"http_proxy": "http://proxy:3128", "https_proxy": "http://mine:3128", "no_proxy": "localhost"}
    assert proxies(found) == {"http": "http://proxy:3128", "https": "http://mine:3128"}


def test_where_the_environment_has_none_apts_proxies_are_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "apt-config"
    program.write_text(
        "#!/bin/sh\necho 'Acquire::http::Proxy \"http://apt:3142\";'\necho 'Acquire::https::Proxy \"DIRECT\";'\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert proxies({}) == {"http": "http://apt:3142"}


def test_a_server_that_sends_byte_by_byte_is_given_up_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            with connection, suppress(OSError):
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
                for _ in range(100):
                    connection.sendall(b"x")
                    time.sleep(0.05)

        thread = threading.Thread(target=drip)
        thread.start()
        host, started = f"127.0.0.1:{server.getsockname()[1]}", time.monotonic()
        with pytest.raises(Ended, match="it took too long"):
            web(host, seconds=0.2).fetch(f"http://{host}/a", io.BytesIO(), 1000)
        assert time.monotonic() - started < 3
        thread.join()
