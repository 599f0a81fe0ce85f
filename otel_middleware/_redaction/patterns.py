"""Secrets that are known by their looks, wherever they stand."""

from __future__ import annotations

import re
from base64 import b64decode
from dataclasses import dataclass
from typing import TYPE_CHECKING

from otel_middleware.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["DEFAULT_VALUE_PATTERNS", "EMAIL", "ValuePattern"]


@dataclass(frozen=True, slots=True)
class ValuePattern:
    """A kind of secret that is known by its looks.

    Args:
        name: What it is called in counters and in ``keep``.
        regex: Searched in the whole value. Its first group is the secret, the whole match when it has none.
            It must take linear time: let it start where a run of its characters starts.
        confirm: Looks at the secret that was found; ``False`` leaves it alone. ``None``: the regex says enough.
        hint: A quick regex that is found wherever *regex* is; ``None`` when there is none.
        clues: Texts in lower case of which one stands in the lower-cased value wherever *regex* matches, ``#`` for a long number:
            looked for before the *hint*. Empty when there are none.
        distinct: It has 16 or more characters of ``A-Za-z0-9._-`` in a row, or 13 or more digits in groups of at least four,
            or stands behind ``bearer`` or ``basic``: then a value without any of these is never searched.

    Raises:
        ConfigurationError: When it is *distinct* without a *hint*.
    """

    name: str
    regex: re.Pattern[str]
    confirm: Callable[[str], bool] | None = None
    hint: re.Pattern[str] | None = None
    clues: tuple[str, ...] = ()
    distinct: bool = False

    def __post_init__(self) -> None:
        if self.distinct and self.hint is None:
            raise ConfigurationError(f"distinct pattern has no hint: {self.name!r}")


# Prefixes and lengths that schemes issue: a random number passes Luhn's test once in ten.
_ISSUED = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}"
    r"|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|35\d{14}|6(?:011|22\d|4[4-9]\d|5\d\d)\d{12,15}",
    re.ASCII,
)


def _is_card(text: str) -> bool:
    """Issued numbers that pass Luhn's test (ISO/IEC 7812-1, annex B)."""
    number = re.sub(r"%20|\D", "", text)
    if not _ISSUED.fullmatch(number):
        return False
    digits = [int(digit) for digit in number]
    doubled = (sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _is_basic(text: str) -> bool:
    """Base64 of ``user:password`` (RFC 7617), or so mixed that it is no word."""
    if all(re.search(kind, text) for kind in ("[a-z]", "[A-Z]", "[0-9]")):
        return True
    padded = text.rstrip("=")
    try:
        return ":" in b64decode(padded + "=" * (-len(padded) % 4)).decode()
    except ValueError:
        return False


def _distinct(
    name: str, clues: str, hints: str, regex: str, confirm: Callable[[str], bool] | None = None
) -> ValuePattern:
    hint = re.compile("|".join(hints.split()))
    return ValuePattern(name, re.compile(regex, re.ASCII), confirm, hint, tuple(clues.split()), distinct=True)


# No letter or digit stands before a token, unless it belongs to a percent-encoded character.
_START = r"(?:(?<![A-Za-z0-9])|(?<=%[0-9A-Fa-f]{2}))"
_SPACE = r"(?:[ \t+]|%20){1,8}"
_PROSE = r"(?!(?:tokens?|auth\w*|schemes?|headers?|credentials?|realm|format|errors?|methods?|requests?|required)\b)"

DEFAULT_VALUE_PATTERNS: tuple[ValuePattern, ...] = (
    _distinct("pem", "-----begin", "-----BEGIN", r"-----BEGIN[^-]{1,64}-----(?s:.*?)(?:-----END[^-]{1,64}-----|\Z)"),
    # RFC 7519: a dot must follow the run before it is looked into, so that no run is scanned twice.
    _distinct(
        "jwt",
        "eyj",
        "eyJ",
        r"(?:(?<![\w-])|(?<=%[0-9A-Fa-f]{2}))(?=[\w-]+\.)(?:[\w-]*[_-])??(eyJ[\w-]{6,}\.[\w-]{2,}(?:\.[\w-]*){0,3})",
    ),
    _distinct("bearer", "bearer", "[bB][eE][aA][rR][eE][rR]", rf"(?i:\bbearer){_SPACE}{_PROSE}([\w.~+/%-]{{6,}}=*)"),
    _distinct(
        "basic", "basic", "[bB][aA][sS][iI][cC]", rf"(?i:\bbasic){_SPACE}([A-Za-z0-9+/]{{6,}}={{0,2}})", _is_basic
    ),
    _distinct(
        "aws",
        "akia asia abia acca",
        "AKIA ASIA ABIA ACCA",
        rf"{_START}(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{{16}}(?![A-Za-z0-9])",
    ),
    _distinct(
        "gcp",
        "aiza ya29 gocspx",
        "AIza ya29 GOCSPX",
        rf"{_START}(?:AIza[\w-]{{35}}|ya29\.[\w-]{{20,}}|GOCSPX-[\w-]{{20,}})",
    ),
    _distinct(
        "azure",
        "== %3d%3d q~",
        "== %3[Dd]%3[Dd] Q~",
        r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{86}(?:==|%3[Dd]%3[Dd])|(?<![\w~.-])[\w~.-]{3}\dQ~[\w~.-]{31,34}",
    ),
    _distinct(
        "github",
        "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_",
        "gh[pousr]_ github_pat_",
        rf"{_START}(?:gh[pousr]_[A-Za-z0-9]{{16,}}|github_pat_\w{{16,}})",
    ),
    _distinct(
        "gitlab", "gl", "gl[a-z]{2,5}-", rf"{_START}gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|soat|ffct|oas)-[\w-]{{16,}}"
    ),
    _distinct(
        "slack",
        "xox xapp- hooks.slack",
        "xox[a-z]- xapp- hooks[.]slack",
        rf"{_START}(?:xox[a-z]-|xapp-)[\w-]{{12,}}|(?<=hooks\.slack\.com/services/)[\w/]{{12,}}",
    ),
    _distinct(
        "stripe",
        "sk_live_ rk_live_ sk_test_ rk_test_ whsec_",
        "[rs]k_live_ [rs]k_test_ whsec_",
        rf"{_START}(?:[rs]k_(?:live|test)_|whsec_)\w{{10,}}",
    ),
    _distinct("npm", "npm_", "npm_", rf"{_START}npm_[A-Za-z0-9]{{20,}}"),
    _distinct(
        "card",
        "#",
        "[0-9]{13} [0-9]{4}(?:[+-]|\\s|%20)[0-9]{4}",
        r"(?<![\w.])(?<!\d[ +-])(\d{13,19}|\d{4}([ +-]|%20)(?:\d{4}\2\d{4}\2\d{1,7}|\d{6}\2\d{4,5}))(?!\w|[+-]\d|\.\d)",
        _is_card,
    ),
)
"""What is looked for unless other patterns are given, in the order in which it is looked for."""

EMAIL = ValuePattern("email", re.compile(r"(?<![\w.+%-])[\w.+-]{1,64}(?:@|%40)(?:[\w-]{1,63}\.){1,8}[A-Za-z]{2,63}"))
"""E-mail addresses, which are masked only when asked: ``values=(*DEFAULT_VALUE_PATTERNS, EMAIL)``."""
