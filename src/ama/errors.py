"""Exceptions: mistakes in a call or in the data, and runs that failed; and text that is safe to show."""

from __future__ import annotations

import re

# NumPy makes strings of any four bytes; Python can neither slice nor search those with characters beyond Unicode.
BEYOND_UNICODE = re.compile("[^\0-\U0010ffff]")
LONGEST_SENTENCE = 280  # characters of a message; with the name of the program it stays below 300


def printable(text: str) -> str:
    """Text of unknown origin, such as a file name or a library's message, on one line of printable characters.

    Bytes that are no UTF-8 (surrogates in Python), control characters and what is no character become U+FFFD, and any
    white space becomes one space.
    """
    text = BEYOND_UNICODE.sub("\ufffd", text)
    # A right-to-left override, which hides a suffix, is no more printable than a surrogate or a control character.
    shown = (" " if c.isspace() else c if c.isprintable() else "\ufffd" for c in text)
    return " ".join("".join(shown).split())


def sentence(text: str, longest: int = LONGEST_SENTENCE) -> str:
    """Text on one line of printable characters; the middle of a long one is left out."""
    if len(text) > 8 * longest:  # a file may hold a name of a hundred megabytes
        text = text[: 4 * longest] + text[-4 * longest :]
    shown = printable(text)
    if len(shown) <= longest:
        return shown
    tail = (longest - 3) // 2
    return f"{shown[: longest - 3 - tail]}...{shown[-tail:]}"


def as_written(value: object) -> str:
    """A value as Python writes it, or the size of a whole number that is too long to be written."""
    try:
        return repr(value)
    except ValueError:
        return f"a whole number of {value.bit_length()} bits" if isinstance(value, int) else "a long value"


class InputError(ValueError):
    """A call or its data cannot be used; the message is one sentence that says what to change.

    Parameters
    ----------
    message
        Shown as one line of at most 280 printable characters, whatever names and reasons it quotes.
    """

    def __init__(self, message: str):
        super().__init__(sentence(message))


class MissingLibraryError(InputError):
    """An optional library is not installed, or cannot be imported; the message says what installs it."""


class ModelFolderError(InputError):
    """A model folder is missing, damaged, foreign, or newer than this version."""


class SavingError(RuntimeError):
    """A model could not be saved where it was asked for, after the work; the message says where it is."""


class ClusterError(RuntimeError):
    """Work on a cluster failed for another reason than its input; the message says what is known of it."""

    def __init__(self, message: str):
        super().__init__(sentence(message))


class DivergenceError(RuntimeError):
    """Training diverged or learned nothing, and made no model."""
