"""Dates and times in other forms than ISO 8601 has."""

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ama.data.encoding.written_dates import FORMS, date_form, iso_moment

DAYS = [datetime(2026, 1, 29, 3, 4, 5, tzinfo=timezone.utc) + timedelta(hours=25 * i) for i in range(9)]


def test_dates_are_read_in_each_form():
    """By whatever form is found, the moments are those that were written, as exactly as the form has them."""
    for form in sorted(FORMS):
        texts = [day.strftime(form) for day in DAYS]
        expected = [datetime.strptime(text, form) for text in texts]
        found = date_form([None, *texts])
        assert found is not None, form
        read = [iso_moment(text, found) for text in texts]
        if "%d" not in form and "%m" not in form:
            assert read == [moment.time().isoformat() for moment in expected]
        else:
            assert [datetime.fromisoformat(text) for text in read] == expected


@given(
    st.lists(st.dates(datetime(1970, 1, 1).date(), datetime(2068, 12, 31).date()), min_size=1),
    st.sampled_from(["%d/%m/%Y", "%m/%d/%Y", "%d-%m-%y", "%d.%m.%Y", "%d-%b-%Y"]),
)
def test_a_date_is_never_read_with_day_and_month_exchanged(dates, form):
    texts = [date.strftime(form) for date in dates]
    if (found := date_form(texts)) is not None:
        assert [iso_moment(text, found) for text in texts] == [date.isoformat() for date in dates]
    else:
        assert all(date.day <= 12 for date in dates)


def test_day_and_month_are_told_apart_by_any_day_after_the_twelfth():
    assert date_form(["01/02/2026", "03/04/2026"]) is None
    assert date_form(["01/02/2026", "13/04/2026"]) == "%d/%m/%Y"
    assert date_form(["01/02/2026", "03/14/2026"]) == "%m/%d/%Y"
    assert date_form(["13/04/2026", "03/14/2026"]) is None
    assert date_form(["01/01/2026", "02/02/2026"]) == "%d/%m/%Y"  # the same in both
    assert date_form(["01.02.2026"]) == "%d.%m.%Y"


def test_days_need_no_zeros():
    assert date_form(["2026-1-5", "2026-11-15"]) == "%Y-%m-%d"
    assert date_form(["1/5/2026 9:05 am", "1/15/2026 12:00 PM"]) == "%m/%d/%Y %I:%M %p"
    assert iso_moment("1/5/2026 12:05 am", "%m/%d/%Y %I:%M %p") == "2026-01-05 00:05:00"


@pytest.mark.parametrize(
    "texts",
    [
        [],
        [None],
        ["May", "March"],
        ["31.02.2026"],
        ["25:00"],
        ["1.2.3.4"],
        ["01.01.2026", "soon", "later", "never", "today"],
        ["2026-13"],
        ["1/2", "3/4"],
    ],
    ids=["none", "missing", "months", "no day", "no hour", "address", "text", "no month", "fractions"],
)
def test_other_texts_have_no_form(texts):
    assert date_form(texts) is None


def test_a_few_marks_of_a_missing_date_are_none_but_dates_of_another_form_are():
    days = [f"{day:02}/04/2026" for day in range(1, 31)]
    assert date_form(["0000-00-00", "-", *days, "unknown"]) == "%d/%m/%Y"
    assert date_form([*days, "04/14/2026"]) is None
    assert date_form([*days, *map(str, range(9))]) is None
