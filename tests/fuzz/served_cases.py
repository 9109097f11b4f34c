"""Cases for real servers: each answer has to be scores, or a refusal of one sentence, and the server has to go on."""

from __future__ import annotations

import json
import math
import random
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPException, HTTPResponse
from pathlib import Path

import pyarrow as pa

import ama
from fuzz.judge import FOREIGN, LONGEST_LINE, MOST_MEMORY, Verdict
from fuzz.model_folders import SMALL, Good
from fuzz.odd_requests import Request, odd_request
from places import payments
from served import Served

SECONDS = 30.0  # for an answer, on a machine that others use
IMAGES = ("grey", "colour")


def served_folders(good: dict[str, Good], home: Path) -> dict[str, Path]:
    """Models of images and of tables, one of which encodes its columns."""
    encoded = home / "payments"
    ama.AMADetector(**SMALL).fit(payments(100)).save(encoded)
    return {"payments": encoded, **{name: good[name].folder for name in (*IMAGES, "table")}}


class Servers:
    """A server of each of some models; end with the block that they are used in."""

    def __init__(self, folders: dict[str, Path], home: Path):
        self.folders, self._home, self._stack = folders, home, ExitStack()

    def __enter__(self) -> Servers:
        self.served = {
            name: self._stack.enter_context(Served(folder, self._home / f"{name}.log"))
            for name, folder in self.folders.items()
        }
        self.logged = dict.fromkeys(self.served, 1)  # the line that says where it serves
        self.memory = {name: _resident(served) for name, served in self.served.items()}
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def cases(self, seed: int, indices: list[int], keep: Path) -> Iterator[tuple[int, str, str, Verdict]]:
        """Index, server, what was sent and the judgement of each case; the requests that fail are kept."""
        for index in indices:
            rng = random.Random(f"served {seed} {index}")
            folder = keep / f"served-{seed}-{index}"
            (folder / "input").mkdir(parents=True)
            request = odd_request(rng, folder / "input")
            likely = [name for name in self.served if (name in IMAGES) == request.images]
            name = rng.choice(likely if rng.random() < 0.9 else list(self.served))
            verdict = self._judged(name, request)
            for path in (folder / "input").iterdir():
                path.unlink()
            (folder / "input").rmdir()
            if verdict.failed:
                (folder / "request").write_bytes(request.sent)
                (folder / "verdict.txt").write_text(f"{request.made}\n{verdict}\n", errors="backslashreplace")
            else:
                folder.rmdir()
            yield index, name, request.made, verdict

    def _judged(self, name: str, request: Request) -> Verdict:
        served, started = self.served[name], time.monotonic()
        try:
            with socket.create_connection(served.place, SECONDS) as sent:
                status, kind, body = exchange(sent, request)
            verdict = judged(status, kind, body, request.method == "HEAD")
        except TimeoutError:
            verdict = Verdict("HANG", f"no answer within {SECONDS:g} s", "")
        except (OSError, HTTPException) as error:
            verdict = Verdict("CRASH", f"no answer: {type(error).__name__}", str(error))
        verdict.seconds = time.monotonic() - started
        if not served.runs():
            return Verdict("CRASH", "the server has ended", verdict.told)
        verdict.megabytes = (_resident(served) - self.memory[name]) // 2**20
        if not verdict.failed and verdict.megabytes > MOST_MEMORY // 2**20:
            self.memory[name] += MOST_MEMORY
            return Verdict("MEMORY", "the server keeps more than 1 GiB", verdict.told)
        lines = served.said().splitlines()[self.logged[name] :]
        self.logged[name] += len(lines)
        for line in lines:
            if not line.startswith("ama: ") or not line.isprintable() or len(line) > LONGEST_LINE:
                return Verdict("LINE", f"in the log: {line[:60]!r}", line[:1000])
        return verdict


def exchange(sent: socket.socket, request: Request) -> tuple[int, str, bytes]:
    """Status, type and body of the answer to a request."""
    sent.settimeout(SECONDS)
    broken: OSError | None = None
    try:
        sent.sendall(request.sent)
    except (BrokenPipeError, ConnectionResetError) as error:  # the server may refuse before it has read all
        broken = error
    answer = HTTPResponse(sent, method=request.method)
    try:
        answer.begin()
        return answer.status, answer.headers.get("content-type", ""), answer.read()
    except OSError as error:
        raise (broken or error) from error
    finally:
        answer.close()


def judged(status: int, kind: str, body: bytes, empty: bool) -> Verdict:
    """The judgement of an answer."""
    said = f"{status} {body[:300]!r}"
    if 400 <= status < 500:
        return Verdict("refused", "", said) if empty else Verdict(*_refusal(status, body), said)
    if not 200 <= status < 300:
        return Verdict("TRACEBACK", f"status {status}: {body[:80]!r}", said)
    wrong = "" if empty or (b'"samples"' not in body and "arrow" not in kind) else _wrong(kind, body)
    return Verdict("WRONG", wrong, said) if wrong else Verdict("accepted", "", said)


def _refusal(status: int, body: bytes) -> tuple[str, str]:
    try:
        found = json.loads(body)
        [(key, text)] = found.items()
    except (ValueError, AttributeError):
        return "LINE", f"status {status} without JSON: {body[:40]!r}"
    if key != "error" or not text.isprintable() or not 0 < len(text) <= LONGEST_LINE:
        return "LINE", f"status {status}: {text[:60]!r}"
    if words := FOREIGN.search(text):
        return "LINE", f"the words of a library: {words[0]!r} in {text[:60]!r}"
    return "refused", ""


def _wrong(kind: str, body: bytes) -> str:
    samples = pa.ipc.open_stream(body).read_all().to_pylist() if "arrow" in kind else _samples(body)
    scored = [sample for sample in samples if sample.get("error") is None]
    if not scored:
        return "no scores"
    if not all(math.isfinite(sample["score"]) and 0 < sample["p_value"] <= 1 for sample in scored):
        return "scores that are not finite, or p-values outside (0, 1]"
    errors = [sample["error"] for sample in samples if sample.get("error") is not None]
    return next(
        (f"an error of {len(e)} characters" for e in errors if not e.isprintable() or len(e) > LONGEST_LINE),
        "",
    )


def _samples(body: bytes) -> list[dict]:
    return json.loads(body).get("samples", [{"score": 0.0, "p_value": 1.0}])


def _resident(served: Served) -> int:
    status = Path(f"/proc/{served.process.pid}/status").read_text()
    return 1024 * int(status.partition("VmRSS:")[2].split()[0])
