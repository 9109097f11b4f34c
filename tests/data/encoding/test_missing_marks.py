"""Numbers of nines that stand for missing values are told; other far numbers, and nines among others, are not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import ama
from ama.data.encoding.missing_marks import AT_A_TIME, marks_notice, missing_mark
from ama.data.sources import open_source

AGES = np.arange(18, 90).repeat(5).astype(float)


@pytest.mark.parametrize("mark", [-999.0, -99.0, 999.0, 9999.0, -99999.0])
@pytest.mark.parametrize("share", [0.01, 0.3])
def test_a_number_of_nines_far_from_all_others_is_found(mark, share):
    marked = np.full(int(np.ceil(share * len(AGES) / (1 - share))) + 1, mark)
    assert missing_mark(np.concatenate([AGES, marked])) == mark


@pytest.mark.parametrize(
    "column",
    [
        AGES,
        np.append(AGES, [99.0] * 20),  # of ages, 99 is one
        np.append(AGES, -999.0),  # once
        np.append(AGES, [-1234.0] * 20),  # a number like others
        np.append(AGES.repeat(10), [-999.0] * 20),  # in less than one row of a hundred
        np.append(np.arange(0.0, 30000.0, 7.0), [-999.0] * 90),  # no farther than others from one another
        np.array([1.0] * 20 + [-999.0] * 20),  # of two values either may be the odd one
        np.array([-999.0] * 20),
    ],
    ids=["none", "near", "once", "other", "rare", "wide", "two", "constant"],
)
def test_other_numbers_are_not(column):
    assert missing_mark(column) is None


@pytest.fixture
def frame() -> pd.DataFrame:
    rows = np.random.default_rng(0).normal(50, 10, (120, 3))
    rows[::10, 0], rows[::20, 2] = -999, 9999
    return pd.DataFrame(rows, columns=["age", "size", "mass"]).assign(kind=["a", "b", "c"] * 40)


SAID = "hold -999 or 9999 in some rows, far from all other values: if it stands for a missing value, leave it out"


@pytest.mark.filterwarnings("ignore:column 'kind'")
def test_the_columns_are_named_beside_encoded_ones_and_numbered_in_an_array(frame):
    detector = ama.AMADetector(max_steps=2, held_out=0.4, random_state=0, progress=False)
    with pytest.warns(UserWarning, match=rf"^columns 'age', 'mass' of X {SAID}$"):
        detector.fit(frame)
    with pytest.warns(UserWarning, match=rf"^columns 1, 3 of X {SAID}$"):
        detector.fit(frame[["age", "size", "mass"]].to_numpy())


def test_columns_of_a_wide_table_are_told_by_their_places():
    rows = np.random.default_rng(0).normal(size=(40, 2 * AT_A_TIME + 3))
    marked = [0, AT_A_TIME - 1, AT_A_TIME, 2 * AT_A_TIME + 2]
    rows[:3, marked] = -999
    notice = marks_notice(open_source(rows).read(), np.ones(40, dtype=bool))
    assert notice is not None
    assert notice.startswith(
        f"columns {', '.join(str(place + 1) for place in marked)} of X hold -999 in some rows"
    )


def test_known_anomalies_may_hold_any_number(frame):
    rows = frame[["age", "size", "mass"]].to_numpy()
    y = np.where((rows == -999).any(1) | (rows == 9999).any(1), -1, 1)
    detector = ama.AMADetector(max_steps=2, held_out=0.4, random_state=0, progress=False)
    detector.fit(rows, y)  # without a warning
