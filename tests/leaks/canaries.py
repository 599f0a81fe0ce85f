"""Made-up secrets, a different one for every place where a request, a response or an exception can carry one."""

from __future__ import annotations

import json
from base64 import b64encode
from urllib.parse import quote

PREFIX = "kanary"


class Canaries:
    """Hands out secrets and remembers where each was planted."""

    def __init__(self):
        self.planted = {}

    def __call__(self, place):
        """A secret of 26 letters and digits for *place*: no pattern knows it, its surroundings must give it away."""
        secret = f"{PREFIX}{len(self.planted):04d}f00dFACE7BeadCafe"
        self.planted[secret.lower()] = place
        return secret

    def jwt(self, place):
        return f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.{self(place)}"

    def basic(self, place):
        """Credentials in base64: what is looked for is the base64 itself."""
        encoded = b64encode(f"user:{self(place)}".encode()).decode()
        self.planted[encoded[6:30].lower()] = place
        return encoded


def request_query(canary):
    """A query with secrets by key, by looks, nested and encoded."""
    link = f"https://user:{canary('query userinfo')}@x.example/a;jsessionid={canary('query matrix')}?token={canary('query link')}"
    return "&".join(
        (
            "page=2",
            f"token={canary('query key')}",
            f"s%69g={canary('query key decoded once')}",
            f"s%2569g={canary('query key decoded twice')}",
            f"s%252569g={canary('query key decoded three times')}",
            f"a[password]={canary('query key in brackets')}",
            f"next={link}",
            f"return={quote(link, '')}",
            f"deep={quote(quote(link, ''), '')}",
            f"filter={quote(json.dumps({'client_secret': canary('query JSON')}), '')}",
            f"v={canary.jwt('query JWT')}",
            f"x=1;sid={canary('query semicolon')};y=2",
            f"q=Bearer+{canary('query bearer')}",
        )
    )


def request_path(canary):
    """A path with secrets in matrix parameters, segments with a key, links, by looks and in a URL."""
    return (
        f"/cart;jsessionid={canary('path matrix')};v=1/sig={canary('path pair')}/reset/{canary('path link')}"
        f"/{canary.jwt('path JWT')}/https://user:{canary('path userinfo')}@x.example/a"
    )


def request_headers(canary):
    """Every kind of request header that can carry a secret."""
    address = f"https://user:{canary('header userinfo')}@x.example/a;sid={canary('header matrix')}?token={canary('header link')}"
    return [
        ("authorization", f"Bearer {canary('authorization')}"),
        ("proxy-authorization", f"Basic {canary.basic('proxy-authorization')}"),
        ("cookie", f"theme=dark; sid={canary('cookie')}"),
        ("x-api-key", canary("x-api-key")),
        ("x-auth-token", canary("x-auth-token")),
        ("x-csrftoken", canary("x-csrftoken")),
        ("x-amz-security-token", canary("x-amz-security-token")),
        ("x-hub-signature-256", f"sha256={canary('x-hub-signature')}"),
        ("referer", f"{address}#access_token={canary('referer fragment')}"),
        ("origin", f"https://user:{canary('origin')}@x.example"),
        (
            "forwarded",
            'for=192.0.2.9;host="user:' + canary("forwarded host") + '@x.example";secret=' + canary("forwarded pair"),
        ),
        ("x-forwarded-host", f"user:{canary('x-forwarded-host')}@x.example"),
        ("x-forwarded-uri", f"/a?token={canary('x-forwarded-uri')}"),
        ("x-original-url", f"/a;jsessionid={canary('x-original-url matrix')}?sig={canary('x-original-url')}"),
        ("x-rewrite-url", f"/reset/{canary('x-rewrite-url')}"),
        ("link", f"<https://x.example/?sig={canary('link')}>; rel=next"),
        ("baggage", f"tenant=acme,session_id={canary('baggage')},jwt={canary('baggage jwt')};ttl=1"),
        ("user-agent", f"agent/1.0 (token={canary('user-agent')}; {canary.jwt('user-agent JWT')})"),
        ("x-debug", json.dumps({"user": {"password": canary("JSON in a header")}})),
        ("x-key-material", f"-----BEGIN PRIVATE KEY----- {canary('PEM in a header')} -----END PRIVATE KEY-----"),
        ("sec-websocket-protocol", f"chat, access_token, {canary('subprotocol')}"),
        ("x-kube", f"base64url.bearer.authorization.k8s.io.{canary.jwt('JWT behind a dot')}"),
        ("from", f"token={canary('from')}"),
    ]


def response_headers(canary):
    """Every kind of response header that can carry a secret."""
    address = f"https://user:{canary('location userinfo')}@x.example/a;sid={canary('location matrix')}?token={canary('location')}"
    return [
        ("content-type", "text/plain"),
        ("set-cookie", f"sid={canary('set-cookie')}; Path=/; HttpOnly"),
        ("set-cookie", f"csrf={canary('second set-cookie')}"),
        ("location", f"{address}#id_token={canary('location fragment')}"),
        ("content-location", f"/reset/{canary('content-location')}"),
        ("refresh", f"0; url=https://x.example/?code={canary('refresh')}"),
        ("link", f"</a?signature={canary('response link')}>; rel=preload"),
        ("www-authenticate", 'Bearer realm="x", nonce="' + canary("www-authenticate") + '"'),
        ("authentication-info", f"nextnonce={canary('authentication-info')}"),
        ("x-refresh-token", canary("x-refresh-token")),
        ("x-debug", f"password={canary('pair in a response header')}"),
    ]


class Chatty(Exception):
    """An application's exception that says too much."""


def exception(canary, where):
    """An exception with a cause, a context, notes and members that all hold secrets."""
    try:
        try:
            try:
                raise KeyError(f"no such token={canary(f'{where} context')}")
            except KeyError:  # the context that Python notes by itself
                raise ConnectionError(f"postgresql://app:{canary(f'{where} cause')}@db.example/shop")  # noqa: B904
        except ConnectionError as cause:
            raise Chatty(f"login failed: password={canary(f'{where} message')}") from cause
    except Chatty as error:
        error.__notes__ = [f"api_key: {canary(f'{where} note')}", f"Bearer {canary(f'{where} second note')}"]
        error.exceptions = (ValueError(f"secret={canary(f'{where} member')}"),)
        return error
