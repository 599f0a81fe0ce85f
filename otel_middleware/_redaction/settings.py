"""What a sanitizer was asked for, checked as a whole and made ready for use."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from otel_middleware._callable import is_sync, refused
from otel_middleware._redaction.paths import declared_path
from otel_middleware._redaction.pattern import ValuePattern
from otel_middleware.errors import ConfigurationError

__all__ = ["Settings"]

_QUERY_MODES = ("all", "listed", None)
_EXCEPTION_MODES = ("redacted", "type", "full")
# These would change what a query or path means, or break the line.
_NO_MASK = re.compile("[&;=?#/\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]|\\A\\Z")


class Settings:
    """The arguments of ``Sanitizer``, compiled.

    Raises:
        ConfigurationError: With every problem, each naming the argument and its value; the value of ``hashed_with`` is not named.
    """

    def __init__(self, **options: Any) -> None:
        self._problems: list[str] = []
        self.query: str | None = self._one_of("query", options["query"], _QUERY_MODES)
        self.exceptions: str = self._one_of("exceptions", options["exceptions"], _EXCEPTION_MODES)
        self.query_keys = [key for key in self._each("query_keys", options) if self._is_key(key)]
        self.headers = [part for part in self._each("headers", options) if self._is_header(part)]
        self.paths = list(filter(None, map(self._path, self._each("paths", options))))
        self.values = list(filter(None, map(self._value, self._each("values", options))))
        self.replacement: str = self._mask(options["replacement"])
        self.hashed_with = self._key(options["hashed_with"])
        self.keep: Callable[[str, str, str], bool] | None = options["keep"]
        if self.keep is not None and not is_sync(self.keep, 3):
            self._problems.append(refused("keep", self.keep, 3))
        if self._problems:
            raise ConfigurationError(*self._problems)

    def _one_of(self, name: str, value: Any, allowed: tuple[Any, ...]) -> Any:
        if value not in allowed:
            self._problems.append(f"{name} is not one of {', '.join(map(repr, allowed))}: {value!r}")
        return value

    def _each(self, name: str, options: dict[str, Any]) -> list[Any]:
        value = options[name]
        if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
            self._problems.append(f"{name} is not a list of them: {value!r}")
            return []
        return list(value)

    def _is_key(self, key: Any) -> bool:
        fine = isinstance(key, str) and any(map(str.isalnum, key))
        if not fine:
            self._problems.append(f"query_keys has a key without a letter or digit: {key!r}")
        return fine

    def _is_header(self, part: Any) -> bool:
        fine = (isinstance(part, str) and part.strip() != "") or isinstance(part, re.Pattern)
        if not fine:
            self._problems.append(f"headers has what is neither a name nor a compiled regex: {part!r}")
        return fine

    def _path(self, path: Any) -> tuple[str, re.Pattern[str]] | None:
        if isinstance(path, re.Pattern) and isinstance(path.pattern, str):
            return path.pattern, path
        try:
            return path, declared_path(path)
        except (ValueError, TypeError, AttributeError) as error:
            self._problems.append(f"paths: {path!r}: {error}")
            return None

    def _value(self, value: Any) -> ValuePattern | None:
        if isinstance(value, ValuePattern):
            return value
        try:
            regex = re.compile(value)
            regex.search("")
        except (re.error, TypeError, OverflowError, RecursionError) as error:
            self._problems.append(f"values: {value!r}: {error}")
            return None
        return ValuePattern(regex.pattern, regex)

    def _mask(self, mask: Any) -> str:
        if not isinstance(mask, str) or _NO_MASK.search(mask):
            self._problems.append(f"replacement is empty or has a control character or one of &;=?#/: {mask!r}")
        return str(mask)

    def _key(self, key: Any) -> bytes | None:
        if key is not None and not (isinstance(key, (str, bytes)) and key):
            self._problems.append(f"hashed_with is empty or neither str nor bytes: a {type(key).__name__}")
            return None
        return key.encode("utf-8", "surrogatepass") if isinstance(key, str) else key
