"""What a word that no command knows may mean: what other tools call so, or one that is written almost alike."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

# Words of other tools -> ours, of which the first that is known here is meant.
ELSEWHERE = {
    "train": ("fit",),
    "learn": ("fit",),
    "predict": ("score",),
    "detect": ("score",),
    "infer": ("score",),
    "inference": ("score",),
    "test": ("validation", "evaluate"),
    "validate": ("evaluate",),
    "metrics": ("evaluate",),
    "explain": ("report",),
    "plot": ("report",),
    "visualize": ("report",),
    "info": ("report",),
    "inspect": ("report",),
    "recalibrate": ("calibrate",),
    "convert": ("export",),
    "onnx": ("export",),
    "deploy": ("serve",),
    "server": ("serve",),
    "push": ("upload",),
    "publish": ("upload",),
    "seed": ("random_state",),
    "random_seed": ("random_state",),
    "lr": ("learning_rate",),
    "iterations": ("max_steps",),
    "iters": ("max_steps",),
    "timeout": ("max_time",),
    "time_limit": ("max_time",),
    "contamination": ("contamination_share", "false_alarm_rate"),
    "threshold": ("false_alarm_rate",),
    "alpha": ("false_alarm_rate",),
    "fpr": ("false_alarm_rate",),
    "label": ("label_column", "normal_label"),
    "target": ("label_column", "normal_label"),
    "exclude": ("drop",),
    "ignore": ("drop",),
    "usecols": ("columns",),
    "size": ("image_size",),
    "resize": ("image_size",),
    "imgsz": ("image_size",),
    "gpu": ("device", "cuda"),
    "n_jobs": ("jobs", "workers"),
    "threads": ("jobs", "workers"),
    "verbose": ("progress",),
    "quiet": ("progress",),
    "o": ("out",),
    "output": ("out",),
    "save": ("out",),
}


def near(word: str, known: Iterable[str]) -> str:
    """A question for the known word that is perhaps meant, such as "; did you mean fit?"; nothing if there is none.

    Parameters
    ----------
    word
        As it was given, such as ``--max-stepz``.
    known
        The words in its place, with hyphens or underscores.
    """
    names = {_bare(name): name for name in known}
    found = [name for name in ELSEWHERE.get(_bare(word), ()) if name in names]
    # The hyphens before options would make all of them alike.
    found += difflib.get_close_matches(_bare(word), names, 1)
    return f"; did you mean {names[found[0]]}?" if found else ""


def _bare(word: str) -> str:
    return word.lstrip("-").replace("-", "_")
