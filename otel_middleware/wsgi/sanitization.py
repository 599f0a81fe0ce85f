"""What may leave the process: the WSGI layer around an ``OpenTelemetryMiddleware`` of the user's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.instrumentation.wsgi import OpenTelemetryMiddleware
from opentelemetry.trace import get_current_span

from otel_middleware._clean_lines import CleanLines
from otel_middleware._default_sanitizer import SANITIZER, sanitizer_of
from otel_middleware._guard import guarded, say_once
from otel_middleware._host import host_and_port
from otel_middleware._outcome import is_cancellation
from otel_middleware._sanitization_middleware import PROPAGATED, belongs_around, captured_safely, tunnelled
from otel_middleware._wire import is_header_name, machine_in, version_in
from otel_middleware.wsgi._shadow import EnvironRequest, bound_to, decoded, peer_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from otel_middleware.sanitization import Sanitizer
    from otel_middleware.wsgi._types import App, Environ, StartResponse, Write

__all__ = ["SanitizationMiddleware"]

_REAL = "otel_middleware.real"

_MOST_KEYS = 1_000
"""Keys of an environ that are remembered not to be a header's; servers have a few dozen."""


class SanitizationMiddleware:
    """Show upstream's middleware no secret: query, path, headers, and what exceptions say.

    Stands outside, directly around an ``opentelemetry.instrumentation.wsgi.OpenTelemetryMiddleware``. The application is served
    its own environ, and gets its own exceptions through; upstream sees a shadow of both.

    Args:
        app: The ``OpenTelemetryMiddleware``. Its ``wsgi`` is replaced by one that restores the request.
        sanitizer: What is a secret.

    Raises:
        ConfigurationError: When *app* is not an ``OpenTelemetryMiddleware``, or *sanitizer* not a ``Sanitizer``.
    """

    def __init__(self, app: OpenTelemetryMiddleware, sanitizer: Sanitizer = SANITIZER) -> None:
        sanitizer = sanitizer_of(sanitizer)
        belongs_around("wsgi", app, OpenTelemetryMiddleware, sanitizer)
        self.app = app
        self.sanitizer = sanitizer
        self._clean = CleanLines(sanitizer)
        self._others: set[Any] = set()  # keys that are no header's
        self._application: App = app.wsgi
        self.app.wsgi = _Restoring(self._application, sanitizer)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        try:
            real = _Real(environ, start_response)
            shown = self._shown(environ, real)
        except Exception as error:  # noqa: BLE001 - fails closed, and open for the application
            say_once("shown", "sanitizing a request", error, "it is served without telemetry", of=self)
            return self._application(environ, start_response)
        return _Raising(self.app(shown, real.start_response), real)

    def _shown(self, environ: Environ, real: _Real) -> Environ:
        request, sanitizer = real.request, self.sanitizer
        path, query = sanitizer.path(decoded(environ.get("PATH_INFO"))), sanitizer.query(request.query)
        target = f"{path}?{query}" if query else path
        shown = {
            **self._readable(environ),
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_URI": target,
            _REAL: real,
        }
        shown.pop("RAW_URI", None)
        host, port = host_and_port(request.host)
        shown["HTTP_HOST"] = (f"{host}:{port}" if port else host) or ""
        shown["REQUEST_METHOD"], shown["wsgi.url_scheme"] = sanitizer.text(request.method), request.scheme
        shown["SERVER_PROTOCOL"] = version_in(environ.get("SERVER_PROTOCOL")) or ""
        server, client = bound_to(environ), peer_of(environ)
        shown["SERVER_NAME"], shown["SERVER_PORT"] = server.address or "", str(server.port or "")
        shown["REMOTE_ADDR"], shown["REMOTE_PORT"] = client
        shown["REMOTE_HOST"] = machine_in(environ.get("REMOTE_HOST"))
        return shown

    def _readable(self, environ: Environ) -> Environ:
        """*environ* with safe headers, and without the keys and headers that upstream would break at."""
        readable, known = dict(environ), self._clean.known
        for key in environ.keys() - self._others:
            value = environ[key]
            if type(value) is not str or (key, value) not in known:
                self._put(readable, key, value)
        return readable

    def _put(self, readable: Environ, key: Any, value: Any) -> None:
        if isinstance(key, str) and not key.startswith("HTTP_"):
            if len(self._others) < _MOST_KEYS:
                self._others.add(key)
            return
        del readable[key]
        name = key[5:].lower().replace("_", "-") if isinstance(key, str) and isinstance(value, str) else ""
        if name in PROPAGATED:
            readable[key] = value
        elif is_header_name(name):
            readable[key] = shown = self.sanitizer.header(name, decoded(value))
            if shown == value:
                self._clean.remember((key, value))


class _Real:
    """The request that the application is served, and what it answers."""

    def __init__(self, environ: Environ, start_response: StartResponse) -> None:
        self.environ = environ
        self.request = EnvironRequest(environ)
        self.error: BaseException | None = None
        self._start_response = start_response
        self._answer: tuple[Any, Any] = ("", [])

    def showing(
        self, status: Any, headers: Any, shown_headers: Callable[[Any], list[Any]]
    ) -> tuple[str, list[tuple[str, str]]]:
        """What upstream is shown of a response; a status without a reason phrase would break it."""
        self._answer = (status, headers)
        shown = guarded("response headers", shown_headers, headers) or []
        return status if " " in status else f"{status} ", shown

    def start_response(self, _status: str, _headers: Any, *exc_info: Any) -> Write:
        """Begin the response with the application's own words."""
        return self._start_response(*self._answer, *exc_info)


class _Restoring:
    """Stands between upstream's middleware and the application, and gives it the real request."""

    def __init__(self, app: App, sanitizer: Sanitizer) -> None:
        self.app = app
        self._sanitizer = sanitizer
        self._clean = CleanLines(sanitizer)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        real: _Real | None = environ.get(_REAL)
        if real is None:
            return self.app(environ, start_response)

        guarded("captured headers", captured_safely, get_current_span(), real.request, self._sanitizer)

        def shown(status: str, headers: list[tuple[str, str]], *exc_info: Any) -> Write:
            return start_response(*real.showing(status, headers, self._shown_headers), *exc_info)

        try:
            body = self.app(real.environ, shown)
        except BaseException as error:
            if is_cancellation(error):
                raise
            # Raised again outside of upstream, which must not see its text.
            return self._tunnelled(real, error)
        return _Catching(body, real, self._sanitizer)

    def _shown_headers(self, lines: Iterable[Any]) -> list[tuple[str, str]]:
        return self._clean.shown(lines, self._shown_line)

    def _shown_line(self, line: Any) -> tuple[str, str]:
        name, value = line
        return name, self._sanitizer.header(decoded(name).lower(), decoded(value))

    def _tunnelled(self, real: _Real, error: BaseException) -> tuple[bytes, ...]:
        tunnelled(get_current_span(), error, self._sanitizer)
        real.error = error
        return ()


class _Catching:
    """Inside upstream: its generator must see no exception of the application's body."""

    def __init__(self, body: Iterable[bytes], real: _Real, sanitizer: Sanitizer) -> None:
        self._body = body
        self._real = real
        self._sanitizer = sanitizer

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._body
        except BaseException as error:
            if is_cancellation(error):
                raise
            tunnelled(get_current_span(), error, self._sanitizer)
            self._real.error = error

    def close(self) -> None:
        """Close the application's iterable; ``yield from`` does not close what is no generator."""
        close = getattr(self._body, "close", None)
        if close is not None:
            close()


class _Raising:
    """Outside of upstream: raises what the application raised."""

    def __init__(self, body: Iterable[bytes], real: _Real) -> None:
        self._iterator = iter(body)
        self._real = real
        if real.error is not None:
            self.close()
            raise real.error

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._iterator)
        except StopIteration:
            error, self._real.error = self._real.error, None
            if error is not None:
                raise error from None
            raise

    def close(self) -> None:
        """Close upstream's generator, started or not: one that never started would end no span."""
        next(self._iterator, None) if self._real.error is not None else None
        self._iterator.close()  # type: ignore[attr-defined]  # upstream returns a generator
