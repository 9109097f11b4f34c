"""``ama serve``: a model behind HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ama.cli import options
from ama.cli.parser import Command

if TYPE_CHECKING:
    from jsonargparse import ArgumentParser, Namespace


def _add_options(parser: ArgumentParser, words: list[str]) -> None:
    parser.add_argument("model", type=str, help="model folder")
    parser.add_argument("--host", type=str, default="127.0.0.1", metavar="NAME", help="address to listen at")
    parser.add_argument("--port", type=int, default=8000, metavar="INT", help="its port; 0 takes a free one")
    options.false_alarm_rate(parser)
    options.device(parser)
    options.float32(parser)
    for name, default, text in (
        ("--max_body", 32, "MiB of a request"),
        ("--max_pixels", 2**26, "pixels of an image"),
        ("--max_samples", 1000, "samples of a request"),
        ("--max_requests", 64, "requests that are read, wait or are scored at a time; more get status 503"),
        ("--max_batch", 256, "samples of several requests that are scored together; 1 scores each alone"),
        ("--window", 1000, "latest scores in which drift is looked for"),
        ("--drain", 30, "seconds that requests have to end after SIGTERM"),
    ):
        parser.add_argument(name, type=int, default=default, metavar="INT", help=text)
    parser.add_argument(
        "--max_wait",
        type=float,
        default=2.0,
        metavar="FLOAT",
        help="milliseconds that a request waits for others to be scored with",
    )


def _run(given: Namespace) -> None:
    """Load the model, then listen until a signal."""
    from ama.utils.extras import needs_extra

    with needs_extra("serve"):
        from ama.serving.access import token_of_environment
        from ama.serving.app import create_app
        from ama.serving.batching import Batching
        from ama.serving.limits import Limits
        from ama.serving.model_holder import ModelHolder
        from ama.serving.run_server import bound, serve
    from ama.cli.told import say

    _check(given)
    limits = Limits(given.max_body, given.max_pixels, given.max_samples, given.max_requests)
    batching, token = Batching(given.max_batch, given.max_wait / 1000), token_of_environment()
    holder = ModelHolder(given.model, given.device, given.false_alarm_rate, given.window, given.float32)
    with bound(given.host, given.port) as listening:
        if token is None and given.host not in ("127.0.0.1", "::1", "localhost"):
            say("note: without AMA_TOKEN in the environment, whoever reaches this port can score")
        serve(create_app(holder, limits, batching, token), listening, given.drain, say)


def _check(given: Namespace) -> None:
    from ama.errors import InputError

    for option, value, least in (("--window", given.window, 1), ("--drain", given.drain, 0)):
        if value < least:
            raise InputError(f"{option} must be at least {least}, found {value}")


COMMAND = Command("ama serve MODEL [options]", "Score samples over HTTP.", _add_options, _run)
