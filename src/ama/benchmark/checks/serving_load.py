"""``ama benchmark serving``: images a second, latency and memory of ``ama serve`` under load, beside ``ama score``."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import UInt8
from PIL import Image
from sklearn.datasets import load_digits, load_sample_images
from sklearn.utils import gen_batches

from ama.benchmark.checks.serving_table import serving_table
from ama.benchmark.checks.wrk_load import Load, check_wrk, load
from ama.detectors.ama import AMADetector
from ama.io.results_files import append_result
from ama.utils.progress import progress_bar

STEPS, N_IMAGES, COMPARED = 20, 1024, 64
N_PHOTOS, N_LEARNED_PHOTOS, PHOTO = 128, 60, (240, 320)
QUARTERS = 4  # of a third load, for the memory alone
WAITED = 120  # seconds at most for a server to start
BOUNDARY = "boundary-of-the-benchmark"
FORM = f"multipart/form-data; boundary={BOUNDARY}"
TIMED = """
import sys, time
from ama.cli.main import main
seconds = []
for _ in range(4):  # the first imports and warms up
    started = time.perf_counter()
    assert main(["score", *sys.argv[1:]]) == 0
    seconds.append(time.perf_counter() - started)
print(min(seconds[1:]))
"""


class Case(NamedTuple):
    """Images to be scored."""

    name: str
    images: UInt8[np.ndarray, "n h w c"]
    normal: UInt8[np.ndarray, "m h w c"]  # those that the model learns
    together: int  # images in a request of several
    features: str = "none"


def serving_load(append_to: str | None, seconds: int, connections: int) -> None:
    """Measure the server with grey and colour images and with photographs; print their table.

    Parameters
    ----------
    append_to
        Results file to which a line per kind of image is appended, or None.
    seconds
        Length of each load; there are three for each kind of image.
    connections
        Connections that are kept busy.

    Raises
    ------
    InputError
        If wrk is not installed.
    """
    check_wrk()
    records = []
    for case in progress_bar(iterable=cases(), desc="serving", unit="kind"):
        records.append(measured(case, seconds, connections))
        if append_to is not None:
            append_result(Path(append_to), records[-1])
    print(serving_table(records))


def cases() -> list[Case]:
    """scikit-learn's digits, those below 5 learned; the same enlarged and in colour; parts of its two photographs."""
    X, y = load_digits(return_X_y=True)
    grey = np.round(X * 255 / 16).astype(np.uint8).reshape(-1, 8, 8, 1)
    large = np.kron(grey[..., 0], np.ones((1, 4, 4), np.uint8))
    colour = np.stack([large, large // 2, 255 - large], 3)
    photos = _parts(load_sample_images().images, N_LEARNED_PHOTOS + N_PHOTOS)
    return [
        Case("8 x 8 digits", grey[:N_IMAGES], grey[y < 5], 32),
        Case("32 x 32 coloured digits", colour[:N_IMAGES], colour[y < 5], 32),
        Case("320 x 240 photographs", photos[N_LEARNED_PHOTOS:], photos[:N_LEARNED_PHOTOS], 4, "lite0"),
    ]


def _parts(photos: Sequence[UInt8[np.ndarray, "h w c"]], n: int) -> UInt8[np.ndarray, "n a b c"]:
    """Parts of the size of PHOTO, from each photograph in turn, at random places."""
    generator = np.random.default_rng(0)
    parts = []
    for k in range(n):
        photo = photos[k % len(photos)]
        i, j = generator.integers(0, np.subtract(photo.shape[:2], PHOTO))
        parts.append(photo[i : i + PHOTO[0], j : j + PHOTO[1]])
    return np.stack(parts)


def measured(case: Case, seconds: int, connections: int) -> dict[str, Any]:
    """Everything about a kind of image, as a record."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        files = _prepared(case, place)
        one, named = list(files.values()), list(files.items())
        many = [_form(dict(named[part])) for part in gen_batches(len(named), case.together)]
        score = _score(place, len(files))
        with _served(place / "model", "--max-requests", str(max(64, connections))) as (url, pid):
            _post(url, many[0], FORM)  # what is imported and allocated once is there
            memory = [_resident_mib(pid)]
            by_one = load(url, one, "image/png", connections, seconds)
            memory.append(_resident_mib(pid))
            by_many = load(url, many, FORM, connections, seconds)
            memory.append(_resident_mib(pid))
            for _ in range(QUARTERS):  # by now the memory has to stay as it is
                load(url, many, FORM, connections, max(1, seconds // QUARTERS))
                memory.append(_resident_mib(pid))
        return {
            "command": f"ama benchmark serving --seconds {seconds} --connections {connections}",
            "images": case.name,
            "threads": torch.get_num_threads(),
            "score": score,
            "one": _of_load(by_one, 1),
            "many": _of_load(by_many, case.together),
            "resident_mib": memory,  # before and after each load, then in a longer one
            "compared": COMPARED,
            "equal": _n_equal(place, dict(named[:COMPARED])),
        }


def _prepared(case: Case, place: Path) -> dict[str, bytes]:
    """A model, and the images as PNG files."""
    (place / "images").mkdir()
    files = dict[str, bytes]()
    for i, pixels in enumerate(case.images):
        path = place / "images" / f"{i:04}.png"
        Image.fromarray(pixels.squeeze()).save(path)
        files[path.name] = path.read_bytes()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        options: dict[str, Any] = {"random_state": 0, "progress": False, "device": "cpu"}
        detector = AMADetector(preset="compact", features=case.features, max_steps=STEPS, **options)
        detector.fit(np.ascontiguousarray(case.normal.transpose(0, 3, 1, 2))).save(place / "model")
    return files


def _score(place: Path, n: int) -> dict[str, float]:
    """``ama score`` on the folder: images a second of a warm call, and seconds of the whole command."""
    words = [str(place / "model"), str(place / "images"), "--out", str(place / "x.csv"), "--device", "cpu"]
    started = time.perf_counter()
    _run("-m", "ama", "score", *words)
    whole = time.perf_counter() - started
    warm = float(_run("-c", TIMED, *words).splitlines()[-1])
    return {"images_per_second": round(n / warm), "command_seconds": round(whole, 2)}


def _n_equal(place: Path, files: dict[str, bytes]) -> int:
    """Of some files, how many have the score of ``ama score``, to the last digit, from a server that batches none."""
    folder = place / "compared"
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    out = place / "compared.csv"
    _run("-m", "ama", "score", str(place / "model"), str(folder), "--out", str(out), "--device", "cpu")
    with out.open(newline="") as file:
        expected = {row["id"]: float(row["score"]) for row in csv.DictReader(file)}
    with _served(place / "model", "--max-batch", "1") as (url, _):
        found = json.loads(_post(url, _form(files), FORM))["samples"]
    return sum(sample["score"] == expected[sample["id"]] for sample in found)


@contextmanager
def _served(model: Path, *options: str) -> Iterator[tuple[str, int]]:
    """``ama serve`` in a process of its own: its URL and its number."""
    words = [sys.executable, "-m", "ama", "serve", str(model), "--port", "0", "--device", "cpu", *options]
    log = model.with_name("serve.log")
    with log.open("w") as file:
        process = subprocess.Popen(words, stderr=file, env=_environment())
    try:
        end = time.monotonic() + WAITED
        while "serving at" not in (said := log.read_text()):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"ama serve did not start: {said}")
            time.sleep(0.1)
        yield said.split("serving at ")[1].split()[0], process.pid
    finally:
        process.terminate()
        process.wait()


def _run(*words: str) -> str:
    return subprocess.run(
        [sys.executable, *words], check=True, capture_output=True, text=True, env=_environment()
    ).stdout


def _environment() -> dict[str, str]:
    """As many threads in every process as in this one, and no token."""
    known = {name: value for name, value in os.environ.items() if name != "AMA_TOKEN"}
    return {**known, "OMP_NUM_THREADS": str(torch.get_num_threads())}


def _of_load(found: Load, n: int) -> dict[str, float]:
    rate = round(found.requests_per_second * n, 1)
    return {"images_per_request": n, "images_per_second": rate, **found._asdict()}


def _form(files: dict[str, bytes]) -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="'.encode()
    parts = (head + name.encode() + b'"\r\n\r\n' + content + b"\r\n" for name, content in files.items())
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def _post(url: str, body: bytes, content_type: str) -> bytes:
    request = urllib.request.Request(f"{url}/score", body, {"Content-Type": content_type})
    with urllib.request.urlopen(request, timeout=WAITED) as answer:
        return answer.read()


def _resident_mib(pid: int) -> int | None:
    """Resident memory of a process; None where the system has no /proc."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return None
    return round(int(status.read_text().partition("VmRSS:")[2].split()[0]) / 2**10)
