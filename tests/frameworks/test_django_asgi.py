"""Django on ASGI tells nothing: its resolver is asked, in the request's language and URL configuration."""

from __future__ import annotations

import sys

import pytest
from asgi_contract import Row, contract, each, installed, seen

conf, test, http, urls, i18n, decorators, asgi = installed(
    "django.conf",
    "django.test",
    "django.http",
    "django.urls",
    "django.conf.urls.i18n",
    "django.views.decorators.http",
    "django.core.asgi",
)
if not conf.settings.configured:
    conf.settings.configure(SECRET_KEY="x")
path, re_path = urls.path, urls.re_path


@decorators.require_GET
async def order(request, **values):
    return http.HttpResponse("x")


def in_a_thread(request, **values):
    return http.HttpResponse("x")


def boom(request, **values):
    raise ValueError


class OtherRoutes:
    """A middleware that chooses another URL configuration for a request."""

    urlpatterns = (path("other/<int:number>", order),)

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        if request.path.startswith("/other"):
            request.urlconf = OtherRoutes.urlpatterns
        return self.get_response(request)


urlpatterns = [
    path("", order),
    path("orders/<int:number>", order),
    path("thread/<int:number>", in_a_thread),
    path("boom/<int:number>", boom),
    re_path(r"^articles/(?P<year>[0-9]{4})/$", order),
    path("nested/<tenant>/", urls.include([path("orders/<int:number>", order)])),
    *i18n.i18n_patterns(path("local/<int:number>", order)),
]

SETTINGS = {
    "ALLOWED_HOSTS": ["*"],
    "LANGUAGES": [("en", "English"), ("de", "German")],
    "LANGUAGE_CODE": "en",
    "MIDDLEWARE": ["django.middleware.locale.LocaleMiddleware", f"{__name__}.OtherRoutes"],
    "ROOT_URLCONF": __name__,
    "USE_I18N": True,
}

ROWS = [
    *contract(
        order="/orders/<int:number>",
        boom="/boom/<int:number>",
        nested="/nested/<tenant>/orders/<int:number>",
        not_allowed=(405, "/orders/<int:number>"),
        head=(405, ...),
    ),
    Row("the root", "GET /", 200, "/"),
    Row("a synchronous view", "GET /thread/5", 200, "/thread/<int:number>"),
    Row("a regular expression", "GET /articles/2026/", 200, "/^articles/(?P<year>[0-9]{4})/$"),
    Row("a language that is not the default", "GET /de/local/5", 200, "/de/local/<int:number>"),
    Row("another URL configuration", "GET /other/5", 200, "/other/<int:number>"),
]


@pytest.fixture(scope="module")
def app():
    """A handler over this module's URL configuration."""
    sys.modules.setdefault(__name__, sys.modules[order.__module__])
    with test.override_settings(**SETTINGS):
        yield asgi.get_asgi_application()


@each(ROWS)
def test_the_resolver_names_the_request(app, row):
    """The route as the URL configuration spells it, behind the slash that it lacks, is the template."""
    assert row.expected == seen(app, row)
