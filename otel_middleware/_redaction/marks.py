"""What is written in the place of a secret, and the books that are kept about it."""

from __future__ import annotations

import hmac
import logging
import re
from threading import RLock
from typing import TYPE_CHECKING

from otel_middleware._fork import in_child
from otel_middleware._once import Once

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Marks"]

_logger = logging.getLogger("otel_middleware")
_HASHED = re.compile(r"hmac:[0-9a-f]{16}")
_HASH_LENGTH = 16
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_.\-\[\]]{1,64}")

_lock = RLock()
"""For all books. Re-entrant: the garbage collector may end an abandoned request while this thread keeps a book."""


class Marks:
    """Replaces secrets, asks ``keep`` first, and counts.

    Args:
        replacement: The mask.
        key: Key of the hash that is written instead of the mask, or ``None``.
        keep: The user's veto, or ``None``.
    """

    __slots__ = ("_counts", "_keep", "_key", "_once", "_userinfo", "replacement")

    def __init__(self, replacement: str, key: bytes | None, keep: Callable[[str, str, str], bool] | None) -> None:
        self.replacement = replacement
        self._userinfo = f"{replacement}:{replacement}"
        self._key = key
        self._keep = keep
        self._counts: dict[tuple[str, str], int] = {}
        self._once = Once()

    @property
    def counts(self) -> Mapping[tuple[str, str], int]:
        """How often each rule masked something in each place, as a copy."""
        with _lock:
            return dict(self._counts)

    def mark(self, place: str, rule: str, name: str, secret: str, mask: str | None = None) -> str:
        """What stands for *secret*, found by *rule* under the key or name *name*; *mask* when it is not the usual one."""
        if mask is None:
            mask = self.replacement if rule != "userinfo" else self._userinfo
        # What was masked before is left alone, so that a second sanitizer changes and counts nothing.
        if secret in (mask, self.replacement) or (self._key is not None and _HASHED.fullmatch(secret)):
            return secret
        if self._keep is not None and self._kept(rule, name, secret):
            return secret
        self.count(place, rule, name)
        return mask if self._key is None else self._hash(self._key, secret)

    def count(self, place: str, rule: str, name: str) -> None:
        """Book one redaction. Rules and places are those of the settings, never a request's, so the books are bounded."""
        with _lock:
            counts, booked = self._counts, (place, rule)
            counts[booked] = counts.get(booked, 0) + 1
        if _logger.isEnabledFor(logging.DEBUG):
            shown = name if _PLAIN_KEY.fullmatch(name) else "(not shown)"
            _logger.debug("redacted in %s: key %s, rule %s", place, shown, rule)

    @staticmethod
    def _hash(key: bytes, secret: str) -> str:
        return "hmac:" + hmac.digest(key, secret.encode("utf-8", "replace"), "sha256").hex()[:_HASH_LENGTH]

    def _kept(self, rule: str, name: str, secret: str) -> bool:
        try:
            return self._keep is not None and self._keep(rule, name, secret) is True
        except Exception as error:  # noqa: BLE001 - a veto that cannot be heard is none
            self._once.say("keep", error, "what it was asked about is masked")
            return False


def _renew_lock() -> None:
    """The lock may have been held by a thread that is no more."""
    global _lock  # noqa: PLW0603 - a new lock for the child's only thread
    _lock = RLock()


in_child(_renew_lock)
