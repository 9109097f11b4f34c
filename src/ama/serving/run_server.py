"""Serving until a signal: the socket, the log, and an orderly end."""

from __future__ import annotations

import errno
import gc
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from ama.errors import InputError, sentence
from ama.serving.http_protocol import HttpProtocol

LOGGERS = ("uvicorn.error", "ama.serving")
PARSER = "python_multipart"  # whose logger repeats, of no named request, what the answer to it says
BACKLOG = 2048
OF_HOST = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.EINVAL)


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 is any free one.

    Raises
    ------
    InputError
        If it cannot be had.
    """
    if not 0 <= port <= 65535:
        raise InputError(f"--port must be 0 to 65535, found {port}")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        # create_server takes an empty name for all addresses, and leaves its socket open at one that is no text.
        socket.getaddrinfo(host, port, family)
        listening = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except (OSError, UnicodeError) as error:
        raise InputError(f"cannot listen at {host}, port {port}: {_reason(error)}") from error
    # Connections inherit it. asyncio sets it where a socket names TCP as its protocol, which create_server's do not;
    # without it, an answer in two parts waits for the client's delayed acknowledgement, 40 ms.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


def _reason(error: OSError | UnicodeError) -> str:
    """What the host must be; of the port, the words of the system, to which Python adds the address."""
    if isinstance(error, socket.gaierror | UnicodeError) or error.errno in OF_HOST:
        return "--host must be an address or name of this machine, such as 127.0.0.1, or 0.0.0.0 for all addresses"
    return os.strerror(error.errno or 0)


def address(listening: socket.socket) -> str:
    """Where a socket listens, as a URL."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(app: FastAPI, listening: socket.socket, drain: int, say: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; then requests that run are answered.

    Parameters
    ----------
    app
        What answers.
    listening
        Of :func:`bound`.
    drain
        Seconds that requests have to end after the signal.
    say
        Gets a line when the server is ready, and one when it stops.
    """
    config = uvicorn.Config(
        app,
        loop="asyncio",
        http=HttpProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=drain,
    )
    # What is in memory now stays; a full collection that looked at it would hold up every request.
    gc.collect()
    gc.freeze()
    with _logged():
        _Server(config, say).run(sockets=[listening])


class _Server(uvicorn.Server):
    """Ends by itself after a signal, where uvicorn would raise it again once all is done."""

    def __init__(self, config: uvicorn.Config, say: Callable[[str], None]):
        super().__init__(config)
        self.say = say

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and sockets:
            self.say(f"serving at {address(sockets[0])}")

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        numbers = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        self.say("stopped")


class _OneLine(logging.Handler):
    """Standard error, one line a message, as all of ``ama`` writes."""

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if record.exc_info is not None and record.exc_info[1] is not None:
            text = f"{text}: {type(record.exc_info[1]).__name__}: {record.exc_info[1]}"
        print(f"ama: {sentence(text)}", file=sys.stderr)


@contextmanager
def _logged() -> Generator[None, None, None]:
    handlers: dict[str, logging.Handler] = dict.fromkeys(LOGGERS, _OneLine(logging.WARNING))
    handlers[PARSER] = logging.NullHandler()
    for name, handler in handlers.items():
        logging.getLogger(name).addHandler(handler)
        logging.getLogger(name).propagate = False
    try:
        yield
    finally:
        for name, handler in handlers.items():
            logging.getLogger(name).removeHandler(handler)
            logging.getLogger(name).propagate = True
