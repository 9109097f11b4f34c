"""Dates and times in text in other forms than ISO 8601 has, such as "31.12.2026 09:30" or "Dec 31, 2026"."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from itertools import chain, product

EXAMINED = 100  # kinds of text, most of which have the format
MOSTLY, MARKS = 0.9, 3  # share of dates among the kinds of text, or the most kinds of others, such as "-"
FLAGS = re.IGNORECASE | re.ASCII
# A date or a time -> the formats of ``datetime.strptime`` in which it may be meant.
_DATES = {
    r"\d{1,2}\.\d{1,2}\.\d{4}": ("%d.%m.%Y",),
    r"\d{1,2}\.\d{1,2}\.\d{2}": ("%d.%m.%y",),
    r"\d{1,2}/\d{1,2}/\d{4}": ("%d/%m/%Y", "%m/%d/%Y"),
    r"\d{1,2}/\d{1,2}/\d{2}": ("%d/%m/%y", "%m/%d/%y"),
    r"\d{1,2}-\d{1,2}-\d{4}": ("%d-%m-%Y", "%m-%d-%Y"),
    r"\d{1,2}-\d{1,2}-\d{2}": ("%d-%m-%y", "%m-%d-%y"),
    r"\d{4}\.\d{1,2}\.\d{1,2}": ("%Y.%m.%d",),
    r"\d{4}/\d{1,2}/\d{1,2}": ("%Y/%m/%d",),
    r"\d{4}-\d{1,2}-\d{1,2}": ("%Y-%m-%d",),
    r"\d{1,2}\.? [a-z]{3,9} \d{4}": ("%d %b %Y", "%d %B %Y", "%d. %b %Y", "%d. %B %Y"),
    r"\d{1,2}-[a-z]{3}-\d{4}": ("%d-%b-%Y",),
    r"\d{1,2}-[a-z]{3}-\d{2}": ("%d-%b-%y",),
    r"\d{1,2}/[a-z]{3}/\d{4}": ("%d/%b/%Y",),
    r"[a-z]{3,9} \d{1,2},? \d{4}": ("%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%B %d %Y"),
    r"[a-z]{3}, \d{1,2} [a-z]{3} \d{4}": ("%a, %d %b %Y",),
    r"[a-z]{6,9}, \d{1,2} [a-z]{3,9} \d{4}": ("%A, %d %B %Y",),
    r"[a-z]{6,9}, [a-z]{3,9} \d{1,2}, \d{4}": ("%A, %B %d, %Y",),
    r"\d{1,2}\. \d{1,2}\. \d{4}": ("%d. %m. %Y",),
    r"\d{1,2}[a-z]{3}\d{4}": ("%d%b%Y",),
    r"\d{4}年\d{1,2}月\d{1,2}日": ("%Y年%m月%d日",),
}
# Months, weeks and quarters, which stand for their first day. %q is a quarter, for which strptime has no letter.
_PERIODS = {
    r"\d{4}-\d\d": ("%Y-%m",),
    r"\d{4}/\d\d": ("%Y/%m",),
    r"\d\d/\d{4}": ("%m/%Y",),
    r"[a-z]{3,9} \d{4}": ("%b %Y", "%B %Y"),
    r"[a-z]{3}-\d{4}": ("%b-%Y",),
    r"\d{4}-[a-z]{3}": ("%Y-%b",),
    r"\d{4}-W\d\d": ("%G-W%V",),
    r"\d{4}-W\d\d-[1-7]": ("%G-W%V-%u",),
    r"\d{4}Q[1-4]": ("%YQ%q",),
    r"\d{4}-Q[1-4]": ("%Y-Q%q",),
    r"\d{4} Q[1-4]": ("%Y Q%q",),
    r"Q[1-4] \d{4}": ("Q%q %Y",),
    r"Q[1-4]-\d{4}": ("Q%q-%Y",),
    r"Q[1-4]/\d{4}": ("Q%q/%Y",),
}
_QUARTER = re.compile("(?<=Q)[1-4]", re.IGNORECASE)
_TIMES = {
    r"\d{1,2}:\d\d": ("%H:%M",),
    r"\d{1,2}:\d\d:\d\d": ("%H:%M:%S",),
    r"\d{1,2}:\d\d:\d\d\.\d{1,6}": ("%H:%M:%S.%f",),
    r"\d{1,2}:\d\d [ap]m": ("%I:%M %p",),
    r"\d{1,2}:\d\d:\d\d [ap]m": ("%I:%M:%S %p",),
    r"\d{1,2}:\d\d:\d\d (?:Z|[+-]\d\d:?\d\d)": ("%H:%M:%S %z",),
    r"\d{1,2}:\d\d:\d\d (?:GMT|UTC)": ("%H:%M:%S %Z",),
}
_ALONE = {
    **_PERIODS,
    **_TIMES,
    r"\d{8}T\d{6}": ("%Y%m%dT%H%M%S",),
    r"\d{8}T\d{6}(?:Z|[+-]\d{4})": ("%Y%m%dT%H%M%S%z",),
    r"\d{8}T\d{4}": ("%Y%m%dT%H%M",),
    r"\d{8} \d{6}": ("%Y%m%d %H%M%S",),
    r"\d{8}_\d{6}": ("%Y%m%d_%H%M%S",),
    r"[a-z]{3} [a-z]{3} +\d{1,2} \d\d:\d\d:\d\d \d{4}": ("%a %b %d %H:%M:%S %Y",),
    r"\[\d\d/[a-z]{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\]": ("[%d/%b/%Y:%H:%M:%S %z]",),
}
_AFTER_A_DATE = {
    **_TIMES,
    r"\d\d-\d\d-\d\d": ("%H-%M-%S",),
    r"\d{1,2}\.\d\d": ("%H.%M",),
    r"\d{1,2}\.\d\d\.\d\d": ("%H.%M.%S",),
}
_BETWEEN = (" ", "T", ", ", ":", " - ", "_")
# A format of a date and a time -> its parts, and what is between them.
_PARTS = {
    f"{date}{between}{time}": (date, between, time)
    for date, between, time in product(chain(*_DATES.values()), _BETWEEN, chain(*_AFTER_A_DATE.values()))
}
FORMS = frozenset((*chain(*_DATES.values()), *chain(*_ALONE.values()), *_PARTS))


def date_form(kinds: Iterable[str | None]) -> str | None:
    """The format of ``datetime.strptime`` in which the dates or times of a column are written, or None.

    Parameters
    ----------
    kinds
        The different texts; None is a missing one.

    Returns
    -------
    str or None
        None if they are rather none, and where days and months may be exchanged in all of them.
    """
    texts = [text for text in kinds if text is not None]
    likely = Counter(forms for text in texts[:EXAMINED] if (forms := _forms(text)))
    read = {
        form: [iso_moment(text, form) for text in texts]
        for form in max(likely, key=lambda forms: likely[forms], default=())
    }
    # What no format reads may be a mark of a missing date; what another one reads is a date.
    dates = [any(moments) for moments in zip(*read.values(), strict=True)]
    n_others = len(texts) - sum(dates)
    if not any(dates) or (n_others > MARKS and n_others > (1 - MOSTLY) * len(texts)):
        return None
    found = {form: moments for form, moments in read.items() if list(map(bool, moments)) == dates}
    if not found or any(moments != next(iter(found.values())) for moments in found.values()):
        return None
    return next(iter(found))


def _forms(text: str) -> tuple[str, ...]:
    """The formats in which a text may be meant, by its signs alone."""
    text = text.strip()
    for pattern, dates in _DATES.items():
        if (found := re.match(pattern, text, FLAGS)) is None:
            continue
        if not (rest := text[found.end() :]):
            return dates
        for between in filter(rest.startswith, _BETWEEN):
            times = _first(_AFTER_A_DATE, rest.removeprefix(between))
            if times:
                return tuple(f"{date}{between}{time}" for date in dates for time in times)
    return _first(_ALONE, text)


def _first(patterns: Mapping[str, tuple[str, ...]], text: str) -> tuple[str, ...]:
    return next((forms for pattern, forms in patterns.items() if re.fullmatch(pattern, text, FLAGS)), ())


@lru_cache(2**16)  # a batch of rows is read more than once
def iso_moment(text: str, form: str) -> str | None:
    """The date or the time in a text as ISO 8601 writes it; None if the text is not of the form."""
    moment = _of_parts(text.strip(), *_PARTS[form]) if form in _PARTS else None
    moment = moment or _moment(text.strip(), form)
    if moment is None:
        return None
    if "%M" not in form:
        return moment.date().isoformat()
    return moment.isoformat(" ") if "%d" in form or "%m" in form else moment.time().isoformat()


def _of_parts(text: str, date: str, between: str, time: str) -> datetime | None:
    """The same by a date and a time, as many rows have the same date, or the same time."""
    n = date.count(between) + 1
    words = text.split(between, n)
    if len(words) <= n or (day := _moment(between.join(words[:n]), date)) is None:
        return None
    clock = _moment(words[n], time)
    return None if clock is None else datetime.combine(day.date(), clock.timetz())


@lru_cache(2**17)
def _moment(text: str, form: str) -> datetime | None:
    if "%q" in form:
        text, form = (
            _QUARTER.sub(lambda quarter: f"{3 * int(quarter[0]) - 2:02}", text),
            form.replace("%q", "%m"),
        )
    if form.endswith("%V"):
        text, form = f"{text}-1", f"{form}-%u"
    try:
        return datetime.strptime(text, form)
    except ValueError:
        return None
