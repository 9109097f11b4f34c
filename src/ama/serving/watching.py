"""Around every request: its latency is measured, and a fault of the program is one line in the log and a 500."""

from __future__ import annotations

import asyncio
import json
import logging
import time
import traceback
from collections.abc import Collection
from typing import Any

from ama.errors import sentence
from ama.serving.service_metrics import ServiceMetrics

LOG = logging.getLogger("ama.serving")
FAULT = "a fault of the server, not of the request; its log has a line on it"
ENDING = "the server ends, and the request took longer than --drain allows: send it again once a server runs"


class Watching:
    """ASGI middleware.

    Parameters
    ----------
    app
        What answers.
    metrics
        Gets the latencies.
    paths
        The paths that there are; all others are counted as one.
    """

    def __init__(self, app: Any, metrics: ServiceMetrics, paths: Collection[str]):
        self.app, self.metrics, self.paths = app, metrics, paths

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 0

        async def noted(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        async def answered(code: int, message: str) -> None:
            body = json.dumps({"error": message}).encode()
            headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
            await noted({"type": "http.response.start", "status": code, "headers": headers})
            await send({"type": "http.response.body", "body": body})

        try:
            await self.app(scope, receive, noted)
        except Exception as error:
            LOG.error("%s", fault_line(error))
            if status:  # the answer is under way: the server closes the connection
                raise
            await answered(500, FAULT)
        except asyncio.CancelledError:  # by the server, at the end of its patience
            if status:
                raise
            await answered(503, ENDING)
        finally:
            path = scope["path"] if scope["path"] in self.paths else "other"
            self.metrics.answered(path, status, time.perf_counter() - began)


def fault_line(error: BaseException) -> str:
    """One line on an unexpected exception: its type, its message and its place."""
    *_, last = traceback.extract_tb(error.__traceback__) or [None]
    place = "" if last is None else f" at {last.filename}:{last.lineno}"
    return sentence(f"fault{place}: {type(error).__name__}: {error}")
