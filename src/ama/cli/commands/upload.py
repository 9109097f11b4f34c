"""``ama upload``: a model folder on the Hugging Face hub."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ama.cli.parser import Command

if TYPE_CHECKING:
    from jsonargparse import ArgumentParser, Namespace


def _add_options(parser: ArgumentParser, words: list[str]) -> None:
    parser.add_argument("model", type=str, help="model folder")
    parser.add_argument("repository", type=str, help="OWNER/NAME on the hub, which is made if there is none")
    parser.add_argument("--private", action="store_true", help="make a new repository private")


def _run(given: Namespace) -> None:
    from ama.cli.told import say
    from ama.detectors.registry import load
    from ama.report.hub_upload import upload

    say(f"uploaded {given.model}: {upload(load(given.model, 'cpu'), given.repository, given.private)}")


COMMAND = Command(
    "ama upload MODEL OWNER/NAME [--private]",
    "Upload a model to the Hugging Face hub, with its card.",
    _add_options,
    _run,
)
