"""Secrets that are known by their looks, wherever they stand."""

from __future__ import annotations

import re
from base64 import b64decode

from otel_middleware._redaction.pattern import DefaultPattern, ValuePattern

__all__ = ["DEFAULT_VALUE_PATTERNS", "EMAIL"]


# Prefixes and lengths that schemes issue: a random number passes Luhn's test once in ten.
_ISSUED = (
    r"4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}"
    r"|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|35\d{14}|6(?:011|22\d|4[4-9]\d|5\d\d)\d{12,15}"
)


def _is_card(text: str) -> bool:
    """Issued numbers that pass Luhn's test (ISO/IEC 7812-1, annex B)."""
    number = re.sub(r"%20|\D", "", text)
    if not re.fullmatch(_ISSUED, number, re.ASCII):
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


# No letter or digit stands before a token, unless it belongs to a percent-encoded character.
_START = r"(?:(?<![A-Za-z0-9])|(?<=%[0-9A-Fa-f]{2}))"
_SPACE = r"(?:[ \t+]|%20){1,8}"
_PROSE = r"(?!(?:tokens?|auth\w*|schemes?|headers?|credentials?|realm|format|errors?|methods?|requests?|required)\b)"

DEFAULT_VALUE_PATTERNS: tuple[ValuePattern, ...] = (
    DefaultPattern(
        "pem",
        "-----begin",
        "-----BEGIN",
        r"-----BEGIN[^-]{1,64}-----(?s:.*?)(?:-----END[^-]{1,64}-----|\Z)",
        spaced=True,
    ),
    # RFC 7519: a dot must follow the run before it is looked into, so that no run is scanned twice.
    DefaultPattern(
        "jwt",
        "eyj",
        "eyJ",
        r"(?:(?<![\w-])|(?<=%[0-9A-Fa-f]{2}))(?=[\w-]+\.)(?:[\w-]*[_-])??(eyJ[\w-]{10,}\.[\w-]{2,}(?:\.[\w-]*){0,3})",
    ),
    DefaultPattern(
        "bearer",
        "bearer",
        "[bB][eE][aA][rR][eE][rR]",
        rf"(?i:\bbearer){_SPACE}{_PROSE}([\w.~+/%-]{{6,}}=*)",
        spaced=True,
    ),
    DefaultPattern(
        "basic",
        "basic",
        "[bB][aA][sS][iI][cC]",
        rf"(?i:\bbasic){_SPACE}([A-Za-z0-9+/]{{6,}}={{0,2}})",
        confirm=_is_basic,
        spaced=True,
    ),
    DefaultPattern(
        "aws",
        "akia asia abia acca",
        "AKIA ASIA ABIA ACCA",
        rf"{_START}(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{{16}}(?![A-Za-z0-9])",
    ),
    DefaultPattern(
        "gcp",
        "aiza ya29 gocspx",
        "AIza ya29 GOCSPX",
        rf"{_START}(?:AIza[\w-]{{35}}|ya29\.[\w-]{{20,}}|GOCSPX-[\w-]{{20,}})",
    ),
    DefaultPattern(
        "azure",
        "== %3d%3d q~",
        "== %3[Dd]%3[Dd] Q~",
        rf"{_START}[A-Za-z0-9+/]{{86}}(?:==|%3[Dd]%3[Dd])|(?<![\w~.-])[\w~.-]{{3}}\dQ~[\w~.-]{{31,34}}",
    ),
    DefaultPattern(
        "github",
        "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_",
        "gh[pousr]_ github_pat_",
        rf"{_START}(?:gh[pousr]_[A-Za-z0-9]{{16,}}|github_pat_\w{{16,}})",
    ),
    DefaultPattern(
        "gitlab", "gl", "gl[a-z]{2,5}-", rf"{_START}gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|soat|ffct|oas)-[\w-]{{16,}}"
    ),
    DefaultPattern(
        "slack",
        "xox xapp- slack.com/services/",
        "xox[a-z]- xapp- hooks[.]slack[.]com/services/",
        rf"{_START}(?:xox[a-z]-|xapp-)[\w-]{{12,}}|(?<=hooks\.slack\.com/services/)[\w/]{{12,}}",
    ),
    DefaultPattern(
        "stripe",
        "sk_live_ rk_live_ sk_test_ rk_test_ whsec_",
        "[rs]k_live_ [rs]k_test_ whsec_",
        rf"{_START}(?:[rs]k_(?:live|test)_|whsec_)\w{{10,}}",
    ),
    DefaultPattern("npm", "npm_", "npm_", rf"{_START}npm_[A-Za-z0-9]{{20,}}"),
    DefaultPattern(
        "card",
        "#",
        "[0-9]{13} [0-9]{4}(?:[+-]|\\s|%20)[0-9]{4}",
        r"(?<![\w.])(?<!\d[ +-])(\d{13,19}|\d{4}([ +-]|%20)(?:\d{4}\2\d{4}\2\d{1,7}|\d{6}\2\d{4,5}))(?!\w|[+-]\d|\.\d)",
        confirm=_is_card,
    ),
)
"""What is looked for unless other patterns are given, in the order in which it is looked for."""

EMAIL: ValuePattern = DefaultPattern(
    "email",
    "@ %40",
    "@ %40",
    r"(?<![\w.+%-])[\w.+-]{1,64}(?:@|%40)(?:[\w-]{1,63}\.){1,8}[A-Za-z]{2,63}",
    distinct=False,
)
"""E-mail addresses, which are masked only when asked: ``values=(*DEFAULT_VALUE_PATTERNS, EMAIL)``."""
