"""What precedes a training: what is seen of the samples, which are held out, and what is said of both."""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Shaped
from torch import Tensor

from ama.features.backbone import Backbone
from ama.features.tiles import tiles_notice
from ama.scores.kinds.kind import SampleKind, Seen
from ama.settings import HeldOutFrom
from ama.training.near_duplicates import HARMFUL, MAX_HELD_OUT, warn_of_duplicates
from ama.training.run import Run
from ama.training.series import MAX_SAMPLES, MIN_SAMPLES, REMEDY, found_series, series_notice
from ama.training.split import Split
from ama.utils.progress import DELAY, progress_bar
from ama.utils.random_generators import generator_for
from ama.utils.user_warnings import warn_user

# Tiles that a network learns from, drawn at random; as many as there are images, if these are more.
MAX_TILES = 20_000
MAX_MAPS = 5_000  # of features that a network learns from: in memory they are larger than small images


def seen_samples(raw: Shaped[Tensor, "n ..."], kind: SampleKind, backbone: Backbone | None, run: Run) -> Seen:
    """What is seen of samples: through the backbone, if there is one, and of very many some of the tiles or maps."""
    if backbone is None and kind.tiles is not None:
        most = max(MAX_TILES, len(raw))
        return Seen(kind.tiles.some(raw, most, generator_for(run.seed, 15)), None)
    if backbone is None:
        return kind.seen(raw, None)
    x, rows = list[Tensor](), list[Tensor]()
    images = raw.split(1)
    for image in progress_bar(run.progress, iterable=images, desc="features", unit="image", delay=DELAY):
        seen = kind.seen(image.to(run.device), backbone)
        assert seen.rows is not None
        rows.append(seen.rows.cpu())
        if seen.x is seen.rows or len(x) < MAX_MAPS:  # the split has shuffled them
            x.append(seen.x.cpu())
    if len(x) < len(rows):
        warn_user(
            f"the networks learn from the maps of {len(x):,} of {len(rows):,} images, drawn at random",
        )
    return Seen(torch.cat(x), torch.cat(rows))


def chosen_hold_out(
    normal: Shaped[Tensor, "n ..."],
    grouped: bool,
    wanted: HeldOutFrom,
    share: float,
    kind: SampleKind,
    backbone: Backbone | None,
    run: Run,
    remedy: str = REMEDY,
) -> HeldOutFrom:
    """Which ``share`` is held out: as the user wants it, whole groups, or the end where features show a series.

    A table is not divided otherwise, as its order may be that of a column: a series is only told, with a ``remedy``.
    """
    asked: HeldOutFrom = "groups" if grouped else wanted
    if asked in ("groups", "end"):
        return asked
    first, found = normal[:MAX_SAMPLES], None
    if (backbone is not None or not kind.pictured) and len(first) >= MIN_SAMPLES:
        rows = seen_samples(first, kind, backbone, run).rows
        found = None if rows is None else found_series(rows)
    if found is None or (backbone is None and (found.places > 1 or found.share < HARMFUL)):
        return "anywhere"
    from_end = asked == "auto" and backbone is not None
    warn_user(series_notice(found, share, from_end, remedy))
    return "end" if from_end else "anywhere"


def warn_of_tiles(raw: Tensor, seen: Tensor, kind: SampleKind, backbone: Backbone | None) -> None:
    """Say how images are cut, if they are; ``seen`` is what the networks learn from."""
    learned = len(seen) if backbone is None else None
    if kind.tiles is not None and (notice := tiles_notice(kind.tiles, len(raw), learned)) is not None:
        warn_user(notice)


def warn_of_near_duplicates(
    parts: Split, rows: Tensor | None, seen: Callable[[Tensor], Seen], held_out_from: HeldOutFrom
) -> None:
    """Say if many held-out samples have near-duplicates among the learned ones, whose ``rows`` are compared if any."""
    held_out = torch.cat([parts.unseen, parts.calibration])
    others = None if rows is None else seen(held_out[:MAX_HELD_OUT]).rows
    both = None if rows is None or others is None else (rows, others)
    warn_of_duplicates(parts.train, held_out, both, held_out_from)
