"""What the OpenAPI description says of bodies and answers, with examples."""

from __future__ import annotations

from typing import Any

from ama.serving.answers import JSON
from ama.serving.decoding import ARROW, FORM

DESCRIPTION = """\
Scores images or rows of a table with one model: higher = more normal. Each sample gets a conformal p-value and a label;
on average, at most the promised share of normal samples is flagged.
"""
_BINARY = {"type": "string", "format": "binary"}
_ERROR = {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}
_SAMPLE = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "string", "description": "File name, column id, or row number from 0."},
        "score": {"type": "number", "description": "Higher = more normal."},
        "p_value": {"type": "number", "description": "Conformal, in (0, 1]; small = anomalous."},
        "anomaly": {"type": "boolean"},
        "map": {"type": "string", "description": "PNG in base64, 16-bit grey, if maps=true."},
        "error": {
            "type": "string",
            "description": "Why this image cannot be read; then there are no scores.",
        },
    },
    "additionalProperties": {"type": "number", "description": "Other scores of the method."},
}
_ANSWER = {
    "type": "object",
    "required": ["samples", "notes"],
    "properties": {
        "samples": {"type": "array", "items": _SAMPLE},
        "notes": {
            "type": "array",
            "items": {"type": "string"},
            "description": "What was left out, changed or assumed.",
        },
    },
}
_SCORES = {
    "samples": [
        {"id": "a.png", "r_score": 3.1, "a_score": -2.9, "score": 0.4, "p_value": 0.63, "anomaly": False},
        {"id": "b.png", "error": "b.png cannot be read: it is empty"},
    ],
    "notes": [],
}

SCORE_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            FORM: {
                "schema": {
                    "type": "object",
                    "properties": {"file": {"type": "array", "items": _BINARY}},
                },
            },
            "image/*": {"schema": _BINARY},
            "application/octet-stream": {"schema": _BINARY},
            JSON: {
                "schema": {
                    "type": "array",
                    "items": {"anyOf": [{"type": "object"}, {"type": "array", "items": {}}]},
                },
                "examples": {
                    "by name": {"value": [{"amount": 12.5, "country": "AT"}, {"amount": 3, "country": None}]},
                    "by position": {"value": [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]]},
                },
            },
            ARROW: {"schema": _BINARY},
        },
    }
}


def _refused(description: str, example: str) -> dict[str, Any]:
    return {
        "description": description,
        "content": {JSON: {"schema": _ERROR, "example": {"error": example}}},
    }


UNAUTHORISED: dict[int | str, dict[str, Any]] = {
    401: _refused("No token, or a wrong one", "the request lacks the bearer token of this server (AMA_TOKEN)")
}
SCORE_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The scores, in the order of the samples",
        "content": {JSON: {"schema": _ANSWER, "example": _SCORES}, ARROW: {"schema": _BINARY}},
    },
    400: _refused("Malformed", "the multipart form is damaged: it ends before its last boundary"),
    **UNAUTHORISED,
    413: _refused("Beyond a limit", "the body has more than 32 MiB, the most that --max-body allows"),
    415: _refused("A body of another type", "Content-Type is 'text/plain', expected image/png or ..."),
    422: _refused(
        "Samples that the model does not take", "the request has no column 'amount', which the model needs"
    ),
    503: _refused("Busy", "64 requests are under way, the most that --max-requests allows: try again"),
}
