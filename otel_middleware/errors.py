"""What is said when settings cannot be honoured."""

from __future__ import annotations

__all__ = ["ConfigurationError", "in_short"]


class ConfigurationError(ValueError):
    """Settings that cannot be honoured.

    Raised while a policy or a stack is built, with every problem at once, and never while a request is served.

    Args:
        *problems: One sentence each; names the argument and its value.
    """

    def __init__(self, *problems: str) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def in_short(error: ConfigurationError) -> str:
    """The first problem, and how many more there are: what one line has room for."""
    first, *others = error.problems
    return f"{first} (and {len(others)} more)" if others else first
