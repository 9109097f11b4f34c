"""The presets, what replaces them, and what is refused."""

from __future__ import annotations

import dataclasses
from typing import get_args

import jaxtyping
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ama import settings
from ama.errors import InputError
from ama.settings import Settings, resolve

IMAGES, COLOUR, ROWS = (1, 28, 28), (3, 32, 32), (5,)


@pytest.fixture(autouse=True, scope="module")
def _as_users_run_it():
    """Without the tests' type checker, which would refuse a wrong value before the sentence does."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


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
    "milestones": (0.3, 0.6, 0.9),
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


@pytest.mark.parametrize("shape", [IMAGES, COLOUR, ROWS])
@pytest.mark.parametrize("on_gpu", [True, False])
def test_the_paper_is_as_published_whatever_it_runs_on(shape, on_gpu):
    found = dataclasses.asdict(resolve("paper", shape, on_gpu))
    assert {name: found[name] for name in PUBLISHED} == PUBLISHED


def test_auto_is_the_paper_for_images_on_a_gpu_and_compact_otherwise():
    assert resolve("auto", IMAGES, on_gpu=True) == resolve("paper", IMAGES, on_gpu=True)
    assert resolve("auto", IMAGES, on_gpu=False) == resolve("compact", IMAGES, on_gpu=False)
    assert resolve("auto", ROWS, on_gpu=True) == resolve("compact", ROWS, on_gpu=True)
    assert resolve("auto", ROWS, on_gpu=False) == resolve("compact", ROWS, on_gpu=False)


@pytest.mark.parametrize("preset", get_args(settings.Preset))
@pytest.mark.parametrize("shape", [IMAGES, COLOUR, ROWS])
def test_every_preset_has_one_length_and_stands_its_own_checks(preset, shape):
    found = resolve(preset, shape, on_gpu=False)
    assert (found.max_steps is None) != (found.max_epochs is None)
    given_back = {
        name: value for name, value in dataclasses.asdict(found).items() if name != "selection_start"
    }
    assert resolve("paper", shape, False, **given_back).max_steps == found.max_steps


OTHERS = {
    "latent_dim": 7,
    "batch_size": 3,
    "learning_rate": 0.01,
    "milestones": (0.5,),
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
    before = resolve(preset, IMAGES, False)
    after = resolve(preset, IMAGES, False, **{name: OTHERS[name]})
    assert dataclasses.replace(before, **{name: OTHERS[name]}) == after != before


def test_none_keeps_the_preset():
    nothing = dict.fromkeys(field.name for field in dataclasses.fields(Settings))
    assert resolve("compact", IMAGES, False, **nothing) == resolve("compact", IMAGES, False)


def test_a_score_of_turns_needs_the_task_of_turns():
    with pytest.raises(InputError, match=r"^scoring='vector\+turn' needs lambda_rotation above 0, found 0$"):
        resolve("compact", IMAGES, False, scoring="vector+turn", lambda_rotation=0.0)
    assert resolve("compact", IMAGES, False, scoring="vector+turn").terms(IMAGES) == (
        "mahalanobis",
        "rotation",
    )


def test_the_automatic_score_has_the_terms_that_there_are():
    every = resolve("compact", IMAGES, False)
    assert every.terms(IMAGES) == ("latent_density", "memory_bank", "rotated_memory_bank", "rotation")
    assert resolve("compact", IMAGES, False, lambda_rotation=0.0).terms(IMAGES) == (
        "latent_density",
        "memory_bank",
        "rotated_memory_bank",
    )
    assert resolve("compact", ROWS, False, scoring="auto").terms(ROWS) == ("latent_density", "memory_bank")
    assert resolve("paper", IMAGES, False).terms(IMAGES) == ()


@pytest.mark.parametrize("scoring", ["no such", "bank+no such", "bank+bank", "auto+bank", "", "+"])
def test_another_score_is_refused_with_the_choices(scoring):
    with pytest.raises(InputError, match=r"^scoring must be one of auto, a_score, .*, found '") as error:
        resolve("compact", IMAGES, False, scoring=scoring)
    assert "joint, vector, bank, turned, turn joined by +" in str(error.value)


def test_rows_have_no_turned_score():
    with pytest.raises(InputError, match="rows cannot be turned"):
        resolve("compact", ROWS, False, scoring="joint+turned")


def test_rows_cannot_be_turned():
    with pytest.raises(InputError, match=r"^lambda_rotation is for images.* for rows it must be 0, found 1$"):
        resolve("compact", ROWS, False, lambda_rotation=1.0)


@pytest.mark.parametrize("preset", ["paper", "compact"])
def test_the_length_that_is_asked_for_replaces_the_presets(preset):
    steps = resolve(preset, IMAGES, False, max_steps=10)
    epochs = resolve(preset, IMAGES, False, max_epochs=3)
    assert (steps.max_steps, steps.max_epochs) == (10, None)
    assert (epochs.max_steps, epochs.max_epochs) == (None, 3)


@given(
    st.sampled_from(sorted(settings._RANGES)),
    st.sampled_from([-1.0, -1e9, 1e10, float("inf"), -float("inf"), float("nan"), True, False]),
)
def test_a_number_outside_its_range_is_refused_with_the_range(name, value):
    low, high = settings._RANGES[name]
    sentence = rf"{name} must be a (whole )?number from .* to .*, found {value!r}"
    with pytest.raises(InputError, match=sentence) as error:
        resolve("compact", IMAGES, False, **{name: value})
    assert f"{low:g} to {high:g}" in str(error.value)


@pytest.mark.parametrize("name", sorted(settings._RANGES))
def test_the_ends_of_a_range_belong_to_it(name):
    for end in settings._RANGES[name]:
        end = int(end) if float(end).is_integer() else end
        assert getattr(resolve("compact", IMAGES, False, **{name: end}), name) == end


@pytest.mark.parametrize("drops", [[0.3, 0.6], (0.3, 0.6), np.array([0.3, 0.6])])
def test_drops_of_the_learning_rate_come_in_any_sequence(drops):
    assert resolve("compact", IMAGES, False, milestones=drops).milestones == (0.3, 0.6)
    assert resolve("paper", IMAGES, False, milestones=[]).milestones == ()


@pytest.mark.parametrize("drops", [0.3, "0.3", [1.5], [-0.1], [float("nan")], [None]])
def test_drops_that_are_no_shares_are_refused(drops):
    with pytest.raises(InputError, match="milestones must be a list of shares of the training"):
        resolve("compact", IMAGES, False, milestones=drops)


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
    known = getattr(resolve("paper", IMAGES, False), name)
    with pytest.raises(InputError, match=f"{name} must be one of .*, found 'no such'") as error:
        resolve("compact", IMAGES, False, **{name: "no such"})
    assert known in str(error.value)


def test_another_preset_is_refused_with_the_choices():
    with pytest.raises(InputError, match=r"^preset must be one of auto, compact, paper, found 'papers'$"):
        resolve("papers", IMAGES, False)


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
    found = resolve("paper", IMAGES, False, lipschitz=lipschitz)
    assert (found.spectral, found.penalty_target) == (spectral, target)


def test_compact_has_a_form_for_each_kind_of_data():
    grey, colour, rows = (resolve("compact", shape, False) for shape in (IMAGES, COLOUR, ROWS))
    assert grey == settings.COMPACT_GREY
    assert colour == settings.COMPACT_IMAGES
    assert rows == settings.COMPACT_TABULAR


def test_grey_and_coloured_images_differ_in_the_length_of_the_training_alone():
    assert dataclasses.replace(settings.COMPACT_GREY, max_steps=5000) == settings.COMPACT_IMAGES
    assert settings.COMPACT_GREY.max_steps < 5000
