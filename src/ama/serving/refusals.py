"""Requests that are refused: one sentence, a status of HTTP, and a word for the metrics."""

from __future__ import annotations

from ama.errors import InputError

UNUSABLE = 422, "unusable"  # what the command line refuses, too
STATUS = {
    "malformed": 400,
    "unauthorised": 401,
    "unacceptable": 406,
    "slow": 408,
    "too_large": 413,
    "media_type": 415,
    "busy": 503,
}


class RefusedError(InputError):
    """A request is refused.

    Parameters
    ----------
    reason
        A key of ``STATUS``, which the metrics count.
    message
        One sentence that says what was found and expected.
    """

    def __init__(self, reason: str, message: str):
        super().__init__(message)
        self.reason, self.status = reason, STATUS[reason]


def status_and_reason(error: InputError) -> tuple[int, str]:
    """The status of HTTP for a mistake in a request, and the word that counts it."""
    return (error.status, error.reason) if isinstance(error, RefusedError) else UNUSABLE
