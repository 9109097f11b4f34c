"""Requests to a real server, and the same samples through ``ama score``."""

from __future__ import annotations

import base64
import io
import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from PIL import Image

import ama
from ama.decision.conformal import ROUNDING
from ama.detectors.drift_watch import DriftWatch
from ama.report.verdict import watch_sentence
from image_files import noise
from served import BOUNDARY, WITHOUT_EXTRA, Served, form

pytest.importorskip("fastapi", reason=WITHOUT_EXTRA)

ROUNDING_OF_DIGITS = max(ROUNDING.values())  # of the type that the processor of the fit multiplies
ARROW = "application/vnd.apache.arrow.stream"
FORM = f"multipart/form-data; boundary={BOUNDARY}"


def encoded(pixels: np.ndarray, kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


def stream(table: pa.Table, **options) -> bytes:
    file = io.BytesIO()
    with pa.ipc.new_stream(file, table.schema, **options) as writer:
        writer.write_table(table)
    return file.getvalue()


def test_images_score_bit_for_bit_as_on_the_command_line(server, models, pictures, scored):
    assert server.files(pictures).samples == scored(models / "digits", models / "images")
    name = next(iter(pictures))
    expected = scored(models / "digits", models / "images" / name)
    assert server.files({name: pictures[name]}).samples == expected
    for kind in ("image/png", "application/octet-stream"):
        [found] = server.score(pictures[name], kind).samples
        assert found == {**expected[0], "id": "image"}


@pytest.mark.parametrize("suffix", ["jpg", "gif", "tif", "webp", "tga", "pcx", "bmp"])
def test_every_format_is_read_as_from_a_file(server, models, scored, tmp_path, suffix):
    (tmp_path / "one").mkdir()
    path = tmp_path / "one" / f"a.{suffix}"
    Image.fromarray(noise(20, 13)).save(path)
    assert server.files({path.name: path.read_bytes()}).samples == scored(models / "digits", tmp_path / "one")


def test_what_is_changed_is_noted(server):
    found = server.files({"big.png": encoded(noise(20, 13, 3))})
    assert found.json["notes"] == [
        "big.png: 1 of 1 image in colour made grey",
        "big.png: images of 20 x 13 pixels are resized to 8 x 8, as the model learned; their aspect ratio is not kept",
    ]


def test_the_map_is_the_file_of_the_command_line(server, models, pictures, scored, tmp_path):
    scored(models / "digits", models / "images", "--maps", str(tmp_path / "maps"))
    for sample in server.files(pictures, "?maps=true").samples:
        assert base64.b64decode(sample["map"]) == (tmp_path / "maps" / f"{sample['id']}.png").read_bytes()


def test_arrow_answers_hold_the_same(server, pictures):
    files = {**pictures, "empty.png": b""}
    expected = server.files(files, "?maps=true")
    answer = server.files(files, "?maps=true", Accept=ARROW)
    assert answer.headers["content-type"] == ARROW
    table = pa.ipc.open_stream(answer.body).read_all()
    for found, sample in zip(table.to_pylist(), expected.samples, strict=True):
        assert found.pop("map") == (base64.b64decode(sample.pop("map")) if "map" in sample else None)
        assert {name: value for name, value in found.items() if value is not None} == sample
    assert json.loads(table.schema.metadata[b"notes"]) == []


def test_a_bad_file_among_others_has_a_sentence(server, pictures):
    good, other, *_ = pictures
    cut = pictures[other][:-30]
    before = server.metrics().get('ama_rejected_total{reason="unreadable"}', 0)
    found = server.files({"cut.png": cut, good: pictures[good], "text.png": b"hello"}).samples
    assert [sample["id"] for sample in found] == ["cut.png", good, "text.png"]
    assert [set(sample) == {"id", "error"} for sample in found] == [True, False, True]
    assert found[0]["error"].startswith("cut.png cannot be read: ")
    assert found[2]["error"] == (
        "text.png cannot be read: it is not an image, or its format or its kind of pixels is not supported"
    )
    assert server.metrics()['ama_rejected_total{reason="unreadable"}'] == before + 2


def test_a_single_bad_file_is_refused_as_on_the_command_line(server, models, pictures, refusal, tmp_path):
    (tmp_path / "bad").mkdir()
    for name, content in (("cut.png", pictures["00.png"][:-30]), ("empty.png", b""), ("text.png", b"hello")):
        path = tmp_path / "bad" / name
        path.write_bytes(content)
        expected = refusal(models / "digits", tmp_path / "bad")
        assert server.files({name: content}).refused(422) == expected
        path.unlink()


def test_rows_score_bit_for_bit_as_on_the_command_line(table_server, models, scored):
    expected = scored(models / "table", models / "payments.csv")
    texts = pd.read_csv(models / "payments.csv")
    rows = json.loads(texts.to_json(orient="records", double_precision=15))
    assert table_server.rows(rows).samples == expected
    columns = list(texts)
    by_position = table_server.rows([[row[name] for name in columns] for row in rows])
    assert by_position.samples == expected
    assert "by their positions" in by_position.json["notes"][0]
    [one] = table_server.rows(rows[0]).samples
    assert one["p_value"] == expected[0]["p_value"]
    table = pa.Table.from_pandas(pd.read_csv(models / "payments.csv"), preserve_index=False)
    assert table_server.score(stream(table), ARROW).samples == expected
    runs = pa.RunEndEncodedArray.from_arrays(
        list(range(1, len(table) + 1)), table["country"].combine_chunks()
    )
    place = table.schema.get_field_index("country")
    assert table_server.score(stream(table.set_column(place, "country", runs)), ARROW).samples == expected


@pytest.mark.parametrize(
    ("csv", "rows"),
    [
        ("amount\n1\n", [{"amount": 1}]),
        ("a,b\n1,2\n", [{"a": 1, "b": 2}]),
    ],
)
def test_wrong_columns_are_refused_as_on_the_command_line(table_server, models, refusal, tmp_path, csv, rows):
    (tmp_path / "wrong.csv").write_text(csv)
    expected = refusal(models / "table", tmp_path / "wrong.csv")
    assert table_server.rows(rows).refused(422) == expected


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        (b"", 400, "the body is empty"),
        (b"[{", 400, "the request is not valid JSON"),
        (b"\xff", 400, "the request is not valid JSON"),
        (b"[" * 100_000, 400, "the request is not valid JSON"),
        (b"[[" + b"9" * 4301 + b"]]", 400, "the request holds a whole number of more than 4,300 digits"),
        (b"[]", 422, "the request has no rows"),
        (b"3", 422, "the request holds something other than rows"),
        (b"[1, 2]", 422, "the request holds something other than rows"),
        (b"[[1], [1, 2]]", 422, "the request has 2 values in row 2"),
        (b"[[1], {}]", 422, "the request mixes objects and lists"),
        (b"[{}]", 422, "the request has no column"),
        (b'[{"a": 1, "a": 2}]', 422, "the request has two columns named 'a'"),
        (b'[{"amount": [1]}]', 422, "column 'amount' of the request holds a list in row 1"),
        (b'[{"\\ud800": 1}]', 422, "the request has a column named"),
    ],
)
def test_odd_json_is_one_sentence(table_server, body, status, sentence):
    assert table_server.score(body, "application/json").refused(status).startswith(sentence)


def test_odd_arrow_is_one_sentence(table_server, server, pictures):
    whole = stream(pa.table({"amount": [1.0] * 5}))
    for body in (b"hello", whole[:50], whole[:200]):
        assert "the request" in table_server.score(body, ARROW).refused(422)
    packed = stream(pa.table({"amount": [1.0] * 500}), options=pa.ipc.IpcWriteOptions(compression="zstd"))
    assert "compressed" in table_server.score(packed, ARROW).refused(422)
    column = [{"bytes": pictures["00.png"], "path": "a.png"}, {"bytes": None, "path": "/etc/passwd"}]
    found = server.score(stream(pa.table({"image": column})), ARROW).samples
    assert found[0]["score"] == server.files({"00.png": pictures["00.png"]}).samples[0]["score"]
    assert "cannot be read" in found[1]["error"]


def test_images_and_rows_are_not_mistaken_for_one_another(server, table_server, pictures):
    assert server.rows([[1, 2]]).refused(422) == (
        "the request holds rows, expected images of 8 x 8 pixels, 1 channel"
    )
    assert table_server.files(pictures).refused(422).startswith("the request holds images, expected rows")
    assert table_server.rows([[1]], Accept="text/html").refused(406).startswith("Accept is 'text/html'")
    refused = table_server.score(b"[]", "application/json", "?maps=true").refused(422)
    assert refused.startswith("maps with regions are those of images")


@pytest.mark.parametrize(
    ("body", "kind", "status", "sentence"),
    [
        (form({"a.png": b"x"})[:-10], FORM, 400, "the multipart form is damaged: it ends before"),
        (b"hello", FORM, 400, "the multipart form is damaged"),
        (form({"a.png": b"x"}), "multipart/form-data", 400, "the multipart form is damaged: No boundary"),
        (form({}), FORM, 400, "the multipart form"),
        (form({"a": b"x"}).replace(b'; filename="a"', b""), FORM, 400, "the part 'file' of the form has no"),
        (b"hello", "text/plain", 415, "Content-Type is 'text/plain'"),
        (b"hello", "", 415, "Content-Type is absent, expected image/png"),
    ],
)
def test_malformed_requests_are_one_sentence(server, body, kind, status, sentence):
    assert server.score(body, kind).refused(status).startswith(sentence)


def test_what_is_asked_for_must_be_there(server, pictures):
    body = form(pictures)
    assert server.score(body, FORM, "?map=true").refused(422) == "there is no parameter 'map', expected maps"
    assert "must be true or false" in server.score(body, FORM, "?maps=perhaps").refused(422)
    twice = server.score(body, FORM, "?maps=true&maps=false").refused(400)
    assert twice == "maps is given 2 times in the query, expected once"
    assert "Not Found" in server.get("/nothing").refused(404)
    assert "Not Found" in server.score(body, FORM, "/").refused(404)  # and is not sent elsewhere
    wrong = server.get("/score")
    assert wrong.refused(405) == "GET /score: Method Not Allowed, expected POST"
    assert wrong.headers["allow"] == "POST"


@pytest.mark.parametrize("path", ["/health", "/ready", "/metrics"])
def test_the_head_of_an_answer_is_had_alone(server, path):
    whole, head = server.get(path), server.head(path)
    assert (head.status, head.body, head.headers["content-type"]) == (200, b"", whole.headers["content-type"])


def test_requests_at_the_same_time_are_scored_together(server, models, pictures, scored):
    expected = {row["id"]: row for row in scored(models / "digits", models / "images")}
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda name: server.files({name: pictures[name]}), [*pictures] * 5))
    for answer in answers:
        [found] = answer.samples
        score = expected[found["id"]]["score"]
        assert abs(found["score"] - score) <= ROUNDING_OF_DIGITS * (1 + abs(score))


def test_the_limits_answer_413(models, pictures, tmp_path):
    options = ["--max-body", "1", "--max-pixels", "100", "--max-samples", "3"]
    with Served(models / "digits", tmp_path / "log", *options) as server:
        assert "more than 1 MiB" in server.score(bytes(2**20 + 1), "image/png").refused(413)
        assert "more than 1 MiB" in server.score(bytes(2**22), "image/png").refused(413)
        large = server.files({"a.png": encoded(noise(11, 10))}).refused(413)
        assert large == "a.png has 11 x 10 pixels in an image, expected at most 100 (--max-pixels)"
        many = "the request has 12 samples, expected at most 3 (--max-samples)"
        assert server.files(pictures).refused(413) == many
        frames = [Image.fromarray(noise(8, 8, seed=i)) for i in range(12)]
        frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
        assert server.files({"a.gif": (tmp_path / "a.gif").read_bytes()}).refused(413) == many
        assert server.rows([[1]] * 12).refused(413) == many
        assert server.metrics()['ama_rejected_total{reason="too_large"}'] == 6
        assert len(server.files(dict([*pictures.items()][:3])).samples) == 3


def test_without_the_token_nothing_is_scored(models, pictures, tmp_path):
    with Served(models / "digits", tmp_path / "log", AMA_TOKEN="sésame") as server:
        known = {"Authorization": "Bearer " + "sésame".encode().decode("latin-1")}
        for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic sesame"}):
            answer = server.files(pictures, **headers)
            assert "bearer token" in answer.refused(401)
            assert answer.headers["www-authenticate"] == "Bearer"
            assert server.get("/metrics", **headers).status == 401
        assert len(server.files(pictures, **known).samples) == len(pictures)
        assert b'reason="unauthorised"} 6.0' in server.get("/metrics", **known).body
        assert server.get("/health").json == {"status": "alive"}
        assert server.get("/ready").json["status"] == "ready"


def test_the_metrics_say_what_was_scored(models, pictures, scored, tmp_path):
    rows = scored(models / "digits", models / "images")
    with Served(models / "digits", tmp_path / "log", "--window", "4") as server:
        assert np.isnan(server.metrics()["ama_drift_distance"])
        server.files(pictures)
        found = server.metrics()
    flagged = [row["anomaly"] for row in rows]
    assert found["ama_score_count"] == len(rows)
    assert found["ama_flagged_total"] == sum(flagged)
    assert found["ama_flagged_share"] == np.mean(flagged[-4:])
    assert found["ama_window_samples"] == 4
    assert found["ama_calibration_samples"] > 10
    assert 0 <= found["ama_calibration_age_seconds"] < 3600
    assert 0 < found["ama_drift_distance"] <= 1
    assert found['ama_request_seconds_count{path="/score",status="200"}'] == 1


def test_the_drift_watch_goes_over_all_requests(models, digits, tmp_path):
    images, labels = digits
    watch = DriftWatch(ama.load(models / "digits", "cpu"))
    with Served(models / "digits", tmp_path / "log", "--max-batch", "1") as server:
        assert "0 samples in 0 runs" in server.get("/ready").json["drift"]
        assert server.metrics()["ama_drift_evidence_log10"] == 0
        for digit, n, alarm in ((0, 10, 0), (1, 100, 1), (0, 10, 1)):
            files = {f"{i}.png": encoded(x[0]) for i, x in enumerate(images[labels == digit][-n:])}
            scores = [sample["score"] for sample in server.files(files).samples]
            expected, found = watch.update(np.array(scores)), server.metrics()
            assert found["ama_drift_evidence_log10"] == pytest.approx(expected.log_evidence / np.log(10))
            assert found["ama_drift_evidence_largest_log10"] == pytest.approx(
                expected.log_largest / np.log(10)
            )
            assert found["ama_drift_alarm"] == alarm
            assert server.get("/ready").json["drift"] == watch_sentence(expected)
        assert b"alarm comes at 2 on at most 1 % of streams" in server.get("/metrics").body
        assert len(server.said().splitlines()) == 1


def test_the_description_has_examples(server):
    found = server.get("/openapi.json").json
    score = found["paths"]["/score"]["post"]
    assert set(score["requestBody"]["content"]) >= {"multipart/form-data", "application/json", ARROW}
    assert score["requestBody"]["content"]["application/json"]["examples"]
    assert score["responses"]["200"]["content"]["application/json"]["example"]["samples"]
    assert {"400", "401", "413", "415", "422", "503"} <= set(score["responses"])
