"""The life of a server: signals while requests run, and the port."""

from __future__ import annotations

import json
import signal
import socket
import threading
import time

import pytest

from served import BOUNDARY, SECONDS, WITHOUT_EXTRA, Served, form

pytest.importorskip("fastapi", reason=WITHOUT_EXTRA)

from ama.errors import InputError, printable
from ama.serving.run_server import address, bound


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_the_running_request_end(models, pictures, tmp_path, number):
    body = form(pictures)
    head = (
        f"POST /score HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode()
    with Served(models / "digits", tmp_path / "log") as server:
        with (
            socket.create_connection(server.place) as running,
            socket.create_connection(server.place) as idle,
        ):
            running.sendall(head + body[:100])
            server.wait_for(lambda: server.metrics()["ama_requests_running"] == 1)
            server.signal(number)
            server.wait_for(lambda: refuses(server.place))
            assert server.runs()
            running.sendall(body[100:])
            running.settimeout(SECONDS)
            answer = b"".join(iter(lambda: running.recv(2**16), b""))
            assert answer.startswith(b"HTTP/1.1 200 ")
            assert answer.count(b'"score"') == len(pictures)
            assert idle.recv(1) == b""
        assert server.exit_status() == 0
        assert server.said().splitlines()[1:] == ["ama: stopped"]


def refuses(place: tuple[str, int]) -> bool:
    try:
        socket.create_connection(place, 1).close()
    except OSError:
        return True
    return False


def test_a_request_that_does_not_end_is_cut_off(models, tmp_path):
    with Served(models / "digits", tmp_path / "log", "--drain", "1") as server:
        with socket.create_connection(server.place) as running:
            running.sendall(b"POST /score HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n")
            server.wait_for(lambda: server.metrics()["ama_requests_running"] == 1)
            began = time.monotonic()
            assert server.end() == 0
            assert time.monotonic() - began < SECONDS / 2
            head, _, body = running.recv(2**16).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 503 ")
            assert json.loads(body)["error"].startswith(
                "the server ends, and the request took longer than --drain"
            )
        assert "Traceback" not in server.said()
        assert "Exception" not in server.said()


def test_more_requests_than_the_server_holds_are_sent_away(models, pictures, tmp_path):
    with Served(models / "digits", tmp_path / "log", "--max-requests", "1") as server:
        with socket.create_connection(server.place) as running:
            running.sendall(b"POST /score HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n")
            server.wait_for(lambda: server.metrics()["ama_requests_running"] == 1)
            answer = server.files(pictures)
            assert "--max-requests" in answer.refused(503)
            assert answer.headers["retry-after"] == "1"
        server.wait_for(lambda: server.metrics()["ama_requests_running"] == 0)
        assert len(server.files(pictures).samples) == len(pictures)


@pytest.mark.parametrize(
    "sent",
    [
        b"hello\r\n\r\n",
        b"GET /health HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"GET /health HTTP/1.1\r\nA: " + b"a" * 2**17,  # no end, and the server does not wait for one
        b"POST /score HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"A: a\r\n" * 2**15,
    ],
)
def test_what_is_no_http_is_a_line(server, sent):
    with socket.create_connection(server.place) as other:
        other.settimeout(SECONDS)
        other.sendall(sent)
        head, _, body = other.recv(1000).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 400 ")
        assert set(json.loads(body)) == {"error"}
    assert server.get("/health").status == 200
    assert "Traceback" not in server.said()


def test_a_damaged_form_is_told_in_its_answer_and_not_in_the_log(server, pictures):
    said = server.said()
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    for body in (b"no form", form(pictures).replace(b"\r\n\r\n", b"\n\r\n"), form(pictures)[:-5] + b"x"):
        assert "the multipart form is damaged: " in server.score(body, kind).refused(400)
    assert server.said() == said


def test_a_socket_says_where_it_listens():
    with bound("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        assert address(listening) == f"http://127.0.0.1:{port}"
        with pytest.raises(
            InputError, match=f"cannot listen at 127.0.0.1, port {port}: Address already in use"
        ):
            bound("127.0.0.1", port)
    with pytest.raises(InputError, match="--port must be 0 to 65535, found -1"):
        bound("127.0.0.1", -1)


@pytest.mark.parametrize(
    "host", ["", "256.0.0.1", "192.0.2.1", "fe80::1", "http://localhost", "..", "\udcff", "a\0b"]
)
def test_a_host_that_is_not_of_this_machine_is_told_what_it_must_be(host):
    expected = (
        f"cannot listen at {printable(host)}, port 0: --host must be an address or name of this machine, "
        "such as 127.0.0.1, or 0.0.0.0 for all addresses"
    )
    with pytest.raises(InputError) as refused:
        bound(host, 0)
    assert str(refused.value) == expected


def test_the_event_loop_stays_free_while_samples_are_scored(server, pictures):
    many = {f"{i}.png": pictures["00.png"] for i in range(900)}
    work = threading.Thread(target=lambda: server.files(many).samples)
    work.start()
    assert server.get("/health").status == 200
    work.join()


def test_connections_send_without_delay():
    with bound("127.0.0.1", 0) as listening, socket.create_connection(listening.getsockname()):
        connection, _ = listening.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
