"""Configuration files for ``ama fit --config``."""

from __future__ import annotations

import random
from pathlib import Path

from fuzz.byte_mutations import mutate
from fuzz.nasty_values import DEEP, JSON_VALUES, TEXTS
from fuzz.odd_folders import PLACES

GOOD = """\
false_alarm_rate: 0.1
held_out: 0.3
batch_size: 32
latent_dim: 8
lambda_reg: 1.0
scoring: auto
random_state: 0
"""
# No path that could lead out of the folder of a case, and nothing that takes its time rightly.
OPTIONS = (
    "method", "label_column", "normal_label", "anomalies", "validation", "image_size", "strict", "device",
    "random_state",
    "progress", "preset", "max_steps", "batch_size", "latent_dim", "learning_rate", "held_out",
    "false_alarm_rate", "scoring",
    "delta", "direction", "loss", "n_interpolated", "negatives", "mirrored", "precision", "nonsense", "config",
    "max_time",
)  # fmt: skip
DOCUMENTS = (
    "", "- a\n- b\n", "text", "{", "a: b: c", "\t- x", "a: &a [*a]", "&a [*a, *a]",
    "!!python/object/apply:os.getcwd []",
    "[" * DEEP, "{a: " * 3000 + "}" * 3000, "- " * 5000, "%YAML 9.9\n---\n", "a: 1\na: 2\n", "---\n---\n",
    "? [a]\n: b\n",
    "null: 1\n", "1: 2\n", "method:\n  a: 1\n", "normal_label: {a: 1}\n", "config: x.yaml\n", "2020-01-01: 12:30:45\n",
    "x: " + "1" * 5000, "random_state: 0x" + "f" * 5000, "max_steps: 1e400\n", "a: !!binary x\n", "max_steps: .nan\n",
    "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(f"{c}: &{c} [{','.join(f'*{p}' for _ in range(9))}]\n" for p, c in
                                             zip("abcdefgh", "bcdefghi", strict=True)),
)  # fmt: skip


def odd_config(rng: random.Random, folder: Path) -> str:
    """A file x.yaml: odd YAML, an option with an odd value, changed bytes, or no ordinary file."""
    choice = rng.choice(("document", "document", "value", "value", "bytes", "place"))
    if choice == "place":
        what = rng.choice(list(PLACES))
        PLACES[what](folder / "x.yaml")
        return f"{what} as configuration file"
    if choice == "document":
        text = rng.choice(DOCUMENTS)
        said = text[:60]
    elif choice == "value":
        option = rng.choice((*OPTIONS, rng.choice(TEXTS[:-1])))
        value = rng.choice((*JSON_VALUES, "!!set {a, b}", ".inf", "~", "yes", "1_000", "2020-01-01", "- 1"))
        text = f"{GOOD}{option}: {value}\n"
        said = f"{option[:30]!r}: {value[:40]}"
    else:
        data, said = mutate(rng, GOOD.encode(), b"\xff\xfe[]{}: *&!%@`")
        (folder / "x.yaml").write_bytes(data)
        return f"a configuration file, {said}"
    (folder / "x.yaml").write_text(text, encoding="utf-8", errors="surrogatepass")
    return f"a configuration file: {said!r}"
