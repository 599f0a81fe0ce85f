"""Is this response an error? The statuses that an owner lists decide, before the conventions do."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from otel_middleware.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from otel_middleware.request import Response

__all__ = ["ErrorStatuses"]

Statuses: TypeAlias = "int | range | str | tuple[int, int]"
"""One status (``404``) or several: ``range(500, 600)``, ``"500-599"`` or ``(500, 599)``, the last two end inclusive."""

_FIRST, _LAST = 100, 599  # RFC 9110 section 15: the valid statuses


@dataclass(frozen=True, slots=True, repr=False)
class ErrorStatuses:
    """Which responses are errors, by their status.

    Called with a ``Response`` when it is over. Listed statuses override the rule of the semantic conventions (5xx is an
    error, nothing else is); for all others there is no opinion and that rule stands.

    Args:
        errors: Statuses that are errors: integers, ``range`` objects, ``"400-499"`` or ``(400, 499)``.
        expected: Statuses that are none, in the same forms.
        from_logs: Whether an exception that is logged with ``exc_info`` inside a request is shown on its server span
            when the response turns out to be an error.

    Raises:
        ConfigurationError: For a status outside 100 to 599, one in both lists, or another type; all problems at once.
    """

    _: KW_ONLY
    errors: Iterable[Statuses] = ()
    expected: Iterable[Statuses] = ()
    from_logs: bool = False
    _verdicts: dict[int | None, bool] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        problems: list[str] = []
        errors = _statuses("errors", self.errors, problems)
        expected = _statuses("expected", self.expected, problems)
        problems += [f"errors and expected both list {status}" for status in sorted(errors & expected)]
        if not isinstance(self.from_logs, bool):
            problems.append(f"from_logs is neither True nor False: {self.from_logs!r}")
        if problems:
            raise ConfigurationError(*problems)
        object.__setattr__(self, "errors", errors)
        object.__setattr__(self, "expected", expected)
        object.__setattr__(self, "_verdicts", dict.fromkeys(errors, True) | dict.fromkeys(expected, False))

    @property
    def says_nothing(self) -> bool:
        """Whether the rule of the semantic conventions stands for every status, and no log is listened to."""
        return not (self.errors or self.expected or self.from_logs)

    def __call__(self, response: Response) -> bool | None:
        """Return ``True`` for an error, ``False`` for none, ``None`` for no opinion."""
        return self._verdicts.get(response.status)

    def __repr__(self) -> str:
        errors, expected = _written(self.errors), _written(self.expected)
        return f"ErrorStatuses(errors={errors}, expected={expected}, from_logs={self.from_logs})"


def _statuses(name: str, items: Any, problems: list[str]) -> frozenset[int]:
    if isinstance(items, (str, int)) or not hasattr(items, "__iter__"):
        problems.append(f"{name} is not a list of statuses: {items!r}")
        return frozenset()
    found: set[int] = set()
    for item in items:
        span = _span(item)
        if span is None:
            problems.append(
                f"{name} has neither a status nor a range of statuses between {_FIRST} and {_LAST}: {item!r}"
            )
        else:
            found.update(span)
    return frozenset(found)


def _span(item: Any) -> range | None:
    """Return the statuses that *item* stands for, or ``None`` when it stands for none."""
    if isinstance(item, range):
        span = item
    else:
        ends = item.split("-") if isinstance(item, str) else item if isinstance(item, tuple) else (item, item)
        numbers = [_number(end) for end in ends]
        if len(numbers) not in (1, 2) or None in numbers:
            return None
        span = range(numbers[0] or 0, (numbers[-1] or 0) + 1)
    return span if span and min(span) >= _FIRST and max(span) <= _LAST else None


def _number(value: Any) -> int | None:
    if isinstance(value, str):
        text = value.strip()
        return int(text) if text.isascii() and text.isdigit() and len(text) == len(str(_LAST)) else None
    return value if isinstance(value, int) else None


def _written(statuses: Iterable[Statuses]) -> str:
    """Write statuses as short as they can be read back: ``(404, "500-599")``."""
    runs: list[list[int]] = []
    for status in sorted(status for status in statuses if isinstance(status, int)):
        if runs and status == runs[-1][-1] + 1:
            runs[-1].append(status)
        else:
            runs.append([status])
    return repr(tuple(run[0] if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs))
