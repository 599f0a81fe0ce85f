"""Learning templates from access logs: streamed, in bounded memory, with a progress bar where somebody looks."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from otel_middleware import Sanitizer
from otel_middleware.cli._access_log import entry_of, text_lines
from otel_middleware.cli._giving_up import give_up

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from otel_middleware import InferredRoutes

__all__ = ["Learned", "learn_from"]

_CHUNK = 1 << 16  # bytes
_GZIP = b"\x1f\x8b"
STDIN = "-"


class Learned:
    """What was read.

    Attributes:
        lines: All lines.
        requests: Those of them that told a request.
        named: Those of these that have a template.
    """

    def __init__(self) -> None:
        self.lines = self.requests = self.named = 0


def learn_from(files: Sequence[str], routes: InferredRoutes) -> Learned:
    """Teach *routes* from access logs, plain or gzip; ``-`` is the standard input.

    As in a service, the paths are sanitised first, and only answers of 2xx and 304 teach.
    """
    learned, sanitizer = Learned(), Sanitizer()
    with _progress(files) as advance:
        for file in files:
            with _opened(file) as stream:
                for line in text_lines(_chunks(file, stream, advance)):
                    learned.lines += 1
                    entry = entry_of(line)
                    if entry is not None:
                        learned.requests += 1
                        learned.named += routes.learn(sanitizer.path(entry.path), entry.status) is not None
    return learned


@contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    if file == STDIN:
        yield sys.stdin.buffer
        return
    try:
        stream = Path(file).open("rb")  # noqa: SIM115 - closed below; errors while it is read are others
    except OSError as error:
        give_up(f"{file} cannot be read: {error.strerror}")
    with stream:
        yield stream


def _chunks(file: str, stream: BinaryIO, advance: Callable[[int], None]) -> Iterator[bytes]:
    """Yield the bytes of *stream*, unpacked where it is gzip, whatever its name says."""
    counted = io.BufferedReader(_Counted(stream, advance), _CHUNK)
    try:
        packed = counted.peek(2)[:2] == _GZIP
        source: Any = gzip.GzipFile(fileobj=counted) if packed else counted
        while chunk := source.read(_CHUNK):
            yield chunk
    except (OSError, EOFError, zlib.error) as error:
        give_up(f"{file} cannot be read to its end: {error}")


class _Counted(io.RawIOBase):
    """A stream that says how far it is read."""

    def __init__(self, stream: BinaryIO, advance: Callable[[int], None]) -> None:
        self._stream = stream
        self._advance = advance

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        self._advance(len(data))
        return len(data)


@contextmanager
def _progress(files: Sequence[str]) -> Iterator[Callable[[int], None]]:
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _size: None
        return
    paths = [Path(file) for file in files]
    total = None if STDIN in files else sum(path.stat().st_size for path in paths if path.is_file())
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("reading", total=total)
        yield lambda size: progress.advance(task, size)
