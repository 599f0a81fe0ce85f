"""What may leave the process: the ASGI layer around an ``OpenTelemetryMiddleware`` of the user's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
from opentelemetry.trace import get_current_span

from otel_middleware._clean_lines import CleanLines
from otel_middleware._default_sanitizer import SANITIZER, sanitizer_of
from otel_middleware._guard import guarded, say_once
from otel_middleware._outcome import is_cancellation
from otel_middleware._sanitization_middleware import PROPAGATED, belongs_around, captured_safely, tunnelled
from otel_middleware._wire import is_header_name, length_in, version_in
from otel_middleware.asgi._shadow import ScopeRequest, bound_to, decoded, peer_of, unquotable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from otel_middleware.asgi._types import AnyReceive, AnySend, App, Message, Receive, Scope, Send
    from otel_middleware.sanitization import Sanitizer

__all__ = ["SanitizationMiddleware"]

_REAL = "otel_middleware.real"


class SanitizationMiddleware:
    """Show upstream's middleware no secret: query, path, headers, and what exceptions say.

    Stands outside, directly around an ``opentelemetry.instrumentation.asgi.OpenTelemetryMiddleware``. The application is served
    its own scope, and gets its own exceptions through; upstream sees a shadow of both.

    Args:
        app: The ``OpenTelemetryMiddleware``. Its ``app`` is replaced by one that restores the request.
        sanitizer: What is a secret.

    Raises:
        ConfigurationError: When *app* is not an ``OpenTelemetryMiddleware``, or *sanitizer* not a ``Sanitizer``.
    """

    def __init__(self, app: OpenTelemetryMiddleware, sanitizer: Sanitizer = SANITIZER) -> None:
        sanitizer = sanitizer_of(sanitizer)
        belongs_around("asgi", app, OpenTelemetryMiddleware, sanitizer)
        self.app = app
        self.sanitizer = sanitizer
        self._clean = CleanLines(sanitizer)
        self._application: App = self.app.app
        self.app.app = _Restoring(self._application, sanitizer)

    async def __call__(self, scope: Any, receive: AnyReceive, send: AnySend) -> None:
        """Serve one connection."""
        if scope.get("type") not in ("http", "websocket"):
            await self._application(scope, receive, send)
            return
        try:
            real = _Real(scope, send)
            shown = self._shown(scope, real)
        except Exception as error:  # noqa: BLE001 - fails closed, and open for the application
            say_once("shown", "sanitizing a request", error, "it is served without telemetry", of=self)
            await self._application(scope, receive, send)
            return
        await self.app(shown, receive, real.send)
        if real.error is not None:
            raise real.error

    def _shown(self, scope: Scope, real: _Real) -> dict[str, Any]:
        request, sanitizer = real.request, self.sanitizer
        query = unquotable(sanitizer.query(request.query)).encode("utf-8", "replace")
        return {
            **scope,
            "method": sanitizer.text(request.method),
            "scheme": request.scheme,
            "http_version": version_in(scope.get("http_version")),
            "path": sanitizer.path(request.path),
            "query_string": query,
            "headers": self._clean.shown(request.raw_lines(), self._shown_line),
            "client": peer if (peer := peer_of(scope)).address else None,
            "server": bound if (bound := bound_to(scope)).address else None,
            _REAL: real,
        }

    def _shown_line(self, line: tuple[bytes, Any]) -> tuple[bytes, bytes] | None:
        """What upstream is shown of a header line; ``None`` for one that it would break at."""
        name, value = decoded(line[0]), decoded(line[1])
        if not is_header_name(name) or (name == "content-length" and length_in(value) is None):
            return None
        return name.encode("utf-8", "replace"), _shown_header(self.sanitizer, name, value)


def _shown_header(sanitizer: Sanitizer, name: str, value: str) -> bytes:
    return (value if name in PROPAGATED or name == "content-length" else sanitizer.header(name, value)).encode(
        "utf-8", "replace"
    )


class _Real:
    """The request that the application is served, and what it answers."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self.scope = scope
        self.request = ScopeRequest(scope)
        self.error: BaseException | None = None
        self._send = send
        self._shown: Message | None = None
        self._message: Message | None = None
        self._count = 0

    def showing(self, message: Message, shown_headers: Callable[[Any], list[Any]]) -> Message:
        """What upstream is shown of a message with headers."""
        headers = message["headers"]
        if type(headers) not in (list, tuple):
            headers = ()  # a generator is left to the server: reading would consume it
        shown = guarded("response headers", shown_headers, headers) or []
        self._message, self._count = message, len(shown)
        self._shown = {**message, "headers": shown}
        return self._shown

    async def send(self, message: Message) -> None:
        """Send to the server: the application's own message where upstream passes on what it was shown."""
        if message is not self._shown or self._message is None:
            await self._send(message)
            return
        added = list(message["headers"])[self._count :]  # by the response propagator
        own = self._message
        await self._send({**own, "headers": [*(own.get("headers") or ()), *added]} if added else own)


class _Restoring:
    """Stands between upstream's middleware and the application, and gives it the real request."""

    def __init__(self, app: App, sanitizer: Sanitizer) -> None:
        self.app = app
        self._sanitizer = sanitizer
        self._clean = CleanLines(sanitizer)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        real: _Real | None = scope.get(_REAL)
        if real is None:
            await self.app(scope, receive, send)
            return

        guarded("captured headers", captured_safely, get_current_span(), real.request, self._sanitizer)

        async def shown(message: Message) -> None:
            if message.get("headers"):  # starts, handshakes and denials: upstream captures from all
                message = real.showing(message, self._shown_headers)
            await send(message)

        try:
            await self.app(real.scope, receive, shown)
        except BaseException as error:
            if is_cancellation(error):
                raise
            # Raised again outside of upstream, which must not see its text.
            tunnelled(get_current_span(), error, self._sanitizer)
            real.error = error
        if "route" in real.scope:
            scope["route"] = real.scope["route"]

    def _shown_headers(self, lines: Iterable[Any]) -> list[tuple[bytes, bytes]]:
        return self._clean.shown(lines, self._shown_line)

    def _shown_line(self, line: Any) -> tuple[bytes, bytes]:
        name, value = line
        return name, _shown_header(self._sanitizer, decoded(name).lower(), decoded(value))
