"""The first requests of one seed of the fuzzer; ``make fuzz ONLY=serve`` sends as many as one likes."""

from __future__ import annotations

import json

import pytest

from served import WITHOUT_EXTRA

pytest.importorskip("fastapi", reason=WITHOUT_EXTRA)

from fuzz.served_cases import Servers, judged


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, {"samples": [{"id": "a", "score": 1.5, "p_value": 0.5}], "notes": []}, "accepted"),
        (200, {"samples": [{"id": "a", "score": 1.5, "p_value": 0.0}], "notes": []}, "WRONG"),
        (200, {"samples": [{"id": "a", "error": "x"}], "notes": []}, "WRONG"),
        (200, {"status": "alive"}, "accepted"),
        (422, {"error": "the request has no rows"}, "refused"),
        (422, {"error": "two\nlines"}, "LINE"),
        (422, {"detail": []}, "LINE"),
        (422, {"error": "Errno 2"}, "LINE"),
        (307, {}, "TRACEBACK"),
        (500, {"error": "a fault of the server"}, "TRACEBACK"),
    ],
)
def test_answers_are_judged(status, body, kind):
    assert judged(status, "application/json", json.dumps(body).encode(), False).kind == kind


def test_odd_requests_are_answered_with_scores_or_one_sentence(digit_detector, row_detector, tmp_path):
    folders = {"grey": tmp_path / "images", "table": tmp_path / "rows"}
    digit_detector.save(folders["grey"])
    row_detector.save(folders["table"])
    with Servers(folders, tmp_path) as servers:
        found = list(servers.cases(0, list(range(100)), tmp_path / "kept"))
    assert [(made, verdict) for _, _, made, verdict in found if verdict.failed] == []
    assert {verdict.kind for *_, verdict in found} == {"accepted", "refused"}
