"""The presets, what replaces them, and what is refused."""

from __future__ import annotations

import dataclasses
from dataclasses import asdict
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ama import settings
from ama.errors import InputError
from ama.settings import PRESETS, Settings, resolve
from ama.utils.declarations import declared

IMAGES, COLOUR, ROWS = "grey images", "colour images", "tabular data"


# The paper's text and the authors' published experiments.
PUBLISHED = {
    "latent_dim": 128,
    "encoder_width": 64,
    "generator_width": 256,
    "discriminator_width": 128,
    "batch_size": 256,
    "max_epochs": 100,
    "max_steps": None,
    "learning_rate": 3e-4,
    "milestones": [0.3, 0.6, 0.9],
    "critic_steps": 5,
    "loss": "wasserstein",
    "lipschitz": "spectral+gradient_penalty",
    "penalty_weight": 10,
    "mirrored": True,
    "lambda_inter": 0.2,
    "lambda_reg": 1,
    "lambda_neg": 5,
    "lambda_pixel": 0,
    "lambda_rotation": 0,
    "negatives": "atypical",
    "negative_pairs": "generated",
    "negative_share": 0.1,
    "negative_start": 0.1,
    "averaging": 0,
    "selection_start": 0.2,
    "held_out": 0.05,
    "scoring": "a_score",
    "statistics": "training",
    "precision": "float32",
    "scoring_precision": "float32",
}


@pytest.mark.parametrize("variant", PRESETS)
def test_the_paper_is_as_published(variant):
    found = dataclasses.asdict(resolve("paper", variant))
    assert {name: found[name] for name in PUBLISHED} == PUBLISHED


@pytest.mark.parametrize("variant", PRESETS)
def test_the_authors_code_has_the_published_networks_and_differs_where_the_docs_say(variant):
    paper, authors = (asdict(resolve(preset, variant)) for preset in ("paper", "authors"))
    assert {name for name in paper if paper[name] != authors[name]} == {
        "penalty_norm", "interpolation", "negatives", "negative_batch", "detached",
    }  # fmt: skip


def test_auto_is_compact():
    for variant in PRESETS:
        assert asdict(resolve("auto", variant)) == asdict(resolve("compact", variant))


@pytest.mark.parametrize("preset", get_args(settings.Preset))
@pytest.mark.parametrize("variant", PRESETS)
def test_every_preset_has_a_length_and_stands_its_own_checks(preset, variant):
    found = resolve(preset, variant)
    assert {found.max_steps, found.max_epochs} != {None}
    assert asdict(resolve("paper", variant, **asdict(found))) == asdict(found)


OTHERS = {
    "latent_dim": 7,
    "batch_size": 3,
    "learning_rate": 0.01,
    "milestones": [0.5],
    "loss": "hinge",
    "lipschitz": "zero_centred",
    "mirrored": False,
    "lambda_neg": 0.0,
    "averaging": 0.5,
    "negatives": "cube",
    "scoring": "r_score",
    "held_out": 0.3,
    "term_bound": 3.0,
}


@pytest.mark.parametrize("name", OTHERS)
@pytest.mark.parametrize("preset", ["paper", "compact"])
def test_a_parameter_replaces_its_own_value_and_no_other(preset, name):
    before = resolve(preset, IMAGES)
    after = resolve(preset, IMAGES, **{name: OTHERS[name]})
    assert asdict(dataclasses.replace(before, **{name: OTHERS[name]})) == asdict(after) != asdict(before)


def test_none_keeps_the_preset():
    nothing = dict.fromkeys(field.name for field in dataclasses.fields(Settings))
    assert asdict(resolve("compact", IMAGES, **nothing)) == asdict(settings.COMPACT_GREY)


@pytest.mark.parametrize("preset", ["paper", "compact"])
def test_the_length_that_is_asked_for_replaces_the_presets(preset):
    steps = resolve(preset, IMAGES, max_steps=10)
    epochs = resolve(preset, IMAGES, max_epochs=3)
    assert (steps.max_steps, steps.max_epochs) == (10, None)
    assert (epochs.max_steps, epochs.max_epochs) == (None, 3)


RANGES = {name: d for name, d in declared(Settings).items() if d.low is not None and name != "milestones"}


@given(
    st.sampled_from(sorted(RANGES)),
    st.sampled_from([-1.0, -1e9, 1e10, float("inf"), -float("inf"), float("nan"), True, False, "1"]),
)
def test_a_number_outside_its_range_is_refused_with_the_range(name, value):
    sentence = rf"{name} must be a (whole )?number from .* to .*, found {value!r}"
    with pytest.raises(InputError, match=sentence) as error:
        resolve("compact", IMAGES, **{name: value})
    assert f"{RANGES[name].low:g} to {RANGES[name].high:g}" in str(error.value)


@pytest.mark.parametrize("name", sorted(RANGES))
def test_the_ends_of_a_range_belong_to_it(name):
    for end in (RANGES[name].low, RANGES[name].high):
        assert getattr(resolve("compact", IMAGES, **{name: end}), name) == end


@pytest.mark.parametrize("milestones", [[0.3, 0.6], (0.3, 0.6), np.array([0.3, 0.6])])
def test_milestones_come_in_any_sequence(milestones):
    assert resolve("compact", IMAGES, milestones=milestones).milestones == [0.3, 0.6]
    assert resolve("paper", IMAGES, milestones=[]).milestones == []


@pytest.mark.parametrize("milestones", [0.3, "0.3", [1.5], [-0.1], [float("nan")], [None]])
def test_milestones_that_are_no_shares_are_refused(milestones):
    with pytest.raises(InputError, match="milestones must be a list of numbers from 0 to 1, found"):
        resolve("compact", IMAGES, milestones=milestones)


@pytest.mark.parametrize("value", ["yes", 2, None, 0.5])
def test_mirrored_is_true_or_false_or_the_presets(value):
    if value is None:
        assert resolve("paper", IMAGES, mirrored=value).mirrored is True
    else:
        with pytest.raises(InputError, match=f"^mirrored must be True or False, found {value!r}$"):
            resolve("paper", IMAGES, mirrored=value)


CHOICES = [
    "loss",
    "lipschitz",
    "negatives",
    "negative_pairs",
    "direction",
    "statistics",
    "precision",
    "scoring_precision",
]


@pytest.mark.parametrize("name", CHOICES)
def test_another_word_is_refused_with_the_choices(name):
    known = getattr(resolve("paper", IMAGES), name)
    with pytest.raises(InputError, match=f"{name} must be one of .*, found 'no such'") as error:
        resolve("compact", IMAGES, **{name: "no such"})
    assert known in str(error.value)


def test_another_preset_is_refused_with_the_choices():
    with pytest.raises(
        InputError, match=r"^preset must be one of auto, compact, paper, authors, found 'papers'$"
    ):
        resolve("papers", IMAGES)


@pytest.mark.parametrize(
    ("lipschitz", "spectral", "target"),
    [
        ("spectral+gradient_penalty", True, 1.0),
        ("spectral", True, None),
        ("gradient_penalty", False, 1.0),
        ("zero_centred", False, 0.0),
        ("spectral+zero_centred", True, 0.0),
    ],
)
def test_a_constraint_is_spectral_a_penalty_or_both(lipschitz, spectral, target):
    found = resolve("paper", IMAGES, lipschitz=lipschitz)
    assert (found.spectral, found.penalty_target) == (spectral, target)


def test_grey_and_coloured_images_differ_in_the_length_of_the_training_and_how_terms_measure_and_count():
    grey, colour = settings.COMPACT_GREY, settings.COMPACT_COLOUR
    changed = {name for name, value in asdict(grey).items() if value != asdict(colour)[name]}
    assert changed == {"max_steps", "bank_distance", "sees_images"}
    assert grey.max_steps < colour.max_steps
