"""Where a command writes: never over its model, its source, or another of its outputs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

from ama.cli.named_files import each
from ama.cli.parser import hyphenated
from ama.cli.told import NOTE, say
from ama.errors import InputError
from ama.io.model_folder import CONFIG, WEIGHTS
from ama.io.whole_files import check_no_source

if TYPE_CHECKING:
    from jsonargparse import Namespace

SOURCES = ("source", "anomalies", "validation", "samples")
IMAGES = {"maps"}  # written as images, which a folder of images would hold as samples of the next run
CLOSED = {"checkpoints"}  # a folder with nothing else in it, and in no other output


def check_outputs(given: Namespace, options: Sequence[str]) -> None:
    """Check, before any work is done, that nothing is lost by what a command writes.

    Parameters
    ----------
    given
        The options.
    options
        Those that name what is written.

    Raises
    ------
    InputError
        If an output replaces a file of the model or a source, or becomes part of a source, or two are in conflict.
    """
    from ama.data.remote_files import local_name

    outputs = {option: given[option] for option in options if given.get(option)}
    named = [name for option in SOURCES if given.get(option) for name in each(given[option])]
    sources = [local_name(name) for name in named] if outputs else []
    for option, path in outputs.items():
        if (model := given.get("model")) and _belongs(path, model):
            raise InputError(f"cannot write {path}: it is part of the model {model}; name another place")
        for source in sources:
            check_no_source(Path(path), source)
            if option in IMAGES and _within(path, source):
                raise InputError(
                    f"cannot write {path}: the next run would take what lies in {source} for samples; name a folder "
                    "outside of it"
                )
            if _is_shard(path, source):
                if os.path.exists(path):
                    raise InputError(f"cannot write {path}: {source} is read from it; name another file")
                say(
                    f"{NOTE}{path} lies among the shards of {source}: the next run would read it as one of them"
                )
    for (one, first), (other, second) in combinations(outputs.items(), 2):
        within = _within(first, second), _within(second, first)
        if all(within) or (any(within) and CLOSED & {one, other}):
            raise InputError(
                hyphenated(f"--{one} and --{other}")
                + f" must name separate places, neither inside the other, found {first} and {second}"
            )


def _belongs(path: str, model: str) -> bool:
    """Whether a path is that of a model folder, or of a file that a model consists of."""
    return any(_within(part, path) for part in (model, f"{model}/{CONFIG}", f"{model}/{WEIGHTS}"))


def _is_shard(name: str, source: str) -> bool:
    """Whether a file is, or would be, one of those that a folder is read from as a table."""
    from ama.data.images.image_folders import find_images
    from ama.data.tables.arrow_reading import readable
    from ama.data.tables.table_names import shards

    path, folder = Path(name), Path(os.path.expanduser(source))
    if not os.path.isdir(folder) or os.path.realpath(path.parent) != os.path.realpath(folder):
        return False
    with readable(source):
        held = [file.name for file in folder.iterdir() if file.is_file()]
    is_one = bool(shards(held)) and path.name in shards({*held, path.name})
    return is_one and not find_images(folder)  # a folder that holds images is read from these


def _within(path: str, folder: str) -> bool:
    try:
        return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))
    except ValueError:  # a null byte, which is refused where the name is used
        return False
