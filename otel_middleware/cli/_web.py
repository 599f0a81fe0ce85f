"""The web page, served on this machine only."""

from __future__ import annotations

import json
import secrets
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from otel_middleware.cli._snapshot import snapshot, trace_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from otel_middleware.cli._book import Book

__all__ = ["serving_page"]

_LOOPBACK = "127.0.0.1"
_NAMES = (_LOOPBACK, "localhost")
_PAGE = Path(__file__).with_name("view.html")


@contextmanager
def serving_page(book: Book, title: str, comparison: list[dict[str, Any]] | None = None) -> Iterator[str]:
    """Serve the page on a free port of the loopback interface; gives its URL.

    Args:
        book: What was seen.
        title: What is looked at.
        comparison: Upstream beside ours, where both were run.
    """

    def answer(path: str, query: dict[str, list[str]]) -> Any:
        if path == "/data.json":
            return snapshot(book, title, comparison or [])
        if path == "/trace.json":
            return trace_of(book, query.get("id", [""])[0])
        return None

    handler = type("Handler", (_Handler,), {"answer": staticmethod(answer)})
    server = ThreadingHTTPServer((_LOOPBACK, 0), handler)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{_LOOPBACK}:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    """The page and its data. Whoever asks by another name than this machine's own (DNS rebinding) gets nothing."""

    answer: Any
    server_version = "otel-middleware"
    sys_version = ""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if urlsplit(f"//{self.headers.get('host', '')}").hostname not in _NAMES:
            self._send(403, "text/plain", b"this page is for this machine alone", "default-src 'none'")
        elif parts.path == "/":
            self._send_page()
        else:
            data = self.answer(parts.path, parse_qs(parts.query))
            body = json.dumps(data).encode()
            self._send(404 if data is None else 200, "application/json", body, "default-src 'none'")

    def log_message(self, *_args: Any) -> None:
        """Say nothing: the terminal is the application's."""

    def _send_page(self) -> None:
        nonce = secrets.token_urlsafe(16)
        page = _PAGE.read_text(encoding="utf-8").replace("{{nonce}}", nonce)
        allowed = f"script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; img-src data:"
        self._send(200, "text/html; charset=utf-8", page.encode(), f"default-src 'none'; {allowed}; base-uri 'none'")

    def _send(self, status: int, kind: str, body: bytes, policy: str) -> None:
        self.send_response(status)
        headers = {
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            "Content-Security-Policy": f"{policy}; frame-ancestors 'none'",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
        }
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
