"""``config.json`` of a model folder, which anybody may have written: read with a limit, and checked key by key."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from pathlib import Path
from typing import Any, Literal, TypedDict, get_type_hints

import torch

from ama.errors import ModelFolderError
from ama.io.model_folder import CONFIG, FORMAT, OLDEST_FORMAT
from ama.io.regular_files import open_regular
from ama.io.typed_values import check_values

MAX_BYTES = 16 * 2**20  # of the file: the losses and 100,000 names of columns take a third of it
MAX_CONTAINERS = 400_000  # lists and objects in it, which take far more memory than text
MAX_DIGITS = 20  # of a whole number
MAX_TERMS = 100  # of a score, and as many beside it
DTYPES = {"uint8": torch.uint8, "float32": torch.float32, "float64": torch.float64}  # of raw samples


class OfAMADetector(TypedDict, total=False):
    """Keys that other methods lack."""

    deciding: list[str]
    reported: list[str]
    validation_auroc: float | None


class OfNewerFolders(TypedDict, total=False):
    """What the folders of an older ama lack."""

    held_out_from: Literal["anywhere", "end", "groups"] | None


class OfTables(TypedDict, total=False):
    """What models of tables with text, dates or missing values have."""

    encoding: list[dict[str, Any]]


class OfPhotographs(TypedDict, total=False):
    """What models of images that are seen through a frozen backbone have."""

    backbone: dict[str, Any]


class OfOwnClasses(TypedDict, total=False):
    """What models have whose method or terms are of the user's own."""

    classes: dict[str, str]


class Config(OfAMADetector, OfNewerFolders, OfTables, OfPhotographs, OfOwnClasses):
    """Every key. What ``settings`` and ``parameters`` hold is declared by the method."""

    format: int
    shape: list[int]
    dtype: Literal["uint8", "float32", "float64"]
    settings: dict[str, Any]
    weights_sha256: str
    method: str
    ama_version: str
    parameters: dict[str, Any]
    learned_from: str
    columns: list[str] | None
    feature_names: list[str] | None
    offset: float
    steps: int
    training_precision: Literal["float32", "bfloat16"] | None
    seconds: float
    versions: dict[str, str]
    history: list[dict[str, float]]


def read_config(folder: Path) -> dict[str, Any]:
    """The whole ``config.json`` of a model folder, every key of it of its type.

    Raises
    ------
    ModelFolderError
        If there is none, or it is not of an ama model, or of another version's format.
    """
    config = read_any_config(folder)
    version = config.get("ama_version", "unknown")
    if config["format"] > FORMAT:
        raise ModelFolderError(
            f"{folder} was written by a newer ama ({version}, format {config['format']}; "
            f"this one reads format {FORMAT}): upgrade ama to use it"
        )
    if config["format"] < OLDEST_FORMAT:
        raise ModelFolderError(
            f"{folder} was written by an older ama ({version}, format {config['format']}; "
            f"this one reads formats {OLDEST_FORMAT} to {FORMAT}): fit it again"
        )
    try:
        check_values(config, get_type_hints(Config), "the file")
        # The optional keys come together, as they are of one method.
        of_method = OfAMADetector.__optional_keys__
        optional = of_method if config.keys() & of_method else frozenset()
        if missing := sorted((Config.__required_keys__ | optional) - config.keys()):
            raise ValueError(f"the key {missing[0]} is missing")
        match config["shape"]:
            case [columns] if columns > 0:
                pass
            case [channels, height, width] if min(channels, height, width) > 0:
                pass
            case _:
                raise ValueError(f"its shape {config['shape']} is neither that of a row nor that of an image")
        if min(config["steps"], config["seconds"]) < 0:
            raise ValueError("its steps or seconds are negative")
        if not re.fullmatch("[0-9a-f]{64}", config["weights_sha256"]):
            raise ValueError("its weights_sha256 is not a SHA-256")
    except ValueError as error:
        raise ModelFolderError(f"{folder / CONFIG} does not describe a model: {error}") from error
    return config


def read_any_config(folder: Path) -> dict[str, Any]:
    """The ``config.json`` of an ama model of any version; nothing but ``format`` is checked.

    Raises
    ------
    ModelFolderError
        If there is none, or it is not of an ama model.
    """
    path = folder / CONFIG
    try:
        with open_regular(path) as file:
            config = _parsed(file.read(MAX_BYTES + 1))
    except (FileNotFoundError, NotADirectoryError):
        if not os.path.exists(folder):
            raise ModelFolderError(f"there is no model at {folder}: no such folder") from None
        found = "is a file" if os.path.isfile(folder) else f"holds no {CONFIG}"
        raise ModelFolderError(f"{folder} is not a model folder: it {found}") from None
    except RecursionError:
        raise ModelFolderError(f"{path} cannot be read: its values are nested too deeply") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ModelFolderError(f"{path} cannot be read: {reason}") from error
    number = config.get("format") if isinstance(config, dict) else None
    if not isinstance(number, int) or isinstance(number, bool):
        raise ModelFolderError(f"{path} is not the configuration of an ama model: it names no format")
    for key in ("deciding", "reported"):
        if isinstance(config.get(key), list) and len(config[key]) > MAX_TERMS:
            raise ModelFolderError(f"{path} does not describe a model: {key} has more than {MAX_TERMS} terms")
    return config


def _parsed(content: bytes) -> Any:
    if len(content) > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES // 2**20} MiB")
    if content.count(b"[") + content.count(b"{") > MAX_CONTAINERS:
        raise ValueError(f"it holds more than {MAX_CONTAINERS:,} lists and objects")
    if not content.strip():
        raise ValueError("it is empty")
    try:
        text = content.decode("utf-8-sig")  # some editors begin a file with a byte order mark
    except UnicodeDecodeError as error:
        raise ValueError(f"it is not text in UTF-8, by its byte {error.start}") from error
    return json.loads(text, object_pairs_hook=_object, parse_int=_whole_number, parse_constant=_no_number)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"the key {twice!r} appears twice")
    return found


def _whole_number(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError(f"it holds a number of {len(digits):,} digits")
    return int(digits)


def _no_number(name: str) -> float:
    raise ValueError(f"it holds {name}, which is not a number")
