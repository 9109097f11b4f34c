"""Numbers in text with a unit, a currency or other marks around them: "12 %", "$1,200.50", "1.200,50 €", "<0.5"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice

from ama.data.encoding.number_texts import NUMBER_IN_TEXT
from ama.data.encoding.unit_multiples import ANY, common_unit, factor
from ama.data.encoding.written_powers import with_exponent

EXAMINED = 1000  # kinds of text
LONGEST = 60  # characters of a number and its marks
LEAST = 20  # fewer different numbers may be names, such as "3rd"
MOSTLY, MARKS = 0.9, 3  # share of numbers among the kinds of text, or the most kinds of others, such as "-"
CURRENCY = (
    r"(?:R|US|A|C|NZ|HK|S)?[$]|[€£¥₹₽₩₺₪฿]|Rs\.?|kr\.?|zł"
    r"|EUR|USD|GBP|CHF|JPY|CNY|INR|BRL|AUD|CAD|SEK|NOK|DKK|PLN"
)
_WORD = r"[^\s0-9.,()'\u2019:+-][^\s0-9,()'\u2019:+-]{0,9}[23]?"
UNIT = rf"(?:{_WORD}(?: {_WORD})?)?"  # such as "kWh/m2" or "sq ft"
GROUPS = r"\s'\u2019"  # what may stand between thousands, besides the decimal sign that does not count
SIGNS = {".": "1.5", ",": "1,5"}  # a decimal sign -> the number in a form
FORM = re.compile(rf"({CURRENCY}|)(1[.,]5)({ANY}?)({UNIT})")
PLAIN = re.compile(NUMBER_IN_TEXT, re.ASCII)
_DIGITS = {
    sign: re.compile(
        rf"(?P<whole>[1-9][0-9]{{0,2}}(?P<group>[{GROUPS}{other}])[0-9]{{3}}(?:(?P=group)[0-9]{{3}})*|[0-9]+)"
        rf"(?:\{sign}(?P<fraction>[0-9]*))?(?P<power>[eE][+-]?[0-9]+)?"
    )
    for sign, other in ((".", ","), (",", "."))
}
_MARKED = re.compile(
    rf"\s*(?P<bound>[<>≤≥~≈]=?)?\s*(?P<open>\()?(?P<before>{CURRENCY})?\s*(?P<sign>[+\u2212-])?\s*(?P<after>{CURRENCY})?"
    rf"\s*(?P<digits>[0-9][0-9.,{GROUPS}]*?(?:[eE][+-]?[0-9]+)?)(?P<behind>[\u2212-](?=\s|$))?\s*(?P<unit>{UNIT})(?P<close>\))?\s*"
)


def number_form(kinds: Iterable[str | None]) -> str | None:
    """How the numbers of a column are written: "1.5" or "1,5" with the currency or the unit, such as "1,5€"; or None.

    Where the units are multiples of one, "…" stands for those: "1.5…B" for bytes, kilobytes and so on.

    Parameters
    ----------
    kinds
        The different texts; None is a missing one.

    Returns
    -------
    str or None
        None if they are rather no numbers, plain ones, or of several units, and where a text has two readings.
    """
    texts = [text for text in islice(kinds, EXAMINED) if text is not None]
    matched = [(text, match) for text in texts if (match := _matched(text))]
    found = [match for _, match in matched]
    # Behind all of them, it is a mark and no sign.
    found = [] if all(match["behind"] for match in found) else found
    if not are_enough(len(found), len(texts)):
        return None
    marks = {_marks(match) for match in found} - {("", "")}
    odd = [match for text, match in matched if not PLAIN.search(text)]
    mark = _common(marks)
    if mark is None or not odd or not (marks or any(map(_is_measured, odd))):
        return None
    read = {sign: [_number(match, sign) for match in found] for sign in SIGNS}
    signs = [sign for sign, numbers in read.items() if None not in numbers]
    if not signs or (len(signs) == 2 and read["."] != read[","] and not all(map(_has_one_mark, found))):
        return None
    return SIGNS[signs[0]].join(mark)


def are_enough(n_found: int, n: int) -> bool:
    """Whether so many numbers among n kinds of text make numbers of a column, whose other texts are missing values."""
    return n_found > LEAST and (n - n_found <= MARKS or n_found >= MOSTLY * n)


def plain_number(text: str, form: str) -> str | None:
    """The number in a text, as ``float`` takes it; None if the text is not of the form."""
    given, match = FORM.fullmatch(form), _matched(text)
    if given is None or match is None:
        return None
    currency, example, multiples, unit = given.groups()
    if not multiples and _marks(match) not in (("", ""), (currency, unit)):
        return None
    times = factor(match["unit"], unit) if multiples else 1.0
    number = _number(match, example[1]) if times and _marks(match)[0] in ("", currency) else None
    return number if number is None or times == 1 else f"{float(number) * (times or 1):.15g}"


def _matched(text: str) -> re.Match[str] | None:
    return _MARKED.fullmatch(with_exponent(text)) if len(text) <= LONGEST else None


def _marks(match: re.Match[str]) -> tuple[str, str]:
    return match["before"] or match["after"] or "", match["unit"]


def _common(marks: set[tuple[str, str]]) -> tuple[str, str] | None:
    """The currency and the unit of all numbers, or "…" before that of which theirs are multiples; None for several."""
    if len(marks) < 2:
        return next(iter(marks), ("", ""))
    currencies = {before for before, _ in marks} - {""}
    unit = common_unit({unit for _, unit in marks})
    if len(currencies) > 1 or unit is None:
        return None
    return "".join(currencies), f"{ANY}{unit}"


def _is_measured(match: re.Match[str]) -> bool:
    """Whether it is no count or identifier in groups of digits, such as a telephone number."""
    return bool(
        match["bound"]
        or match["open"]
        or match["sign"]
        or match["behind"]
        or re.search(r"[.,][0-9]{1,2}$|[.,][0-9]{4,}$|[.,][0-9]*[eE]", match["digits"])
    )


def _has_one_mark(match: re.Match[str]) -> bool:
    """Whether it has one point or comma: if all have, both readings differ by the same factor."""
    return len(re.findall("[.,]", match["digits"])) == 1


def _number(match: re.Match[str], decimal: str) -> str | None:
    digits = _DIGITS[decimal].fullmatch(match["digits"])
    if digits is None or bool(match["open"]) != bool(match["close"]) or (match["before"] and match["after"]):
        return None
    if match["behind"] and (match["sign"] or match["open"] or match["bound"]):
        return None
    whole, fraction, power = (digits[part] or "" for part in ("whole", "fraction", "power"))
    # In parentheses, as in bookkeeping, or with a minus behind it, as SAP writes it, a number is below zero.
    negative = match["open"] or match["behind"] or match["sign"] in ("-", "\N{MINUS SIGN}")
    point = "" if digits["fraction"] is None else "."
    return f"{'-' if negative else ''}{re.sub('[^0-9]', '', whole)}{point}{fraction}{power}"
