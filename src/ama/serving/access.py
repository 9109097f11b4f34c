"""The bearer token, if there is one."""

from __future__ import annotations

import hmac
import os
from typing import Annotated

from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from ama.errors import InputError
from ama.serving.refusals import RefusedError

VARIABLE = "AMA_TOKEN"
BEARER = HTTPBearer(
    auto_error=False, description=f"The value of {VARIABLE}, if the server was started with one."
)


def token_of_environment() -> bytes | None:
    """The token that requests must bear; None if there is none.

    Raises
    ------
    InputError
        If it is empty, which would let everyone in by mistake.
    """
    if (found := os.environ.get(VARIABLE)) is None:
        return None
    if not found.strip():
        raise InputError(f"{VARIABLE} is empty, expected a token; unset it to serve without one")
    return os.fsencode(found)


class TokenCheck:
    """Refuses requests without the token; compares in constant time.

    Parameters
    ----------
    token
        None lets every request through.
    """

    def __init__(self, token: bytes | None):
        self._token = token

    async def __call__(self, given: Annotated[HTTPAuthorizationCredentials | None, Depends(BEARER)]) -> None:
        if self._token is None:
            return
        found = b"" if given is None else given.credentials.encode("latin-1")
        if not hmac.compare_digest(found, self._token):
            raise RefusedError(
                "unauthorised", f"the request lacks the bearer token of this server ({VARIABLE})"
            )
