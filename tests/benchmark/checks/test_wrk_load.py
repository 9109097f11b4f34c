"""A short load on a server."""

from __future__ import annotations

import io
import shutil

import pytest
from PIL import Image

from ama.benchmark.checks.wrk_load import load
from served import WITHOUT_EXTRA, Served


@pytest.mark.skipif(shutil.which("wrk") is None, reason="wrk is not installed")
def test_requests_in_turn_are_counted_with_their_errors(digit_detector, digits, tmp_path):
    pytest.importorskip("fastapi", reason=WITHOUT_EXTRA)
    digit_detector.save(tmp_path / "model")
    bodies = []
    for image in digits[0][:4]:
        file = io.BytesIO()
        Image.fromarray(image[0]).save(file, "PNG")
        bodies.append(file.getvalue())
    with Served(tmp_path / "model", tmp_path / "log") as server:
        found = load(server.url, bodies, "image/png", 2, 1)
        assert found.errors == 0
        assert found.requests_per_second > 0
        assert 0 < found.p50_ms <= found.p99_ms
        assert server.metrics()['ama_request_seconds_count{path="/score",status="200"}'] >= 1
        bad = load(server.url, [bodies[0], b"no image"], "image/png", 1, 1)
        refused = server.metrics()['ama_rejected_total{reason="unusable"}']
        assert refused - 1 <= bad.errors <= refused  # wrk leaves when the time is over
