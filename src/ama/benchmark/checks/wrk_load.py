"""Load on an HTTP server by wrk, a program that keeps many connections busy."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import NamedTuple

from ama.errors import InputError

# Every request is made once, before the time starts; the summary is a line of JSON.
SCRIPT = """
local requests, n, i = {}, 0, 0
function init(args)
  wrk.method, wrk.headers["Content-Type"] = "POST", args[3]
  for k = 1, tonumber(args[2]) do
    local file = assert(io.open(args[1] .. "/" .. k, "rb"))
    requests[k], n = wrk.format(nil, "/score", nil, file:read("*a")), k
    file:close()
  end
end
function request()
  i = i % n + 1
  return requests[i]
end
function done(summary, latency)
  local e = summary.errors
  print(string.format('{"requests": %d, "seconds": %f, "errors": %d, "p50_ms": %f, "p99_ms": %f}', summary.requests,
    summary.duration / 1e6, e.connect + e.read + e.write + e.status + e.timeout, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3))
end
"""


class Load(NamedTuple):
    """What wrk measured."""

    requests_per_second: float
    p50_ms: float
    p99_ms: float
    errors: int  # requests without an answer, or with one of status 400 or above


def check_wrk() -> None:
    """Find out before the work whether wrk is installed.

    Raises
    ------
    InputError
        If it is not.
    """
    if shutil.which("wrk") is None:
        raise InputError("the load comes from wrk, which is not in PATH: apt-get install wrk")


def load(url: str, bodies: list[bytes], content_type: str, connections: int, seconds: int) -> Load:
    """Post bodies to /score in turn, over and over.

    Parameters
    ----------
    url
        Of the server.
    bodies, content_type
        The requests.
    connections
        Connections, each of which sends a request as soon as it has the answer to the one before.
    seconds
        How long.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "load.lua").write_text(SCRIPT)
        for i, body in enumerate(bodies, 1):
            (folder / str(i)).write_bytes(body)
        options = ["--threads", "1", "--connections", str(connections), "--duration", f"{seconds}s"]
        script = ["--timeout", "60s", "--script", str(folder / "load.lua"), url, "--"]
        words = ["wrk", *options, *script, str(folder), str(len(bodies)), content_type]
        said = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    found = json.loads(said.splitlines()[-1])
    rate = round(found["requests"] / found["seconds"], 1)
    return Load(rate, round(found["p50_ms"], 1), round(found["p99_ms"], 1), found["errors"])
