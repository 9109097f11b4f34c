"""A parameter is declared once: constructor, validation, documentation and command line follow."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import ama
from ama.detectors.parameters import by_group, default_of, parameters, type_of
from ama.errors import InputError
from ama.utils.declarations import METHOD, declared, parameter


@parameters
class Patient(ama.AMADetector):
    """A detector with a parameter more.

    Attributes
    ----------
    model_ : object
    """

    patience: int = parameter("How long it waits.", METHOD, 1, 9, default=3)


def test_a_new_parameter_is_one_declaration():
    assert Patient().patience == 3
    assert Patient(patience=5).get_params()["patience"] == 5
    assert inspect.signature(Patient).parameters["patience"].default == 3
    assert list(by_group(Patient)["method"]) == ["patience"]
    text = Patient.__doc__
    assert "patience : int, default 3\n    How long it waits.\n" in text
    assert text.index("Parameters\n") < text.index("patience") < text.index("Attributes\n")
    with pytest.raises(InputError, match=r"^patience must be a whole number from 1 to 9, found 12$"):
        Patient(patience=12).fit([[0.0, 1.0]] * 9)


def test_the_first_group_has_the_nine_that_most_users_need():
    groups = by_group(ama.AMADetector)
    assert next(iter(groups)) == "most used"
    assert list(groups["most used"]) == [
        "preset", "max_time", "false_alarm_rate", "device", "random_state", "progress", "scoring", "features",
        "held_out",
    ]  # fmt: skip
    assert sum(map(len, groups.values())) == len(ama.AMADetector().get_params())


@pytest.mark.parametrize("name", declared(ama.AMADetector))
def test_every_parameter_is_documented_with_its_type_and_default(name):
    signature = inspect.signature(ama.AMADetector)
    kind = type_of(signature.parameters[name].annotation)
    assert f"\n{name} : {kind}, default {default_of(name, ama.AMADetector)}\n" in ama.AMADetector.__doc__


def test_a_default_that_depends_on_the_preset_is_told_for_each():
    assert default_of("latent_dim", ama.AMADetector) == (
        "paper: 128; compact: 64 for colour images, 64 for grey images, 16 for tabular data, "
        "16 for rows of many columns, 16 for features of images, 64 for feature maps"
    )
    assert default_of("critic_steps", ama.AMADetector) == "paper: 5; compact: 1"
    assert default_of("penalty_norm", ama.AMADetector) == "paper: pair; authors: pixel; compact: pair"
    assert default_of("false_alarm_rate", ama.AMADetector) == "0.05"


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, "one", True])
def test_a_seed_is_a_whole_number_that_numpy_takes(seed):
    message = rf"^random_state must be a whole number from 0 to 4294967295, found {seed!r}$"
    with pytest.raises(InputError, match=message):
        ama.AMADetector(random_state=seed).fit([[0.0, 1.0]] * 9)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("false_alarm_rate", "a number between 0 and 1, both excluded"),
        ("device", "one of auto, cpu, cuda"),
    ],
)
def test_none_is_refused_where_it_does_not_leave_the_choice_to_the_preset(name, expected):
    with pytest.raises(InputError, match=f"^{name} must be {expected}, found None$"):
        ama.AMADetector(**{name: None}).fit([[0.0, 1.0]] * 9)


def test_a_generator_of_numpy_is_a_seed_as_in_scikit_learn(rng):
    rows, given = rng.normal(size=(40, 3)), {"max_steps": 2, "held_out": 0.5, "false_alarm_rate": 0.2}
    first, second = (
        ama.AMADetector(**given, random_state=np.random.RandomState(5)).fit(rows).offset_ for _ in range(2)
    )
    assert first == second


@pytest.mark.parametrize("name", ["max_steps", "random_state", "held_out", "lambda_reg", "false_alarm_rate"])
def test_a_number_too_long_to_be_written_is_refused(name):
    with pytest.raises(InputError, match=rf"^{name} must be .*, found a whole number of 16610 bits$"):
        ama.AMADetector(**{name: 10**5000}).fit([[0.0, 1.0]] * 9)


def test_a_list_of_such_numbers_is_refused():
    with pytest.raises(
        InputError, match=r"^milestones must be a list of numbers from 0 to 1, found a long value$"
    ):
        ama.AMADetector(milestones=[10**5000]).fit([[0.0, 1.0]] * 9)
