"""Percent-encoded characters that are neither letters nor digits."""

from __future__ import annotations

from itertools import product

__all__ = ["decoded_marks"]

_NOT_MARKS = b"%-._\x7f"
_MARKS = [byte for byte in range(0x20, 0x100) if byte not in _NOT_MARKS and not bytes([byte]).isalnum()]
_ESCAPES = {
    f"%{''.join(spelled)}".encode(): bytes([byte])
    for byte in _MARKS
    for spelled in product(*({digit, digit.upper()} for digit in f"{byte:02x}"))
}
_LENGTH = 3


def decoded_marks(raw: bytes) -> bytes | None:
    """*raw* with every ``%3A`` and the like decoded.

    ``None`` when it has an escape of another character: of a letter, digit, ``-``, ``.``, ``_``, ``%`` or a control.
    """
    while (at := raw.find(b"%")) >= 0:  # as often as there are different escapes
        escape = raw[at : at + _LENGTH]
        mark = _ESCAPES.get(escape)
        if mark is None:
            return None
        raw = raw.replace(escape, mark)
    return raw
