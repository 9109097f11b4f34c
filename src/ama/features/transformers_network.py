"""Networks of ``transformers.AutoBackbone``, from a configuration that anybody may have written.

Of a configuration, only the fields that the library declares for its kind of network are used. No code of a repository
is run, no kernels are fetched, and nothing is looked up by a name in it.
"""

from __future__ import annotations

import inspect
import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from ama.errors import InputError, sentence
from ama.features.backbone_folder import CONFIG, BackboneFolder
from ama.utils.extras import needs_extra

LARGEST = 2**14  # of the whole numbers in a configuration: sizes, widths, numbers of layers
DEEPEST = 4  # of its lists and objects
LONGEST_REASON = 160  # characters of an error of the library
FOREIGN = {"timm_backbone"}  # kinds that fetch a network of another library
KIND, STAGES, STEM = "model_type", "out_features", "stem"


@contextmanager
def transformers(purpose: str = "this backbone") -> Iterator[Any]:
    """The library, quiet and without bars, if it is installed.

    Raises
    ------
    MissingLibraryError
        If it is not.
    """
    with needs_extra("transformers", purpose), torch.device("cpu"):
        import transformers as library
    logging = library.utils.logging
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity(logging.CRITICAL)
    logging.disable_progress_bar()
    try:
        yield library
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def config_class(library: Any, kind: Any) -> type:
    """The class of the configurations of a kind of network, whose module is imported.

    Raises
    ------
    ValueError
        If the library has no backbone of that kind.
    """
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING
    from transformers.models.auto.modeling_auto import MODEL_FOR_BACKBONE_MAPPING_NAMES

    if not isinstance(kind, str) or kind not in MODEL_FOR_BACKBONE_MAPPING_NAMES or kind in FOREIGN:
        raise ValueError(f"transformers {library.__version__} has no backbone of the {KIND} {kind!r}")
    found = CONFIG_MAPPING[kind]
    with torch.device("cpu"):
        library.MODEL_FOR_BACKBONE_MAPPING[found]  # imports the network
    return found


def config_from(library: Any, values: Any) -> Any:
    """A configuration from plain values, as :func:`plain` gives.

    Raises
    ------
    ValueError
        If they are not those of a backbone.
    """
    if not isinstance(values, dict):
        raise ValueError(f"it holds {type(values).__name__}, expected an object")
    kind = config_class(library, values.get(KIND))
    known = {KIND, STAGES, *_fields(library, kind)}
    for name, value in values.items():
        if name not in known:
            raise ValueError(f"its {KIND} {values[KIND]!r} has no field {name!r}")
        _check_plain(name, value)
    return kind(**{name: value for name, value in values.items() if name != KIND})


def plain(library: Any, config: Any) -> dict[str, Any]:
    """The fields of a configuration that build the network, as JSON types."""
    own = _fields(library, type(config))
    values = {name: value for name, value in config.to_dict().items() if name in own}
    return json.loads(json.dumps({KIND: config.model_type, **values, STAGES: config.out_features}))


def _fields(library: Any, kind: type) -> set[str]:
    common = inspect.signature(library.PreTrainedConfig).parameters
    own = inspect.signature(kind).parameters
    return {name for name in own if name not in common and not name.startswith("_")}


def _check_plain(name: str, value: Any, depth: int = DEEPEST) -> None:
    """Refuse a value for which building a network could take any time or memory."""
    if isinstance(value, list | dict) and depth:
        for part in value.values() if isinstance(value, dict) else value:
            _check_plain(name, part, depth - 1)
    elif isinstance(value, int | float) and not abs(value) <= LARGEST:
        raise ValueError(f"its {name} holds {value:g}, expected numbers up to {LARGEST}")
    elif not isinstance(value, str | int | float | bool | None):
        raise ValueError(f"its {name} is nested too deeply")


def build(library: Any, config: Any) -> nn.Module:
    """The network of a configuration, without weights."""
    return library.AutoBackbone.from_config(config, dtype=torch.float32, trust_remote_code=False)


def multiple_of(config: Any) -> int:
    """The sides of patches, of which the sides of an image must be multiples."""
    patch = getattr(config, "patch_size", None) or 1
    return math.lcm(*patch) if isinstance(patch, list | tuple) else patch


def read_config(library: Any, folder: BackboneFolder) -> Any:
    """The configuration of a folder, with all of its stages.

    Raises
    ------
    InputError
        If the folder holds no configuration of a backbone.
    """
    values = folder.read(CONFIG)
    try:
        kind = config_class(library, values.get(KIND))
        own = _fields(library, kind)
        config = config_from(library, {KIND: values[KIND], **{n: v for n, v in values.items() if n in own}})
    except InputError:
        raise
    except Exception as error:  # the library checks values in many ways
        raise unusable(folder, error) from error
    config.out_features = [name for name in config.stage_names if name != STEM]
    return config


def read_network(library: Any, folder: BackboneFolder, config: Any) -> nn.Module:
    """The network of a configuration with the weights of a folder.

    Raises
    ------
    InputError
        If the weights are missing, broken, or of another network.
    """
    try:
        with torch.random.fork_rng(devices=[]):
            # Not AutoBackbone's own, which asks the hub even for a folder.
            network, found = library.MODEL_FOR_BACKBONE_MAPPING[type(config)].from_pretrained(
                str(folder.path),
                config=config,
                dtype=torch.float32,
                local_files_only=True,
                output_loading_info=True,
            )
        # A norm that only the backbone has starts as the identity. Any other tensor would be random.
        tensors = network.state_dict()
        lacking = [name for name in sorted(found["missing_keys"]) if len(tensors[name].unique()) > 1]
        if lacking:
            raise ValueError(f"its weights lack {len(lacking)} tensors, such as {lacking[0]}")
    except Exception as error:  # of files, of formats, of shapes: the library raises many kinds
        raise unusable(folder, error) from error
    # In memory of torch's own, not of the file: the matrix products of some processors round by the address.
    network.load_state_dict({name: t.clone() for name, t in network.state_dict().items()}, assign=True)
    return network


def unusable(folder: BackboneFolder, error: Exception) -> InputError:
    """That a folder holds no backbone, and why."""
    reason = sentence(str(error), LONGEST_REASON) or type(error).__name__
    return InputError(f"{folder.path} cannot be used as a backbone: {reason}")
