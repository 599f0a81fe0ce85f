"""What one path segment is: a value of a known type, or a word that may be either a route's or somebody's.

Pure: the same text always gives the same answer, whatever was seen before. What only a crowd of siblings can tell (is
``/u/alice`` a user or a page?) is decided in ``promotion.py``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from otel_middleware.routing.labels import label_of
from otel_middleware.routing.reserved import is_marked

if TYPE_CHECKING:
    from otel_middleware.routing.lexicon import Lexicon

__all__ = ["HOLE", "LOCALE_PLACE", "MARKED_PLACE", "MAX_LENGTH", "Segment", "classify", "series_of"]

HOLE = "{}"
# Locales are a set of their own beside a node's other values; NUL cannot occur in a place otherwise.
LOCALE_PLACE = "{}\0locale"
MARKED_PLACE = "{}\0marked"  # of words that stand nowhere as a value

MAX_LENGTH = 128  # longer ones are values; looking closer would cost more than it tells
MAX_LOCALE = 7
MAX_NUMBERED = 0.9  # likeness of a word whose number is part of its name: as much as a route's own


class Segment(NamedTuple):
    """What a segment is.

    Attributes:
        label: Name of the type (``int``, ``uuid``, ``token`` ...), ``None`` for a word.
        place: The segment with its variable part replaced by ``{}``: where it stands, or would stand, as a value.
        likeness: How much a word looks like a route's own, 0 to 1; 0 for a typed value.
        series: Of a word with numbers that may be one of many alike (``page7``): the word without them.
    """

    label: str | None
    place: str
    likeness: float
    series: str | None = None

    @property
    def is_locale(self) -> bool:
        """Whether it is a language tag such as ``de`` or ``pt-br``."""
        return self.place == LOCALE_PLACE

    @property
    def is_marked(self) -> bool:
        """Whether it is a word that is written as no value is (``reserved.py``)."""
        return self.place is MARKED_PLACE


_INT = Segment("int", HOLE, 0.0)
_MARKED = Segment(None, MARKED_PLACE, 1.0)

# A few short words in lower case and version prefixes are most of what routes are made of: decided by one match.
# Six consonants in a row occur in no word (y counts as a vowel).
_PLAIN = re.compile(
    r"(?![a-z_-]*[b-df-hj-np-tv-xz]{6})[a-z]{1,19}(?:[-_][a-z]{1,19}){0,4}|v\d{1,3}(?:(?:alpha|beta|rc)\d*)?"
)

_EXTENSIONS = frozenset(
    "json xml html htm csv txt md pdf rss atom ics yaml yml geojson kml gpx "
    "png jpg jpeg gif svg webp avif ico bmp tif tiff js mjs css map woff woff2 ttf eot zip gz tgz rar 7z "
    "mp3 mp4 webm wav ogg mov m3u8 ts mpd xls xlsx doc docx ppt pptx py jar exe apk pbf mvt terrain log sql parquet "
    "toml ini sh go rs rb java kt cs cpp jsx tsx vue scss less ipynb whl m4s m4a flac heic".split(" ")
)
_SCALE = re.compile(r"@[1-4]x$")
_CALL = re.compile(r"(?P<name>[A-Za-z][\w.]*(?<!_))\((?P<arguments>[^()]*)\)")
_ARGUMENT = re.compile(r"(?:(?P<key>[A-Za-z_]\w*)=)?(?P<value>'[^']*'|[^',=]*)")
_VERB = re.compile(r"(?P<stem>[^:]+)(?P<verb>:[a-z][A-Za-z]+)")  # Google's custom methods: /projects/{id}:cancel
_DIMENSIONS = re.compile(r"\d+(?P<by>[x:])\d+")
_LOCALE = re.compile(
    r"(?:a[fmrsz]|b[egns]|c[asy]|d[ae]|e[elnstu]|f[aiory]|g[alu]|h[eiruy]|i[dst]|ja|k[akmno]|l[tv]|m[klnrst]|n[beln]|"
    r"p[alt]|r[ou]|s[iklqrvw]|t[aehlr]|u[kruz]|vi|z[hu])(?:[-_][A-Za-z]{2}|[-_][A-Z][a-z]{3})?"
)
_NUMBER = re.compile(r"\d+")
_FILE_ENDING = re.compile(r"(?:@[1-4]x)?\.\w+$")
_RELEASE = re.compile(r"v\d+\.\d+")


def classify(text: str, words: Lexicon) -> Segment:
    """Say what the segment *text* is. Linear in its length; never raises.

    Args:
        text: Decoded, not empty, without slash.
        words: Knows the words that routes are made of.
    """
    if text[0] in "$_-~" and is_marked(text, words):
        return _MARKED
    if _PLAIN.fullmatch(text):
        return _word(text, HOLE, words)
    if text.isdecimal():
        return _INT
    if len(text) > MAX_LENGTH:
        return Segment("token", HOLE, 0.0)
    return _compound(text, words) or _whole(text, words)


def _whole(text: str, words: Lexicon) -> Segment:
    label = label_of(text, words)
    if label:
        return Segment(label, HOLE, 0.0)
    return _word(text, HOLE, words)


def _word(text: str, place: str, words: Lexicon) -> Segment:
    if text[2:3] in "-_" and len(text) <= MAX_LOCALE and _LOCALE.fullmatch(text):
        place = LOCALE_PLACE
    likeness = words.likeness(text)
    return Segment(None, place, likeness, series_of(text, HOLE, likeness))


def series_of(text: str, place: str, likeness: float) -> str | None:
    """*text* without its numbers, when these may count; those of ``oauth2``, ``v1`` and ``intro.mp3`` do not."""
    if place.startswith("{}."):
        text = _FILE_ENDING.sub("", text)
    if likeness >= MAX_NUMBERED and not _RELEASE.fullmatch(text):
        return None
    series, numbers = _NUMBER.subn("#", text)
    return series if numbers else None


def _compound(text: str, words: Lexicon) -> Segment | None:
    """A segment that is part syntax and part value: a file name, a call, a list, a custom method."""
    if text[0] == "@" and len(text) > 1 and "/" not in text:
        return Segment("slug", "@{}", 0.0)
    if text[-1] == ")":
        return _call(text, words)
    dot = text.rfind(".")
    if dot > 0 and text[dot + 1 :].lower() in _EXTENSIONS:
        return _file(text, dot, words)
    if "," in text or ";" in text:
        return _list(text, words)
    if ":" in text:
        return _dimensions(text) or _custom_method(text, words)
    return _dimensions(text) if text[0].isdigit() else None


def _file(text: str, dot: int, words: Lexicon) -> Segment:
    # ".tar.gz" has no other stem than ".tar".
    if text.endswith(".gz") and text[:dot].endswith(".tar") and dot > len(".tar"):
        dot -= len(".tar")
    scale = _SCALE.search(text[:dot])
    stem = classify(text[: scale.start() if scale else dot], words)
    extension = text[dot:].lower()
    if stem.label is None:
        return Segment(None, HOLE + extension, stem.likeness, stem.series)
    return Segment(stem.label, stem.place + (scale.group() if scale else "") + extension, 0.0)


def _call(text: str, words: Lexicon) -> Segment | None:
    """OData's ``Orders(10248)``, ``Customers('ALFKI')``, ``Details(OrderID=1,ProductID=2)``."""
    call = _CALL.fullmatch(text)
    if not call or not call["arguments"]:
        return None
    places = []
    for argument in call["arguments"].split(","):
        match = _ARGUMENT.fullmatch(argument.strip())
        if not match or not (match["key"] or match["value"][:1] == "'" or label_of(match["value"], words)):
            return None
        hole = "'{}'" if match["value"][:1] == "'" else HOLE
        places.append(f"{match['key']}={hole}" if match["key"] else hole)
    return Segment("id", f"{call['name']}({','.join(places)})", 0.0)


def _list(text: str, words: Lexicon) -> Segment | None:
    items = re.split(r"[,;]", text)
    labels = {label_of(item, words) if item else None for item in items}
    if None in labels:
        return None
    if len(items) == 2 and "," in text:  # noqa: PLR2004  a pair is a coordinate, more are a list of any length
        return Segment(labels.pop() if len(labels) == 1 else "id", "{},{}", 0.0)
    return Segment("list", HOLE, 0.0)


def _dimensions(text: str) -> Segment | None:
    match = _DIMENSIONS.fullmatch(text)
    return Segment("int", f"{{}}{match['by']}{{}}", 0.0) if match else None


def _custom_method(text: str, words: Lexicon) -> Segment | None:
    match = _VERB.fullmatch(text)
    if not match or not words.knows_all(match["verb"]):
        return None
    label = label_of(match["stem"], words)
    return Segment(label, HOLE + match["verb"], 0.0) if label else None
