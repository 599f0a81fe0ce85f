"""Made-up secrets that show whether a sanitizer holds: each kind in each place where it can stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from otel_middleware.sanitization import Sanitizer

__all__ = ["survivors"]

# Assembled here, so that scanners of source code do not take them for real ones.
_WORD = "canary" + "7f3Kq9"
_LONG = "canary" + "7f3Kq9XbT2mZ8pLd4WcV"
_LOOKS = {
    "jwt": f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.{_LONG}",
    "pem": f"-----BEGIN PRIVATE KEY-----{_LONG}-----END PRIVATE KEY-----",
    "bearer": "Bearer " + _LONG,
    "basic": "Basic " + "Y2FuYXJ5OmNhbmFyeTdmM0txOQ==",
    "aws": "AKIA" + "CANARY7F3KQ9XBT2",
    "gcp": "AIza" + _LONG + "canary012",
    "azure": _LONG * 3 + "canary01" + "==",
    "github": "ghp_" + _LONG + "canary0123",
    "gitlab": "glpat-" + _LONG,
    "slack": "xoxb-" + _LONG,
    "stripe": "sk_live_" + _LONG,
    "npm": "npm_" + _LONG,
    "card": "4111" + "1111" + "1111" + "1111",
}


def survivors(sanitizer: Sanitizer) -> list[str]:
    """The ``place: kind`` of each canary that *sanitizer* lets through."""
    survived = []
    for place, kind, secret, shown in _trials(sanitizer):
        if secret in shown:
            survived.append(f"{place}: {kind}")
    return survived


def _trials(sanitizer: Sanitizer) -> list[tuple[str, str, str, str]]:
    trials = [
        ("query", "token", _WORD, sanitizer.query(f"page=2&token={_WORD}&q=x")),
        ("query", "encoded key", _WORD, sanitizer.query(f"s%2569g={_WORD}")),
        ("query", "nested URL", _WORD, sanitizer.query(f"next=https%3A%2F%2Fexample.com%2F%3Faccess_token%3D{_WORD}")),
        ("path", "link", _LONG, sanitizer.path(f"/reset/{_LONG}")),
        ("path", "matrix parameter", _WORD, sanitizer.path(f"/cart;jsessionid={_WORD}/items")),
        ("url", "userinfo", _WORD, sanitizer.url(f"https://user:{_WORD}@example.com/")),
        ("url", "token", _WORD, sanitizer.url(f"https://example.com/?token={_WORD}#id_token={_WORD}")),
        ("header", "authorization", _WORD, sanitizer.header("authorization", _WORD)),
        ("header", "cookie", _WORD, sanitizer.header("cookie", f"sid={_WORD}")),
        ("header", "referer", _WORD, sanitizer.header("referer", f"https://example.com/?token={_WORD}")),
        ("text", "password", _WORD, sanitizer.text(f"login failed: password={_WORD}")),
        ("text", "JSON", _WORD, sanitizer.text(f'{{"api_key": "{_WORD}"}}')),
        ("exception", "message", _WORD, sanitizer.exception(_raised(f"bad token={_WORD}"))),
    ]
    sinks: tuple[tuple[str, Callable[[str], str]], ...] = (
        ("query", lambda look: sanitizer.query("v=" + look.replace(" ", "+"))),
        ("path", lambda look: sanitizer.path("/v/" + look)),
        ("url", lambda look: sanitizer.url("https://example.com/v/" + look)),
        ("header", lambda look: sanitizer.header("x-canary", look)),
        ("text", sanitizer.text),
        ("exception", lambda look: sanitizer.exception(_raised(look))),
    )
    for kind, look in _LOOKS.items():
        secret = look.rpartition(" ")[2] if kind in ("bearer", "basic") else look.partition("KEY-----")[2][:20] or look
        trials += [(place, kind, secret, sink(look)) for place, sink in sinks]
    return trials


def _raised(message: str) -> Exception:
    error, cause = ValueError(message), KeyError(message)
    error.__cause__ = cause
    error.__notes__ = [message]
    return error
