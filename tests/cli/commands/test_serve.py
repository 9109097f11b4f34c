"""Wrong calls of ``ama serve``; what it serves is tested in tests/serving."""

from __future__ import annotations

import socket
import sys

import pytest

from places import refused
from served import WITHOUT_EXTRA


def test_without_its_extra_one_sentence_names_it(call, monkeypatch):
    monkeypatch.setitem(sys.modules, "fastapi", None)
    assert refused(
        call("serve", "photos.model"),
        r"serving needs fastapi, which is not installed: pip install '\.\[serve\]' \(the extra 'serve' of ama\)",
    )


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nothing"], "there is no model at nothing.*"),
        (["photos.model", "--port", "70000"], "--port must be 0 to 65535, found 70000"),
        (["photos.model", "--host", "256.0.0.1"], r"cannot listen at 256\.0\.0\.1, port 8000: .*"),
        (["photos.model", "--max-body", "0"], "--max-body must be at least 1, found 0"),
        (["photos.model", "--max-wait", "-1"], "--max-wait must be 0 to 10,000 milliseconds, found -1"),
        (["photos.model", "--window", "0"], "--window must be at least 1, found 0"),
        (["photos.model", "--false-alarm-rate", "2"], "false_alarm_rate must be a number between 0 and 1.*"),
        (["photos.model", "--port", "x"], "serve: --port must be a whole number, found 'x'"),
    ],
)
def test_a_wrong_call_is_one_sentence(call, words, sentence):
    pytest.importorskip("fastapi", reason=WITHOUT_EXTRA)
    assert refused(call("serve", *words), sentence)


def test_a_port_in_use_and_an_empty_token_are_refused(call, monkeypatch):
    pytest.importorskip("fastapi", reason=WITHOUT_EXTRA)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert refused(
            call("serve", "photos.model", "--port", port),
            f"cannot listen at 127.0.0.1, port {port}: Address already in use",
        )
    monkeypatch.setenv("AMA_TOKEN", " ")
    assert refused(call("serve", "photos.model"), "AMA_TOKEN is empty, expected a token.*")
