"""A fault of the program: one line in the log, and a 500."""

from __future__ import annotations

import json
import logging

import pytest
from prometheus_client import generate_latest

from served import WITHOUT_EXTRA

pytest.importorskip("fastapi", reason=WITHOUT_EXTRA)

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from ama.serving.service_metrics import ServiceMetrics
from ama.serving.watching import Watching


def test_a_fault_is_a_line_and_a_500(caplog):
    def fails(_):
        raise ZeroDivisionError("a\nb")

    metrics = ServiceMetrics()
    app = Starlette(routes=[Route("/fails", fails), Route("/works", lambda _: PlainTextResponse("yes"))])
    app.add_middleware(Watching, metrics=metrics, paths=["/works"])
    with TestClient(app) as client, caplog.at_level(logging.ERROR, "ama.serving"):
        answer = client.get("/fails")
        assert client.get("/works").text == "yes"
    assert answer.status_code == 500
    assert "fault of the server" in json.loads(answer.content)["error"]
    [record] = caplog.records
    assert record.getMessage().startswith(f"fault at {__file__}:")
    assert record.getMessage().endswith("ZeroDivisionError: a b")
    text = generate_latest(metrics.registry).decode()
    assert 'ama_request_seconds_count{path="other",status="500"} 1.0' in text
    assert 'ama_request_seconds_count{path="/works",status="200"} 1.0' in text
