"""Reading a model folder, which anybody may have written.

Every size in ``config.json`` is compared with the shapes of the stored tensors before memory is taken, so that loading
takes about twice the memory of the file, whatever is in it; and every number of a loaded model is finite.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor
from torch.overrides import TorchFunctionMode

from ama.errors import InputError, MissingLibraryError, ModelFolderError
from ama.io.locks import locked
from ama.io.model_config import DTYPES, read_config
from ama.io.model_folder import CONFIG, WEIGHTS, digest_of, hidden_weights
from ama.io.regular_files import open_regular
from ama.io.storable import Storable

# Seconds before each try: a save may replace one file before the other is read.
PAUSES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.4)
STORED = {
    "F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "BOOL": torch.bool,
    "I64": torch.int64, "I32": torch.int32, "I16": torch.int16, "I8": torch.int8, "U8": torch.uint8,
}  # fmt: skip
# What can only be positive, and what can be 0, too.
POSITIVE = re.compile(r"(terms\.a_score|combination)\.std$")
NOT_NEGATIVE = re.compile(
    r"(scaling\.scale|combination\.weight|terms\.latent_density\.weights|map\.weight|map_calibration|running_var)$"
)
# Calls of functions of torch for each tensor while a model is built; those of the package take up to 30.
CALLS = 100
MOST_ELSEWHERE = 150  # the same for a backbone, whose tensors the file may leave out


class _UnfitError(Exception):
    """The weights are not those of the configuration, or no longer."""


def load_model(
    folder: Path, class_of: Callable[[dict[str, Any]], type[Storable]]
) -> tuple[Any, dict[str, Any]]:
    """The model of a folder, on the CPU, and its whole ``config.json``.

    Parameters
    ----------
    folder
        A folder that :func:`ama.io.model_writer.save_model` wrote.
    class_of
        The class of the model, by the configuration.

    Raises
    ------
    ModelFolderError
        If the folder is missing, foreign, incomplete, altered, or of another version's format.
    """
    for pause in PAUSES:
        # A save may have replaced one file when the other was read: the second try waits for its end, and the others
        # are for systems without locks.
        time.sleep(pause)
        with locked(folder, shared=True) if pause else contextlib.nullcontext():
            config = read_config(folder)
            kind = class_of(config)
            try:
                return _model(folder, kind, config), config
            except _UnfitError as error:
                reason = str(error)
    raise ModelFolderError(reason)


def _model(folder: Path, kind: type[Storable], config: dict[str, Any]) -> Storable:
    """The model with the weights that the configuration names, under whichever name they are."""
    names = WEIGHTS, hidden_weights(config["weights_sha256"])
    with contextlib.ExitStack() as stack:
        files: dict[Path, BinaryIO] = {}
        for path in (folder / name for name in names):
            try:
                files[path] = stack.enter_context(open_regular(path))
            except FileNotFoundError:
                continue
            except OSError as error:
                raise ModelFolderError(f"{path} cannot be read: {error.strerror or error}") from error
        reasons = []
        for path, file in files.items():
            try:
                return _model_from(path, file, kind, config)
            except _UnfitError as error:
                reasons.append(str(error))
    raise _UnfitError(reasons[0] if reasons else f"{folder} is not a whole model: {WEIGHTS} is missing")


def _model_from(path: Path, file: BinaryIO, kind: type[Storable], config: dict[str, Any]) -> Storable:
    try:
        with safe_open(_in_utf8(path, file), "pt") as stored:
            found = {name: stored.get_slice(name) for name in stored.keys()}  # noqa: SIM118
            elsewhere = MOST_ELSEWHERE if "backbone" in config else 0
            model = _outline(path.parent / CONFIG, kind, config, CALLS * (10 + elsewhere + len(found)))
            shapes = {name: (tuple(s.get_shape()), STORED.get(s.get_dtype())) for name, s in found.items()}
            if (misfit := model.misfit(shapes)) is not None:
                raise _UnfitError(f"{path} does not fit its {CONFIG}: {misfit}")
            if digest_of(file) != config["weights_sha256"]:
                raise _UnfitError(f"{path} is truncated or altered: its checksum is not the one in {CONFIG}")
            # In memory of torch's own, as those of a fit are: the matrix products of some processors round by the
            # address.
            tensors = {name: stored.get_tensor(name).clone() for name in found}
        if not os.path.samestat(os.fstat(file.fileno()), path.stat()):
            raise _UnfitError(f"{path} was replaced while it was read")
    # RuntimeError is torch's own, if the file was replaced by a shorter one.
    except (OSError, RuntimeError, SafetensorError) as error:
        raise _UnfitError(f"{path} is truncated or altered: {_one_line(error)}") from error
    _check_numbers(path, tensors)
    try:
        model.fill({**tensors, **model.left_out()})
    except InputError as error:
        raise ModelFolderError(f"{path.parent} holds its backbone by reference: {error}") from error
    except RuntimeError as error:
        raise ModelFolderError(f"{path} does not fit its {CONFIG}: {_one_line(error)}") from error
    return model


def _in_utf8(path: Path, file: BinaryIO) -> Path:
    """A name of an open file in UTF-8, which safetensors insists on."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return Path(f"/dev/fd/{file.fileno()}")
    return path


class _Budget(TorchFunctionMode):
    """Ends the building of a model that would take too many calls of functions of torch."""

    def __init__(self, calls: int):
        super().__init__()
        self.left = calls

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.left -= 1
        if self.left < 0:
            raise ValueError(f"it has many more layers than there are tensors in {WEIGHTS}")
        return func(*args, **(kwargs or {}))


def _outline(path: Path, kind: type[Storable], config: dict[str, Any], calls: int) -> Storable:
    """The model without memory for its tensors."""
    try:
        # The outer context restores the gradients that an inner no_grad does not if its end is one call too many.
        with torch.set_grad_enabled(torch.is_grad_enabled()), _Budget(calls):
            return kind.outline(tuple(config["shape"]), DTYPES[config["dtype"]], config)
    except MissingLibraryError:
        raise
    except Exception as error:  # whatever the networks make of sizes that nobody chose
        raise ModelFolderError(f"{path} does not describe a model: {_one_line(error)}") from error


def _check_numbers(path: Path, tensors: Mapping[str, Tensor]) -> None:
    for name, tensor in tensors.items():
        if not tensor.is_floating_point() or not tensor.numel():
            continue
        low, high = (bound.item() for bound in tensor.aminmax())
        if not -float("inf") < low <= high < float("inf"):
            raise ModelFolderError(
                f"{path} is no trained model: tensor {name} holds a number that is not finite"
            )
        if (low < 0 and NOT_NEGATIVE.search(name)) or (low <= 0 and POSITIVE.search(name)):
            raise ModelFolderError(f"{path} is no trained model: tensor {name} holds {low:g}")


def _one_line(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return text if isinstance(error, ValueError | OSError) else f"{type(error).__name__}: {text}"
