"""The application object is found behind what wraps it, and nothing else is taken for one."""

from __future__ import annotations

import functools
from types import ModuleType

import pytest

from otel_middleware.frameworks import asgi_router, wsgi_router
from otel_middleware.frameworks._finding import is_a, reached_from


def application_of(package, name="App"):
    """An instance of a class that calls itself *package*'s, nested modules and all."""
    kind = type(name, (), {"__module__": f"{package}.inner.module", "__call__": lambda self: None})
    return kind()


class Wrapper:
    """Wraps under the attribute that it is told."""

    def __init__(self, **links):
        self.__dict__.update(links)

    def __call__(self):
        """Callable, as applications are."""


@pytest.mark.parametrize(
    "link",
    [
        "app",
        "_app",
        "application",
        "wsgi_application",
        "other_asgi_app",
        "wsgi",
        "wsgi_app",
        "asgi_app",
        "inner",
        "__wrapped__",
    ],
)
def test_attributes_of_middleware_are_followed(link):
    """Each name that middleware use leads on."""
    app = application_of("framework")
    assert app in list(reached_from(Wrapper(**{link: Wrapper(app=app)})))


def test_functions_are_followed():
    """What a closure, a partial or a bound method holds is reached."""
    app = application_of("framework")

    def closing_over():
        return app()

    assert app in list(reached_from(closing_over))
    assert app in list(reached_from(functools.partial(closing_over)))
    assert app in list(reached_from(app.__call__))


def test_a_cycle_ends():
    """Middleware that lead back to one another are looked at once."""
    first, second = Wrapper(), Wrapper()
    first.app, second.app = second, first
    assert list(reached_from(first)) == [first, second]


def test_a_long_chain_ends():
    """No stack costs more than a bounded look."""
    chain = Wrapper()
    for _ in range(1000):
        chain = Wrapper(app=chain)
    assert len(list(reached_from(chain))) == 32


def test_the_nearest_application_wins():
    """What stands outside is who routes first."""
    inner = application_of("litestar", "Litestar")
    outer = application_of("quart", "Quart")
    outer.app = inner
    assert asgi_router(Wrapper(app=outer)).name == "Quart"


@pytest.mark.parametrize("router", [asgi_router, wsgi_router])
@pytest.mark.parametrize(
    "app",
    [
        pytest.param(None, id="nothing"),
        pytest.param(lambda: None, id="a function"),
        pytest.param(Wrapper(app=print, router=None, routes=[]), id="the names of attributes alone"),
        pytest.param(ModuleType("starlette"), id="a module"),
        pytest.param(Wrapper, id="a class"),
    ],
)
def test_nothing_else_is_taken_for_an_application(app, router):
    """The router of an unknown application is there, and says so."""
    assert (router(app).name, router(app).records) == ("unknown", False)


@pytest.mark.parametrize("router", [asgi_router, wsgi_router])
def test_what_raises_when_looked_at_is_passed_over(router):
    """Proxies raise outside a request; building a stack does not."""

    class Proxy:
        def __getattr__(self, name):
            raise RuntimeError(name)

        def __call__(self):
            """Callable, as applications are."""

    assert router(Wrapper(app=Proxy())).name == "unknown"


def test_a_name_counts_with_its_package():
    """A subclass is what its base is; a class that is merely called so is not."""
    framework = type(application_of("starlette", "Starlette"))
    assert is_a(type("Mine", (framework,), {})(), "starlette.Starlette")
    assert not is_a(application_of("mine", "Starlette"), "starlette.Starlette")
