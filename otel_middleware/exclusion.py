"""Which requests are left alone? Decided first, on the path, before anything else is looked at."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from otel_middleware._callable import is_sync, refused
from otel_middleware._once import Once
from otel_middleware.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from otel_middleware.request import Request

    _Search = Callable[[str], re.Match[str] | None]

__all__ = ["Exclusion"]


class Exclusion:
    """Which requests get no telemetry.

    A layer asks ``path()`` first, and ``request()`` only when ``needs_request`` says so. Build it with ``of()``.

    Args:
        patterns: Regular expressions that are searched, not matched from the start: one that contains ``://`` in the
            whole URL (``scheme://host/path?query``), all others in the path alone, so that a forged Host header
            excludes nothing.
        predicate: Called with the ``Request``; a true answer excludes it. One that raises is logged once and excludes
            nothing.

    Raises:
        ConfigurationError: For what is no regular expression and a predicate that cannot be called; all problems at
            once.
    """

    __slots__ = ("_once", "_path_search", "_predicate", "_url_search", "needs_request", "patterns")

    def __init__(self, patterns: Iterable[str] = (), predicate: Callable[[Request], bool] | None = None) -> None:
        self.patterns = tuple(patterns)
        compiled = _compiled(self.patterns)
        if predicate is not None and not is_sync(predicate, 1):
            raise ConfigurationError(refused("excluded_urls as a callable", predicate, 1))
        self._path_search = _search_for([pattern for pattern in compiled if "://" not in pattern.pattern]) or _nothing
        self._url_search = _search_for([pattern for pattern in compiled if "://" in pattern.pattern])
        self._predicate = predicate
        self._once = Once()
        self.needs_request = predicate is not None or self._url_search is not None
        """Whether ``path()`` alone cannot tell, so that ``request()`` has to be asked too."""

    @classmethod
    def of(cls, option: Any, environment_names: Sequence[str] = ()) -> Exclusion | None:
        """Build what the option ``excluded_urls`` asks for; ``None`` when it excludes nothing.

        Args:
            option: Comma-separated regular expressions, a sequence of them, a callable ``Request -> bool``, or ``None``
                for the environment. Empty ones are ignored.
            environment_names: Variables that hold comma-separated regular expressions; the first that is set counts,
                as upstream has it.

        Raises:
            ConfigurationError: As the class does, and for an option of another type.
        """
        if option is None:
            option = next((os.environ[name] for name in environment_names if name in os.environ), "")
        if callable(option):
            return cls(predicate=option)
        items = option.split(",") if isinstance(option, str) else option
        if not isinstance(items, (list, tuple, set, frozenset)) or not all(isinstance(item, str) for item in items):
            raise ConfigurationError(f"excluded_urls is neither regular expressions nor a callable: {option!r}")
        patterns = [item.strip() for item in items if item.strip()]
        return cls(patterns) if patterns else None

    def path(self, path: str) -> bool:
        """Tell whether *path* (decoded, mount prefix included) is excluded; never raises."""
        return self._path_search(path) is not None

    def request(self, request: Request) -> bool:
        """Tell whether the whole URL or the predicate excludes *request*; never raises."""
        if self._url_search and self._url_search(_url(request)) is not None:
            return True
        if self._predicate is None:
            return False
        try:
            return bool(self._predicate(request))
        except Exception as error:  # noqa: BLE001 (a user's predicate may raise anything)
            self._once.say(f"excluded_urls ({self._predicate!r})", error, "the request is not excluded")
            return False

    def __repr__(self) -> str:
        return f"Exclusion({self.patterns!r}, predicate={self._predicate!r})"


def _compiled(patterns: tuple[str, ...]) -> list[re.Pattern[str]]:
    problems = [problem for pattern in patterns if (problem := _fault(pattern))]
    if problems:
        raise ConfigurationError(*problems)
    return [re.compile(pattern) for pattern in patterns]


def _fault(pattern: str) -> str | None:
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return f"excluded_urls has a broken regular expression {pattern!r}: {error}"
    return None


def _search_for(patterns: list[re.Pattern[str]]) -> _Search | None:
    """Return one search for all *patterns*, as few steps as there can be; ``None`` without any.

    Groups (numbered and named references change their meaning) and global flags ``(?i)`` keep a pattern apart.
    """
    plain = [pattern for pattern in patterns if not pattern.groups and pattern.flags == re.UNICODE]
    joined = [re.compile("|".join(pattern.pattern for pattern in plain))] if plain else []
    searches = [pattern.search for pattern in joined + [pattern for pattern in patterns if pattern not in plain]]
    if len(searches) < 2:  # noqa: PLR2004 (one or none)
        return searches[0] if searches else None
    return lambda text: next(filter(None, (search(text) for search in searches)), None)


def _nothing(_text: str) -> None:
    """Find nothing."""


def _url(request: Request) -> str:
    query = request.query
    return f"{request.scheme}://{request.host or ''}{request.path}{'?' if query else ''}{query}"
