import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import ama
from ama.cli.main import main
from ama.errors import InputError
from ama.report.hub_upload import readme, upload


class Hub(BaseHTTPRequestHandler):
    """As much of the hub's API as an upload takes; it keeps the files of each commit."""

    files: dict[str, bytes]
    made: list[dict]
    status = 200

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        known = ("create", "validate-yaml", "preupload", "commit")
        kind = next((word for word in known if f"/{word}" in self.path), self.path)
        if self.status != 200:
            self.answer({"error": "no\nroom"}, self.status)
        elif kind == "create":
            self.made.append(json.loads(body))
            self.answer({"url": "https://huggingface.co/someone/parts", "id": "1"})
        elif kind == "validate-yaml":
            self.answer({"errors": [], "warnings": []})
        elif kind == "preupload":
            names = [file["path"] for file in json.loads(body)["files"]]
            self.answer(
                {"files": [{"path": n, "uploadMode": "regular", "shouldIgnore": False} for n in names]}
            )
        elif kind == "commit":
            for line in map(json.loads, body.splitlines()):
                if line["key"] == "file":
                    self.files[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
            self.answer(
                {
                    "commitUrl": "https://huggingface.co/someone/parts/commit/abc",
                    "commitOid": "abc",
                    "success": True,
                }
            )
        else:
            self.answer({"error": f"{kind} is not there"}, 404)

    def do_GET(self):
        self.answer({"error": "nothing here"}, 404)

    def answer(self, content, status=200):
        data = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@pytest.fixture
def hub(monkeypatch):
    pytest.importorskip("huggingface_hub")
    handler = type("OwnHub", (Hub,), {"files": {}, "made": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    for module in ("constants", "hf_api", "_commit_api"):
        monkeypatch.setattr(f"huggingface_hub.{module}.ENDPOINT", address, raising=False)
    monkeypatch.setenv("HF_TOKEN", "hf_x")
    yield handler
    server.shutdown()
    server.server_close()


def test_an_upload_is_a_model_folder_that_scores_alike_with_the_card_as_its_readme(
    hub, digit_detector, digits, tmp_path, capsys
):
    digit_detector.save(tmp_path / "model")
    assert main(["upload", str(tmp_path / "model"), "someone/parts", "--private"]) == 0
    assert "uploaded" in capsys.readouterr().err
    assert hub.made == [{"name": "parts", "organization": "someone", "visibility": "private"}]
    (tmp_path / "downloaded").mkdir()
    for name, content in hub.files.items():
        (tmp_path / "downloaded" / name).write_bytes(content)
    again, images = ama.load(tmp_path / "downloaded"), digits[0][:20]
    assert (again.score_samples(images) == digit_detector.score_samples(images)).all()
    text = hub.files["README.md"].decode()
    assert text.startswith("---\n")
    assert "library_name: ama" in text
    assert f"| {digit_detector.learned_from_} |" in text
    assert 'snapshot_download("someone/parts")' in text


def test_a_hub_that_refuses_is_one_sentence_and_status_1(hub, digit_detector, tmp_path, capsys):
    digit_detector.save(tmp_path / "model")
    hub.status = 403
    assert main(["upload", str(tmp_path / "model"), "someone/parts"]) == 1
    found = capsys.readouterr().err.splitlines()
    assert len(found) == 1
    assert found[0].startswith("ama: the hub has not taken someone/parts: ")


@pytest.mark.parametrize("name", ["", "a/b/c", "someone/pa rts", "../x"])
def test_a_name_that_is_none_of_the_hub_is_refused(digit_detector, name):
    with pytest.raises(InputError, match=r"^the repository must be OWNER/NAME, found "):
        upload(digit_detector, name)


def test_a_card_breaks_no_table(digit_detector):
    text = readme(digit_detector, "someone/parts")
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert rows
    assert {line.count("|") for line in rows} == {3}
