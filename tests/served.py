"""``ama serve`` as a process of its own, forked from one in which all is imported, and requests to it."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, NamedTuple

WITHOUT_EXTRA = "the extra 'serve' is not installed"
SECONDS = 60  # for anything that the server is waited for
BOUNDARY = "the-boundary"
FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    ["ama.cli.main", "ama.serving.app", "ama.serving.run_server", "ama.detectors.ama"]
)


class Answer(NamedTuple):
    """Status, headers and body."""

    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def samples(self) -> list[dict[str, Any]]:
        assert self.status == 200, self.body
        return self.json["samples"]

    def refused(self, status: int) -> str:
        """The sentence of a refusal."""
        assert self.status == status, self.body
        assert set(self.json) == {"error"}
        error = self.json["error"]
        assert len(error.splitlines()) == 1
        assert len(error) <= 280
        return error


class Served:
    """A server; ends with the block that it is used in."""

    def __init__(self, model: Path, log: Path, *options: str, **environment: str):
        log.write_text("")
        words = ["ama", "serve", str(model), "--port", "0", *options]
        self.log, self.process = (
            log,
            FORKS.Process(target=_serve, args=(words, log, environment), daemon=True),
        )
        self.process.start()
        self.wait_for(lambda: "serving at" in self.said() or not self.runs())
        assert self.runs(), self.said()
        self.url = self.said().split("serving at ")[1].split()[0]

    def __enter__(self) -> Served:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.join()
        self.process.close()

    @property
    def place(self) -> tuple[str, int]:
        host, port = self.url.removeprefix("http://").split(":")
        return host, int(port)

    def said(self) -> str:
        return self.log.read_text()

    def wait_for(self, condition: Any) -> None:
        end = time.monotonic() + SECONDS
        while not condition():
            assert time.monotonic() < end, self.said()
            time.sleep(0.05)

    def runs(self) -> bool:
        return self.process.is_alive()

    def signal(self, number: int) -> None:
        os.kill(self.process.pid, number)

    def exit_status(self) -> int | None:
        """Once it has ended; None if it does not."""
        self.process.join(SECONDS)
        return self.process.exitcode

    def end(self) -> int | None:
        """SIGTERM; returns the exit status."""
        self.signal(signal.SIGTERM)
        return self.exit_status()

    def get(self, path: str, **headers: str) -> Answer:
        return self._sent(urllib.request.Request(self.url + path, headers=headers))

    def head(self, path: str, **headers: str) -> Answer:
        return self._sent(urllib.request.Request(self.url + path, headers=headers, method="HEAD"))

    def score(self, body: bytes, kind: str, query: str = "", **headers: str) -> Answer:
        """A request for scores; underscores in the names of headers stand for hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._sent(
            urllib.request.Request(f"{self.url}/score{query}", body, {"Content-Type": kind, **named})
        )

    def files(self, files: dict[str, bytes], query: str = "", **headers: str) -> Answer:
        return self.score(form(files), f"multipart/form-data; boundary={BOUNDARY}", query, **headers)

    def rows(self, rows: Any, **headers: str) -> Answer:
        return self.score(json.dumps(rows).encode(), "application/json", **headers)

    def metrics(self) -> dict[str, float]:
        """The value of each metric, by its name and labels."""
        lines = self.get("/metrics").body.decode().splitlines()
        parts = [line.rpartition(" ") for line in lines if not line.startswith("#")]
        return {name: float(value) for name, _, value in parts}

    @staticmethod
    def _sent(request: urllib.request.Request) -> Answer:
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read())


def _serve(words: list[str], log: Path, environment: dict[str, str]) -> None:
    """What the process does: ``ama serve``, with standard error in a file."""
    from ama.__main__ import run

    os.environ.pop("AMA_TOKEN", None)
    os.environ.update(environment)
    os.dup2(os.open(log, os.O_WRONLY | os.O_APPEND), 2)
    sys.argv = words
    sys.exit(run())


def form(files: dict[str, bytes]) -> bytes:
    """Files as a multipart form."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
        + content
        + b"\r\n"
        for name, content in files.items()
    ]
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()
