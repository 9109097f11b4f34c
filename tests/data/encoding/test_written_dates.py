"""Dates and times in other forms than ISO 8601 has."""

import re
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ama.data.encoding.written_dates import FORMS, date_form, iso_moment

PERIOD = re.compile("%q|%V$")  # a quarter or a week, which strptime does not read
DAYS = [datetime(2026, 1, 29, 3, 4, 5, tzinfo=timezone.utc) + timedelta(hours=25 * i) for i in range(9)]


def test_dates_are_read_in_each_form():
    """By whatever form is found, the moments are those that were written, as exactly as the form has them."""
    for form in sorted(form for form in FORMS if not PERIOD.search(form)):
        texts = [day.strftime(form) for day in DAYS]
        expected = [datetime.strptime(text, form) for text in texts]
        found = date_form([None, *texts])
        assert found is not None, form
        read = [iso_moment(text, found) for text in texts]
        if not any(year in form for year in ("%Y", "%y", "%G")):
            assert read == [moment.time().isoformat() for moment in expected]
        else:
            assert [datetime.fromisoformat(text) for text in read] == expected


@pytest.mark.parametrize(
    ("texts", "form", "first_days"),
    [
        (("2024-W01", "2024-W05", "2026-W53"), "%G-W%V", ("2024-01-01", "2024-01-29", "2026-12-28")),
        (("2024-W05-3", "2024-w06-7"), "%G-W%V-%u", ("2024-01-31", "2024-02-11")),
        (("2000Q1", "2000Q4", "2001q2"), "%YQ%q", ("2000-01-01", "2000-10-01", "2001-04-01")),
        (("2000-Q1", "2000-Q3"), "%Y-Q%q", ("2000-01-01", "2000-07-01")),
        (("Q1 2000", "Q3 2000"), "Q%q %Y", ("2000-01-01", "2000-07-01")),
        (("Q1/2000", "Q3/2000"), "Q%q/%Y", ("2000-01-01", "2000-07-01")),
        (("Jan 2000", "dec 2001"), "%b %Y", ("2000-01-01", "2001-12-01")),
        (("January 2000", "May 2001"), "%B %Y", ("2000-01-01", "2001-05-01")),
        (("Jan-2000", "Feb-2001"), "%b-%Y", ("2000-01-01", "2001-02-01")),
        (("2000-Jan", "2001-FEB"), "%Y-%b", ("2000-01-01", "2001-02-01")),
        (("2000/01", "2001/12"), "%Y/%m", ("2000-01-01", "2001-12-01")),
        (("01/2000", "12/2001"), "%m/%Y", ("2000-01-01", "2001-12-01")),
    ],
)
def test_months_weeks_and_quarters_are_their_first_days(texts, form, first_days):
    assert date_form(texts) == form
    assert tuple(iso_moment(text, form) for text in texts) == first_days


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1.3.2024 14.05", "2024-03-01 14:05:00"),
        ("13.3.2024 9.05.30", "2024-03-13 09:05:30"),
        ("20240131T093000", "2024-01-31 09:30:00"),
        ("20240131T093000Z", "2024-01-31 09:30:00+00:00"),
        ("20240131T093000+0200", "2024-01-31 09:30:00+02:00"),
        ("20240131T0930", "2024-01-31 09:30:00"),
        ("20240131_093000", "2024-01-31 09:30:00"),
    ],
)
def test_times_with_points_and_moments_without_marks_are_read(text, moment):
    form = date_form([text])
    assert form is not None
    assert iso_moment(text, form) == moment


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
        ["2024-W54"],
        ["2024-W05-A"],
        ["2000Q5"],
        ["Q1", "Q2"],
        ["2000Q11", "2000Q12"],
        ["May 20", "Jun 21"],
        ["Model 2000", "Mini 2001"],
        ["13/2000"],
        ["12/200000"],
        ["1/1000", "1/2000", "1/4000"],
        ["20240131T993000"],
        ["20241331_093000"],
    ],
    ids=[
        *("none", "missing", "months", "no day", "no hour", "address", "text", "no month", "fractions"),
        *(
            "no week",
            "id of a week",
            "no quarter",
            "quarters alone",
            "eleventh quarters",
            "no year",
            "models",
        ),
        *(
            "thirteenth month",
            "long number",
            "shutter speeds",
            "no hour without marks",
            "no month without marks",
        ),
    ],
)
def test_other_texts_have_no_form(texts):
    assert date_form(texts) is None


def test_a_few_marks_of_a_missing_date_are_none_but_dates_of_another_form_are():
    days = [f"{day:02}/04/2026" for day in range(1, 31)]
    assert date_form(["0000-00-00", "-", *days, "unknown"]) == "%d/%m/%Y"
    assert date_form([*days, "04/14/2026"]) is None
    assert date_form([*days, *map(str, range(9))]) is None
