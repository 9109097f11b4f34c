"""Data sets of the Hugging Face hub, read by ``datasets``, which handles the hub's layouts, downloads and splits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from ama.data.tables.arrow import ArrowTable
from ama.errors import InputError
from ama.utils.extras import needs_extra


def dataset_table(dataset: Any, name: str) -> ArrowTable:
    """A ``datasets.Dataset`` as a table, its images still encoded."""
    stored = dataset.with_format("arrow")

    def stream(columns: list[str], batch_size: int) -> Iterator[pa.RecordBatch]:
        for table in stored.select_columns(columns).iter(batch_size):
            yield from table.to_batches()

    return ArrowTable(name, dataset.features.arrow_schema, len(dataset), stream)


def hub_dataset(name: str, split: str | None = None, config: str | None = None) -> Any:
    """A data set of the hub, or of a local folder laid out like one, as a ``datasets.Dataset``.

    Parameters
    ----------
    name
        ``owner/name``, or a folder.
    split
        Name of the split; by default ``train``, or the only one.
    config
        Name of the configuration, also called subset; by default the only one.

    Raises
    ------
    InputError
        If the hub has no such data set or cannot be reached, the split is missing, or the extra "hub" is not
        installed.
    """
    with needs_extra("hub", f"reading {name} as a data set of the Hugging Face hub"):
        import datasets

    if not Path(name).is_dir():
        _check_reachable(name)
    bars = datasets.is_progress_bar_enabled()
    datasets.disable_progress_bars()
    try:
        splits = datasets.load_dataset(name, config)
    except Exception as error:  # the readers of the many file formats raise many kinds
        # The first line says what is wrong, the second what is available; examples follow.
        lines = [line.strip().rstrip(".") for line in str(error).strip().splitlines()[:2]]
        reason = ". ".join(lines) or type(error).__name__
        raise InputError(
            f"there is no file or folder {name}, and loading it as a data set of the hub fails: {reason}; "
            "name a part as hf://NAME:CONFIGURATION:SPLIT"
        ) from error
    finally:
        if bars:
            datasets.enable_progress_bars()
    if split is None and (len(splits) == 1 or "train" in splits):
        split = "train" if "train" in splits else next(iter(splits))
    if split not in splits:
        named = name if config is None else f"{name}:{config}"
        found = "no split of that name" if split else "several splits and none named train"
        raise InputError(
            f"{name} has {found}; name one as hf://{named}:SPLIT, where SPLIT is {' or '.join(splits)}"
        )
    return splits[split]


def cache_folders(name: str) -> list[Path]:
    """Where the images of a data set of the hub may lie: the library's caches, and the folder that was named."""
    import datasets
    from huggingface_hub.constants import HF_HUB_CACHE

    local = [Path(name)] if Path(name).is_dir() else []
    return [*local, Path(datasets.config.HF_DATASETS_CACHE), Path(HF_HUB_CACHE)]


def _check_reachable(name: str) -> None:
    """Ask the hub once: ``datasets`` retries for half a minute, too long to wait for a misspelt path."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HFValidationError, OfflineModeIsEnabled, RepositoryNotFoundError

    try:
        HfApi().dataset_info(name, timeout=10)
    except OfflineModeIsEnabled:
        pass  # the cache may have a copy
    except (RepositoryNotFoundError, HFValidationError) as error:
        raise InputError(
            f"there is no file or folder {name}, and the hub has no public data set of that name"
        ) from error
    except Exception as error:  # which HTTP library raises it depends on the version of huggingface_hub
        raise InputError(
            f"there is no file or folder {name}, and the hub cannot be reached to look for such a data set"
        ) from error
