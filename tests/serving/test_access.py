"""The bearer token."""

from __future__ import annotations

import asyncio

import pytest

from served import WITHOUT_EXTRA

pytest.importorskip("fastapi", reason=WITHOUT_EXTRA)

from fastapi.security import HTTPAuthorizationCredentials

from ama.errors import InputError
from ama.serving.access import TokenCheck, token_of_environment
from ama.serving.refusals import RefusedError


def test_the_token_comes_from_the_environment(monkeypatch):
    monkeypatch.delenv("AMA_TOKEN", raising=False)
    assert token_of_environment() is None
    monkeypatch.setenv("AMA_TOKEN", "secret")
    assert token_of_environment() == b"secret"
    monkeypatch.setenv("AMA_TOKEN", "")
    with pytest.raises(InputError, match="AMA_TOKEN is empty"):
        token_of_environment()


def test_only_the_token_is_let_in():
    def bearing(token: str) -> HTTPAuthorizationCredentials:
        return HTTPAuthorizationCredentials(scheme="Bearer", credentials=token)

    asyncio.run(TokenCheck(None)(None))
    asyncio.run(TokenCheck(b"secret")(bearing("secret")))
    for given in (None, bearing(""), bearing("secre"), bearing("secrets"), bearing("SECRET")):
        with pytest.raises(RefusedError, match="bearer token") as error:
            asyncio.run(TokenCheck(b"secret")(given))
        assert error.value.status == 401
