"""Django tells with its response object, once the handler has returned it."""

from __future__ import annotations

import io
import sys
from wsgiref.util import FileWrapper

import pytest
from wsgi_contract import Row, contract, each, seen

settings = pytest.importorskip("django.conf").settings
if not settings.configured:
    settings.configure(SECRET_KEY="x")
converters = pytest.importorskip("django.urls.converters")
http = pytest.importorskip("django.http")
urls = pytest.importorskip("django.urls")
i18n_patterns = pytest.importorskip("django.conf.urls.i18n").i18n_patterns
override_settings = pytest.importorskip("django.test").override_settings
decorators = pytest.importorskip("django.views.decorators.http")
wsgi = pytest.importorskip("django.core.wsgi")
path, re_path = urls.path, urls.re_path

CONVERTED = []


class Counting(converters.IntConverter):
    """Counts its calls: it is the application's code."""

    def to_python(self, value):
        CONVERTED.append(value)
        return super().to_python(value)


if "counting" not in converters.get_converters():
    urls.register_converter(Counting, "counting")


@decorators.require_GET
def order(request, *values, **named):
    return http.HttpResponse("x")


def boom(request, **values):
    raise ValueError(values)


def gone(request, **values):
    raise http.Http404


def download(request, **values):
    return http.FileResponse(io.BytesIO(b"x" * 10), as_attachment=True, filename="x.txt")


def stream(request, **values):
    return http.StreamingHttpResponse(iter([b"x"]))


urlpatterns = [
    path("", order),
    path("orders/<int:number>", order),
    path("boom/<int:number>", boom),
    path("gone/<int:number>", gone),
    path("files/<slug:name>", download),
    path("streams/<slug:name>", stream),
    path("counted/<counting:number>", order),
    path("slashed/", order),
    path("words/<str:word>", order),
    re_path(r"^articles/(?P<year>[0-9]{4})/$", order),
    path("nested/", urls.include([path("orders/<int:number>", order), re_path(r"^re/(\d+)$", order)])),
    *i18n_patterns(path("local/<int:number>", order)),
]

SETTINGS = {
    "ALLOWED_HOSTS": ["*"],
    "LANGUAGES": [("en", "English"), ("de", "German")],
    "LANGUAGE_CODE": "en",
    "MIDDLEWARE": ["django.middleware.locale.LocaleMiddleware", "django.middleware.common.CommonMiddleware"],
    "ROOT_URLCONF": __name__,
    "USE_I18N": True,
}


@pytest.fixture(scope="module")
def app():
    """A handler over this module's URL configuration."""
    sys.modules.setdefault(__name__, sys.modules[order.__module__])
    with override_settings(**SETTINGS):
        yield wsgi.get_wsgi_application()


ORDER = "/orders/<int:number>"
ROWS = [
    *contract(
        order=ORDER, boom="/boom/<int:number>", nested="/nested/orders/<int:number>", not_allowed=(405, ORDER), head=405
    ),
    Row("the root has a slash", "GET /", 200, "/"),
    Row("a 404 that the view answers has a route", "GET /gone/5", 404, "/gone/<int:number>"),
    Row("a regular expression as it stands", "GET /articles/2009/", 200, "/^articles/(?P<year>[0-9]{4})/$"),
    Row("a regular expression in an include", "GET /nested/re/5", 200, r"/nested/re/(\d+)$"),
    Row("the language that the path asks for", "GET /de/local/5", 200, "/de/local/<int:number>"),
    Row("a file", "GET /files/a", 200, "/files/<slug:name>"),
    Row("a stream", "GET /streams/a", 200, "/streams/<slug:name>"),
    Row("a redirect to the slash is no route", "GET /slashed", 301, None),
]


@each(ROWS)
def test_the_resolved_route_names_the_request(app, row):
    """What Django resolved, with the leading slash that it leaves out, is the template."""
    assert row.expected == seen(app, row)


def filelike(file, size):
    """A file wrapper that keeps the file and asks for its ``close()`` at the end, as Werkzeug's does."""

    class Wrapper:
        def __init__(self):
            self.file = file

        def __iter__(self):
            return iter(lambda: self.file.read(size), b"")

        def close(self):
            self.file.close()

    return Wrapper()


@pytest.mark.parametrize("wrapper", [FileWrapper, filelike], ids=["close is the file's", "close asks the file"])
def test_a_file_tells_through_the_servers_wrapper(app, wrapper):
    """The server's file wrapper stands before the response that knows the route."""

    def serving(environ, start_response):
        return app({**environ, "wsgi.file_wrapper": wrapper}, start_response)

    serving.__wrapped__ = app
    row = Row("wrapped", "GET /files/a", 200, "/files/<slug:name>")
    assert row.expected == seen(serving, row)


def test_a_told_route_is_not_resolved_again(app):
    """A user's converter runs as often as without us."""
    CONVERTED.clear()
    row = Row("told", "GET /counted/5", 200, "/counted/<counting:number>")
    assert row.expected == seen(app, row)
    assert CONVERTED == ["5"]


def test_the_resolver_is_asked_where_the_body_is_hidden(app):
    """A middleware that replaces the body hides Django's response."""

    class Hiding:
        def __init__(self, application):
            self.application = application

        def __call__(self, environ, start_response):
            return [b"".join(self.application(environ, start_response))]

    row = Row("hidden", "GET /nested/orders/5", 200, "/nested/orders/<int:number>")

    assert row.expected == seen(Hiding(app), row)
    row = Row("hidden, no route", "GET /nothing", 404, None)
    assert row.expected == seen(Hiding(app), row)


def test_a_propagated_exception_keeps_the_route(app):
    """No response object comes when Django raises: its resolver is asked."""
    with override_settings(DEBUG_PROPAGATE_EXCEPTIONS=True):
        row = Row("raised", "GET /boom/5", ValueError, "/boom/<int:number>")
        assert row.expected == seen(app, row)


MOUNTED = [
    Row("a route", "GET /legacy/nested/orders/5", 200, "/legacy/nested/orders/<int:number>"),
    Row("the root of the mount", "GET /legacy", 200, "/legacy/"),
    Row("the view raises", "GET /legacy/boom/5", 500, "/legacy/boom/<int:number>"),
    Row("no route below", "GET /legacy/nothing", 404, None),
    Row("the root path that the server gives is no part", "GET /legacy/", 200, "/legacy/", script_name="/srv"),
    Row("a path beyond latin-1", "GET /legacy/words/\N{SNOWMAN}", 200, "/legacy/words/<str:word>"),
]


@each(MOUNTED)
def test_a_mounted_handler_keeps_its_routes(app, row):
    """The dispatcher's prefix stands before them."""
    dispatcher = pytest.importorskip("werkzeug.middleware.dispatcher")
    assert row.expected == seen(dispatcher.DispatcherMiddleware(app, {"/legacy": app}), row)
