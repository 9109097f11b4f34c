"""The routes of the server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.exceptions import HTTPException

from ama.errors import InputError
from ama.io.versions import versions
from ama.serving.access import TokenCheck
from ama.serving.answers import chosen_type
from ama.serving.batching import Batcher, Batching, Job
from ama.serving.bodies import read_body
from ama.serving.limits import Limits
from ama.serving.model_holder import ModelHolder
from ama.serving.openapi_texts import DESCRIPTION, SCORE_ANSWERS, SCORE_BODY, UNAUTHORISED
from ama.serving.refusals import RefusedError, status_and_reason
from ama.serving.scoring import map_scale
from ama.serving.service_metrics import ServiceMetrics
from ama.serving.watching import Watching

PATHS = ("/score", "/health", "/ready", "/metrics")


class Service:
    """What the routes share.

    Parameters
    ----------
    holder
        The model.
    limits
        Of requests.
    batching
        How requests are scored together.
    """

    def __init__(self, holder: ModelHolder, limits: Limits, batching: Batching):
        self.holder, self.limits, self.metrics = holder, limits, ServiceMetrics()
        self.batcher = Batcher(batching, limits, self.metrics)
        self._running = 0

    @asynccontextmanager
    async def running(self, _: FastAPI) -> AsyncIterator[None]:
        """Score what comes and look after the model folder, as long as the server runs."""
        tasks = [asyncio.create_task(work) for work in (self.batcher.run(), self.holder.watch())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def score(self, request: Request, maps: bool) -> Response:
        """The answer to a request for scores."""
        kind = chosen_type(request.headers.get("accept", ""))
        _check_query(request)
        with self._admitted():
            model = self.holder.current
            if maps:
                map_scale(model.detector)  # refuses before the body is read
            body = await read_body(request, self.limits)
            content_type = request.headers.get("content-type", "")
            content = await self.batcher.answer(Job(model, body, content_type, maps, kind))
        return Response(content, media_type=kind)

    @contextmanager
    def _admitted(self) -> Iterator[None]:
        if self._running >= self.limits.requests:
            raise RefusedError(
                "busy",
                f"{self._running} requests are under way, the most that --max-requests allows: try again",
            )
        self._running += 1
        self.metrics.running(self._running)
        try:
            yield
        finally:
            self._running -= 1
            self.metrics.running(self._running)


def create_app(holder: ModelHolder, limits: Limits, batching: Batching, token: bytes | None) -> FastAPI:
    """The server as an ASGI application.

    Parameters
    ----------
    holder
        The model.
    limits
        Of requests.
    batching
        How requests are scored together.
    token
        The bearer token that requests for scores and metrics must have; None for none.
    """
    service = Service(holder, limits, batching)
    app = FastAPI(
        title="ama",
        description=DESCRIPTION,
        version=str(versions()["ama"]),
        lifespan=service.running,
        redirect_slashes=False,
    )
    app.add_middleware(Watching, metrics=service.metrics, paths=PATHS)
    _add_refusals(app, service.metrics)
    allowed = [Depends(TokenCheck(token))]

    @app.post(
        "/score", dependencies=allowed, responses=SCORE_ANSWERS, openapi_extra=SCORE_BODY,
        response_class=Response, summary="Score images or rows",
    )  # fmt: skip
    async def score(
        request: Request,
        maps: Annotated[bool, Query(description="With the anomaly map of each image, as PNG.")] = False,
    ) -> Response:
        return await service.score(request, maps)

    _add_looks(app, service, allowed)
    return app


def _add_looks(app: FastAPI, service: Service, allowed: list[Any]) -> None:
    """What orchestrators and Prometheus ask for; some want the head of an answer alone."""

    @app.head("/health", include_in_schema=False)
    @app.get("/health", summary="Whether the process is alive")
    async def health() -> dict[str, str]:
        return {"status": "alive"}

    @app.head("/ready", include_in_schema=False)
    @app.get("/ready", summary="Which model is loaded, and whether its scores have drifted")
    def ready() -> dict[str, str | None]:
        served = service.holder.current
        return {
            "status": "ready" if service.holder.problem is None else "stale",
            "model": service.holder.folder,
            "learned_from": served.detector.learned_from_,
            "problem": service.holder.problem,
            "drift": served.metrics.watched(),
        }

    @app.head("/metrics", dependencies=allowed, include_in_schema=False)
    @app.get("/metrics", dependencies=allowed, responses=UNAUTHORISED, response_class=Response)
    def metrics() -> Response:
        """Metrics for Prometheus."""
        return Response(service.metrics.text(service.holder.current.metrics), media_type=CONTENT_TYPE_LATEST)


def _check_query(request: Request) -> None:
    if unknown := [name for name in request.query_params if name != "maps"]:
        raise InputError(f"there is no parameter {unknown[0]!r}, expected maps")
    if (n := len(request.query_params.getlist("maps"))) > 1:
        raise RefusedError("malformed", f"maps is given {n} times in the query, expected once")


def _add_refusals(app: FastAPI, metrics: ServiceMetrics) -> None:
    """Each mistake of a request as one sentence."""

    def refused(status: int, reason: str, message: str) -> JSONResponse:
        metrics.rejected(reason)
        headers = {401: {"WWW-Authenticate": "Bearer"}, 503: {"Retry-After": "1"}}.get(status)
        return JSONResponse({"error": message}, status, headers)

    @app.exception_handler(InputError)
    async def of_input(_: Request, error: InputError) -> JSONResponse:
        return refused(*status_and_reason(error), str(error))

    @app.exception_handler(RequestValidationError)
    async def of_query(request: Request, _: RequestValidationError) -> JSONResponse:
        found = request.query_params.get("maps")
        error = InputError(f"maps must be true or false, found {found!r}")
        return refused(*status_and_reason(error), str(error))

    @app.exception_handler(HTTPException)
    async def of_route(request: Request, error: HTTPException) -> JSONResponse:
        expected = (error.headers or {}).get("Allow") or f"one of {', '.join(PATHS)}"
        message = f"{request.method} {request.url.path}: {error.detail}, expected {expected}"
        return JSONResponse({"error": str(InputError(message))}, error.status_code, error.headers)
