"""Values that tend to be forgotten: numbers, text, JSON and file names."""

from __future__ import annotations

import json

NUMBERS = (
    0.0, -0.0, 1.0, -1.0, 5e-324, 1e-30, 1e30, 3.5e38, 1e154, 1e200, 1.7976931348623157e308, -1e308,
    float("nan"), float("inf"), float("-inf"), 2.0**31, 2.0**53 + 2, 2.0**63,
)  # fmt: skip
WHOLE = (0, -1, 1, 2, 127, 255, 256, 32767, 65535, 2**16, 2**24, 2**31 - 1, 2**31, 2**32 - 1)
LONG_TEXT = "a" * 500_000
TEXTS = (
    "", " ", "\0", "a\nb", "a\rb\tc", "\x1b[31mred", "\u202egnp.exe", "\ufeff", "\u2028", "e\u0301" * 500,
    "日本語", "💥", "%s{0}{}", "'\"`", "=1+1", "../../etc/passwd", "/dev/zero", "~nosuchuser/x", "nan", "None",
    "id", "label", "image", "bytes", "path", "x" * 5000, LONG_TEXT,
)  # fmt: skip
DEEP = 100_000

# As they stand in a file: several of them are nothing that Python could write.
JSON_VALUES = (
    "null", "true", "false", "NaN", "Infinity", "-Infinity", "-1", "0", "-0.0", "1", "2", "3", "0.5", "1e308",
    "1e400", "1e-320", "1" + "0" * 400, "9" * 5000, "2147483648", "9223372036854775808", "10000000", "1000000000000",
    "[]", "{}", "[1]", "[[]]", "[null]", '[""]', "[1, 2, 3]", "[-1, 16, 16]", "[0]", "[1e9]", "[100000, 100000]",
    "[1, 100000, 100000]", '{"a": 1}', "[" * DEEP + "]" * DEEP, '{"a":' * DEEP + "1" + "}" * DEEP,
    r'"\ud800"', r'"\u0000"', r'"\u202egnp"', '"cuda"', '"auto"', '"float16"', '"AMADetector"', '"torch.uint8"',
    "[" + "1," * 300_000 + "1]",
    *(json.dumps(text) for text in TEXTS),
)  # fmt: skip

# Names of files and folders, as bytes.
FILE_NAMES = (
    b"\xff\xfegrau", "grün".encode("latin-1"), "grün".encode(), b"a\nb", b"a\rb", b"\x1b[2J", "\u202egnp".encode(),
    b" ", b"-rf", b"%s{}", b"'\"", b"x" * 240, "💥".encode() * 50, b"...", b"a,b;c", b"con", b"\xed\xa0\x80",
)  # fmt: skip
