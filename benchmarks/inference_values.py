"""What parameters of routes look like: one maker of values for each kind, and how many different values a kind has."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

from benchmarks.inference_words import CITIES, COUNTRIES, FIRST_NAMES, LAST_NAMES, LOCALES, STATES, TECHNICAL, WORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from random import Random
    from typing import Any

__all__ = ["SIZES", "value"]

_BASE62 = string.ascii_letters + string.digits
_BASE64 = _BASE62 + "-_"
_HEX = "0123456789abcdef"
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_HASH_LENGTHS = {"hash40": 40, "hash64": 64, "hex32": 32}

SIZES = {
    "assetfile": (10, 80), "base62": (50, 20000), "branch": (6, 60), "city": (40, 130), "coordpairs": (500, 20000),
    "country": (20, 50), "custcode": (40, 3000), "date": (30, 700), "datetime": (100, 5000), "day": (28, 31),
    "docver": (3, 8), "domain": (20, 600), "email": (50, 5000), "filename": (60, 4000), "ghsa": (20, 400),
    "hash40": (80, 10000), "hash64": (50, 3000), "hex32": (50, 5000), "hhmm": (24, 96), "icao": (100, 2000),
    "int": (6, 50000), "ip": (40, 3000), "jwt": (300, 20000), "k8sname": (20, 800), "k8sns": (5, 30),
    "lat": (300, 20000), "locale": (5, 14), "lon": (300, 20000), "month": (12, 12), "name": (8, 250),
    "objectid": (100, 20000), "path": (80, 3000), "personslug": (30, 600), "phone": (50, 5000), "pre": (30, 20000),
    "repo": (60, 4000), "semver": (10, 120), "shortcode": (100, 10000), "sid": (10, 8000), "sku": (50, 5000),
    "slug": (60, 6000), "slug1": (4, 14), "slug2": (8, 80), "smallint": (5, 40), "storehash": (3, 400),
    "tag": (10, 300), "token": (100, 20000), "ulid": (100, 20000), "urn": (100, 5000), "username": (80, 8000),
    "usstate": (30, 50), "uuid": (30, 20000), "wfo": (60, 122), "wikidomain": (6, 40), "wikititle": (300, 20000),
    "year": (6, 25), "ymd": (60, 700), "zone": (80, 2000), "zoom": (8, 19),
}  # fmt: skip
"""Fewest and most members of a population, by kind."""


def value(kind: str, random: Random, index: int, spec: Mapping[str, Any]) -> str:
    """Member *index* of a population of *kind*. *spec* has ``start``, and ``prefix`` for the kinds that have one."""
    return _MAKERS[kind](random, index, spec)


def _letters(random: Random, alphabet: str, length: int) -> str:
    return "".join(random.choices(alphabet, k=length))


def _words(random: Random, count: int) -> list[str]:
    return [random.choice(WORDS) for _ in range(count)]


def _int(random: Random, index: int, spec: Mapping[str, Any]) -> str:
    start = spec["start"]
    if not start:
        return str(index + 1)
    return str(start + index * random.randint(1, 3) if start < 10**6 else start + random.randrange(10**7))


def _uuid(random: Random, *_: object) -> str:
    digits = _letters(random, _HEX, 32)
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def _prefixed(random: Random, _: int, spec: Mapping[str, Any]) -> str:
    return spec["prefix"] + _letters(random, _BASE62, 24 if len(spec["prefix"]) > 3 else 14)


def _choice_by_share(share: float, options: list[tuple[float, Callable[[], str]]]) -> str:
    return next(make for limit, make in options if share < limit)()


def _username(random: Random, *_: object) -> str:
    first, last = random.choice(FIRST_NAMES), random.choice(LAST_NAMES)
    return _choice_by_share(
        random.random(),
        [
            (0.1, lambda: first),
            (0.3, lambda: first + last),
            (0.5, lambda: first[0] + last),
            (0.58, lambda: f"{first}.{last}"),
            (0.66, lambda: f"{first}-{last}"),
            (0.72, lambda: f"{first}_{last}"),
            (0.86, lambda: f"{first}{random.randint(1, 999)}"),
            (0.94, lambda: random.choice(WORDS) + random.choice(TECHNICAL)),
            (2, lambda: f"{random.choice(WORDS)}-{random.choice(['hq', 'labs', 'inc', 'io', 'dev'])}"),
        ],
    )


def _repo(random: Random, *_: object) -> str:
    return _choice_by_share(
        random.random(),
        [
            (0.2, lambda: random.choice(WORDS)),
            (0.45, lambda: f"{random.choice(TECHNICAL)}-{random.choice(WORDS)}"),
            (0.7, lambda: f"{random.choice(WORDS)}-{random.choice(TECHNICAL)}"),
            (0.78, lambda: f"{random.choice(WORDS)}.{random.choice(['js', 'py', 'github.io', 'rs'])}"),
            (0.84, lambda: f"{random.choice(TECHNICAL)}{random.randint(2, 99)}"),
            (0.9, lambda: f"{random.choice(WORDS)}_{random.choice(WORDS)}"),
            (2, lambda: random.choice(WORDS).title() + random.choice(WORDS).title()),
        ],
    )


def _branch(random: Random, index: int, _: object) -> str:
    if index < 3:
        return ["main", "master", "develop"][index]
    pattern = random.choice(["feature-%s-%s", "fix-%s-%s", "release-%s.%s"])
    if random.random() < 0.7:
        return pattern % (random.choice(WORDS), random.choice(WORDS))
    return pattern % (random.randint(1, 9), random.randint(0, 40))


def _path(random: Random, index: int, spec: Mapping[str, Any]) -> str:
    folders = [random.choice(TECHNICAL + WORDS[:40]) for _ in range(random.choice([0, 1, 1, 2, 2, 3, 4]))]
    return "/".join([*folders, _filename(random, index, spec)])


def _filename(random: Random, *_: object) -> str:
    word = random.choice(WORDS)
    middle = random.choice(
        [
            "",
            "-" + random.choice(WORDS),
            "_" + str(random.randint(1, 2025)),
            " " + random.choice(WORDS),
            str(random.randint(1, 99)),
        ]
    )
    kinds = ["pdf", "csv", "txt", "md", "jpg", "png", "zip", "json", "tar.gz", "py", "xlsx"]
    return f"{word}{middle}.{random.choice(kinds)}"


def _domain(random: Random, *_: object) -> str:
    word = random.choice(WORDS)
    more = random.choice(["", "-" + random.choice(WORDS), random.choice(TECHNICAL)])
    return f"{word}{more}.{random.choice(['com', 'org', 'net', 'io', 'dev', 'co.uk'])}"


def _namespace(random: Random, index: int, _: object) -> str:
    if index < 4:
        return ["default", "kube-system", "monitoring", "ingress-nginx"][index]
    return f"{random.choice(['team', 'prod', 'staging', 'dev'])}-{random.choice(WORDS)}"


def _kubernetes_name(random: Random, *_: object) -> str:
    name = f"{random.choice(TECHNICAL)}-{random.choice(WORDS)}"
    alphabet = "bcdfghjklmnpqrstvwxz2456789"
    pod = f"-{_letters(random, alphabet, 10)}-{_letters(random, alphabet, 5)}"
    return name + random.choice(["", pod, f"-{random.randint(0, 9)}", ""])


def _wiki_title(random: Random, *_: object) -> str:
    words = _words(random, random.choice([1, 1, 2, 2, 3, 4]))
    title = "_".join(word if random.random() < 0.3 else word.title() for word in words)
    endings = [f"_({random.choice(WORDS)})", f",_{random.choice(CITIES).title()}", f"_{random.randint(1900, 2025)}"]
    return title + random.choice(["", "", "", *endings])


def _wiki_domain(_: Random, index: int, __: object) -> str:
    return f"{LOCALES[index % 15]}.{['wikipedia', 'wiktionary', 'wikivoyage'][index // 15 % 3]}.org"


def _slug(random: Random, *_: object) -> str:
    slug = "-".join(_words(random, random.choice([1, 2, 2, 3, 3, 4, 5])))
    return slug + (f"-{random.randint(2, 2025)}" if random.random() < 0.15 else "")


def _tag(random: Random, *_: object) -> str:
    options = [random.choice(WORDS), "-".join(_words(random, 2))]
    options.append(f"v{random.randint(0, 4)}.{random.randint(0, 20)}.{random.randint(0, 9)}")
    options += [f"{random.choice(TECHNICAL)}:{random.choice(WORDS)}", random.choice(WORDS)]
    return random.choice(options)


def _name(random: Random, *_: object) -> str:
    options = [random.choice(WORDS), f"{random.choice(WORDS)}-{random.choice(TECHNICAL)}"]
    options += [f"{random.choice(WORDS)}_{random.choice(WORDS)}", f"{random.choice(WORDS)}{random.randint(1, 99)}"]
    options += [
        "".join(word.title() for word in _words(random, 2)),
        f"{random.choice(TECHNICAL)}-{random.choice(WORDS)}",
    ]
    return random.choice(options)


def _asset_file(random: Random, *_: object) -> str:
    name = random.choice(TECHNICAL)
    mark = random.choice(["", ".min", "." + _letters(random, _HEX, 8), "-" + _letters(random, _HEX, 8)])
    return f"{name}{mark}.{random.choice(['js', 'css', 'png', 'svg', 'woff2'])}"


def _article_number(random: Random, *_: object) -> str:
    number = (
        f"{_letters(random, string.ascii_uppercase, 3)}-{_letters(random, string.digits, random.choice([3, 4, 5]))}"
    )
    return number + random.choice(["", "-" + random.choice(["S", "M", "L", "XL"])])


def _day_of(random: Random) -> tuple[int, int, int]:
    return random.randint(2019, 2025), random.randint(1, 12), random.randint(1, 28)


def _date(random: Random, *_: object) -> str:
    return "{}-{:02}-{:02}".format(*_day_of(random))


def _compact_date(random: Random, *_: object) -> str:
    return "{}{:02}{:02}".format(*_day_of(random))


def _datetime(random: Random, *_: object) -> str:
    return f"{_date(random)}T{random.randint(0, 23):02}:{random.choice([0, 15, 30, 53]):02}:00+00:00"


def _degrees(low: int, high: int) -> Callable[..., str]:
    return lambda random, *_: f"{random.uniform(low, high):.{random.choice([2, 4, 4])}f}"


def _coordinate_pairs(random: Random, *_: object) -> str:
    count = random.choice([2, 2, 3])
    return ";".join(f"{random.uniform(-179, 179):.4f},{random.uniform(-60, 70):.4f}" for _ in range(count))


def _version(random: Random, *_: object) -> str:
    version = f"{random.randint(0, 9)}.{random.randint(0, 30)}.{random.randint(0, 12)}"
    return version + random.choice(["", "", "", "-rc.1", "-beta.2"])


def _email(random: Random, *_: object) -> str:
    name = f"{random.choice(FIRST_NAMES)}{random.choice(['.', '', '_'])}{random.choice(LAST_NAMES)}"
    number = random.choice(["", str(random.randint(1, 99))])
    return f"{name}{number}@{random.choice(['example.com', 'gmail.com', 'corp.example.org', 'mail.de'])}"


def _jwt(random: Random, *_: object) -> str:
    payload = _letters(random, _BASE64, random.randint(60, 120))
    return f"eyJhbGciOiJIUzI1NiJ9.eyJ{payload}.{_letters(random, _BASE64, 43)}"


_DOCUMENTED = ["latest", "stable", "v3.2", "v3.1", "v2.0", "v1.9", "v1.8", "v1.0"]
_MAKERS: dict[str, Callable[..., str]] = {
    "assetfile": _asset_file,
    "base62": lambda random, *_: _letters(random, _BASE62, 22),
    "branch": _branch,
    "city": lambda _, index, __: CITIES[index % len(CITIES)],
    "coordpairs": _coordinate_pairs,
    "country": lambda _, index, __: COUNTRIES[index % len(COUNTRIES)],
    "custcode": lambda random, *_: _letters(random, string.ascii_uppercase, 5),
    "date": _date,
    "datetime": _datetime,
    "day": lambda _, index, __: f"{index % 31 + 1:02}",
    "docver": lambda _, index, __: _DOCUMENTED[index % 8],
    "domain": _domain,
    "email": _email,
    "filename": _filename,
    "ghsa": lambda random, *_: "GHSA-" + "-".join(_letters(random, "23456789cfghjmpqrvwx", 4) for _ in range(3)),
    "hhmm": lambda random, index, _: f"{index % 24:02}{random.choice(['00', '15', '30', '45'])}",
    "icao": lambda random, *_: "K" + _letters(random, string.ascii_uppercase, 3),
    "int": _int,
    "ip": lambda random, *_: ".".join(str(random.randint(1, 254)) for _ in range(4)),
    "jwt": _jwt,
    "k8sname": _kubernetes_name,
    "k8sns": _namespace,
    "lat": _degrees(-60, 70),
    "locale": lambda _, index, __: LOCALES[index % len(LOCALES)],
    "lon": _degrees(-179, 179),
    "month": lambda _, index, __: f"{index % 12 + 1:02}",
    "name": _name,
    "objectid": lambda random, *_: _letters(random, "56", 1) + _letters(random, _HEX, 23),
    "path": _path,
    "personslug": lambda random, *_: f"{random.choice(FIRST_NAMES)}-{random.choice(LAST_NAMES)}",
    "phone": lambda random, *_: "+1" + _letters(random, "23456789", 1) + _letters(random, string.digits, 9),
    "pre": _prefixed,
    "repo": _repo,
    "semver": _version,
    "shortcode": lambda random, *_: _letters(random, _BASE62, random.choice([6, 7, 8])),
    "sid": lambda random, _, spec: spec.get("prefix", "AC")[:2] + _letters(random, _HEX, 32),
    "sku": _article_number,
    "slug": _slug,
    "slug1": lambda random, *_: random.choice(WORDS),
    "slug2": lambda random, *_: "-".join(_words(random, random.choice([1, 2, 2]))),
    "smallint": lambda _, index, __: str(index + 1),
    "storehash": lambda random, *_: _letters(random, string.ascii_lowercase + string.digits, 10),
    "tag": _tag,
    "token": lambda random, *_: _letters(random, _BASE64, random.choice([22, 32, 43])),
    "ulid": lambda random, *_: "01J" + _letters(random, _CROCKFORD, 23),
    "urn": lambda random, *_: f"urn:oid:2.49.0.1.840.0.{_letters(random, _HEX, 40)}.{random.randint(1, 9):03}.1",
    "username": _username,
    "usstate": lambda _, index, __: STATES[index % 50],
    "uuid": _uuid,
    "wfo": lambda random, *_: _letters(random, string.ascii_uppercase, 3),
    "wikidomain": _wiki_domain,
    "wikititle": _wiki_title,
    "year": lambda _, index, __: str(2025 - index),
    "ymd": _compact_date,
    "zone": lambda random, *_: (
        f"{_letters(random, string.ascii_uppercase, 2)}{random.choice('ZC')}{random.randint(1, 400):03}"
    ),
    "zoom": lambda _, index, __: str(index + 1),
} | {kind: lambda random, *_, length=length: _letters(random, _HEX, length) for kind, length in _HASH_LENGTHS.items()}
