"""A fault of the program: one line in the log, and a 500."""

from __future__ import annotations

import asyncio
import json
import logging

import pytest

from served import WITHOUT_EXTRA

pytest.importorskip("fastapi", reason=WITHOUT_EXTRA)

from prometheus_client import generate_latest

from ama.serving.service_metrics import ServiceMetrics
from ama.serving.watching import Watching


def answer(app, path: str) -> list[dict]:
    """What an ASGI application sends."""
    sent = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    asyncio.run(app({"type": "http", "path": path}, receive, send))
    return sent


async def works(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"yes"})


async def fails(scope, receive, send):
    raise ZeroDivisionError("a\nb")


def test_a_fault_is_a_line_and_a_500(caplog):
    metrics = ServiceMetrics()
    with caplog.at_level(logging.ERROR, "ama.serving"):
        start, body = answer(Watching(fails, metrics, ["/works"]), "/fails")
        assert answer(Watching(works, metrics, ["/works"]), "/works")[1]["body"] == b"yes"
    assert start["status"] == 500
    assert "fault of the server" in json.loads(body["body"])["error"]
    [record] = caplog.records
    assert record.getMessage().startswith(f"fault at {__file__}:")
    assert record.getMessage().endswith("ZeroDivisionError: a b")
    text = generate_latest(metrics.registry).decode()
    assert 'ama_request_seconds_count{path="other",status="500"} 1.0' in text
    assert 'ama_request_seconds_count{path="/works",status="200"} 1.0' in text
