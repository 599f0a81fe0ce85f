"""Templates learned from paths: what is learned, what never is, and what stays as it was."""

from __future__ import annotations

import json
import os
import random
import re
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.inference_traffic import traffic
from otel_middleware.errors import ConfigurationError
from otel_middleware.routing.inference import InferredRoutes
from otel_middleware.routing.learner import FREELY_GIVEN
from otel_middleware.routing.lexicon import lexicon
from otel_middleware.routing.tree import MAX_NODES

CORPORA = Path(__file__).parents[2] / "benchmarks" / "corpora"
PEOPLE = "ada alan barbara claude donald edsger frances grace hedy ivan john ken leslie margaret niklaus".split()


def learned(*paths, status=200, **options):
    routes = InferredRoutes(**options)
    for path in paths:
        routes.learn(path, status)
    return routes


def served(corpus, count=6000, seed=5):
    return list(traffic(json.loads((CORPORA / f"{corpus}.json").read_text()), count, seed))


def lines(text):
    return [line.split("  #")[0] for line in text.splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/", "/"),
        ("", "/"),  # an empty PATH_INFO
        ("/orders/4815", "/orders/{int}"),
        ("/orders/4815/", "/orders/{int}"),  # one canonical form
        ("//orders//4815", "/orders/{int}"),
        ("/files/d670460b4b4aece5915caf5c68d12f560a9fe3e4.json", "/files/{hex}.json"),
        ("/api/2/users/7", "/api/2/users/{int}"),  # a version that looks like a number
        ("/2010-04-01/Accounts", "/2010-04-01/Accounts"),  # the same as a date
        ("/v1/users/123e4567-e89b-12d3-a456-426614174000/posts", "/v1/users/{uuid}/posts"),
    ],
)
def test_typed_values_are_templates_at_once(path, template):
    """A value that shows its type needs no siblings: the first request has its template."""
    routes = InferredRoutes()

    assert routes.learn(path, 200) == template
    assert routes.template_of(path) == template


@pytest.mark.parametrize("path", ["*", "no/slash", "/" + "a/" * 40])
def test_what_is_no_path_or_too_deep_has_no_template(path):
    """``OPTIONS *``, a path without a slash, and absurd depth leave the method alone."""
    routes = InferredRoutes()

    assert routes.learn(path, 200) is None
    assert routes.template_of(path) is None


@pytest.mark.parametrize("status", [100, 101, 301, 302, 303, 307, 400, 401, 403, 404, 405, 429, 500, 503])
def test_only_success_teaches(status):
    """Whatever else is answered, nothing is learned from it."""
    routes = learned("/wp-admin/setup.php", "/.env", "/orders/1", status=status)

    assert routes.learn("/wp-admin/setup.php", status) is None
    assert lines(routes.export()) == []


@pytest.mark.parametrize("status", [200, 201, 204, 206, 304])
def test_success_teaches(status):
    """2xx and 304 teach."""
    assert InferredRoutes().learn("/orders/1", status) == "/orders/{int}"


def test_a_failed_request_to_a_known_route_has_its_template():
    """Matching does not depend on the status."""
    assert learned("/orders/1").learn("/orders/999", 404) == "/orders/{int}"


def test_matching_teaches_nothing():
    """``template_of`` may be asked for anything without leaving a trace."""
    routes = learned("/orders/1")
    before = routes.export()
    for path in ("/orders/2", "/other", "/orders/x/y"):
        routes.template_of(path)

    assert routes.export() == before


def test_an_open_set_becomes_a_placeholder():
    """Many unlike words with the same routes below are values."""
    routes = InferredRoutes()
    for name in PEOPLE * 3:
        for suffix in ("", "/followers", "/repos"):
            routes.learn(f"/users/{name}{suffix}", 200)

    assert lines(routes.export()) == ["/users/{slug}", "/users/{slug}/followers", "/users/{slug}/repos"]
    assert routes.template_of("/users/somebody-new/repos") == "/users/{slug}/repos"


def test_static_siblings_stay():
    """Words of routes are never taken for values, however many there are."""
    paths = [f"/{word}" for word in "orders users invoices reports settings payments products customers search".split()]
    routes = learned(*paths * 50)

    assert lines(routes.export()) == sorted(paths)


def test_a_reserved_word_beside_values_stays():
    """``/users/me`` is no user."""
    routes = InferredRoutes()
    for name in PEOPLE * 4:
        routes.learn(f"/users/{name}", 200)
        routes.learn("/users/me", 200)

    assert routes.template_of("/users/me") == "/users/me"
    assert routes.template_of("/users/nobody") == "/users/{slug}"


def test_locales_are_gathered():
    """Language tags at one place become one placeholder, beside static siblings."""
    routes = learned(*[f"/{tag}/cart" for tag in ("de", "en", "fr", "pt-br", "ja", "it")], "/cart", "/search")

    assert lines(routes.export()) == ["/cart", "/search", "/{locale}/cart"]


def test_files_with_many_extensions_are_one_route():
    """What differs in its extension only is a file."""
    names = ("app.js", "site.css", "logo.png", "font.woff2", "icon.svg", "main.js")
    routes = learned(*[f"/assets/{name}" for name in names])

    assert lines(routes.export()) == ["/assets/{file}"]


def test_a_tree_of_files_is_one_parameter_that_spans_slashes():
    """Paths of any depth below one place are one route."""
    rng = random.Random(1)  # noqa: S311  traffic, no secret
    routes = InferredRoutes()
    for number in range(200):
        folders = "/".join(rng.choices(["src", "docs", "lib", "api"], k=number % 4))
        routes.learn(f"/browse/{folders}/file{number}.{rng.choice(['py', 'md', 'txt', 'json'])}", 200)

    assert lines(routes.export()) == ["/browse/{path:path}"]


def test_a_scanner_makes_no_names():
    """A hundred thousand junk requests among real ones: the names are those of the routes."""
    routes = InferredRoutes()
    names = {routes.learn(path, status) for _, path, status, _ in served("stripelike", 20_000)}
    noise = {
        routes.learn(path, status) for _, path, status, true in traffic({"name": "x", "templates": [{"template": "/", "methods": ["GET"], "params": {}}]}, 100_000, 2) if true < 0
    }  # fmt: skip

    assert len(names) < 150
    assert len(noise - names) == 0


@pytest.mark.parametrize("corpus", ["github", "shop", "kubelike", "railslike", "odatalike"])
def test_the_same_order_gives_the_same_names(corpus):
    """Two learners that see the same requests agree on every one, and on the file."""
    first, second = InferredRoutes(), InferredRoutes()
    exchanges = served(corpus)

    assert [first.learn(path, status) for _, path, status, _ in exchanges] == [
        second.learn(path, status) for _, path, status, _ in exchanges
    ]
    assert first.export() == second.export()


@pytest.mark.parametrize(
    "corpus", sorted(file.stem for file in CORPORA.glob("*.json") if file.stem not in ("github", "digitalocean"))
)
def test_an_exported_file_freezes_all_names(corpus):
    """After loading, every path that the file names keeps its name, and no path is ever renamed."""
    exchanges = served(corpus)
    teacher = InferredRoutes()
    for _, path, status, _ in exchanges:
        teacher.learn(path, status)
    routes = InferredRoutes()
    routes.load(teacher.export())
    before = [routes.template_of(path) for _, path, _, _ in exchanges]
    names = {}
    for _, path, status, _ in [*exchanges, *served(corpus, seed=6)]:
        names.setdefault(path, set()).add(routes.learn(path, status) or routes.template_of(path))

    after = [routes.template_of(path) for _, path, _, _ in exchanges]
    assert [(old, new) for old, new in zip(before, after, strict=True) if old != new and old is not None] == []
    assert [path for path, given in names.items() if len(given - {None}) > 1] == []


def test_export_is_sorted_and_says_why():
    """One route a line, sorted, with hits, first occurrence and reason."""
    routes = learned("/orders/1", "/health", "/orders/2", "/health", "/orders/3")

    assert routes.export().splitlines()[-2:] == [
        "/health  # hits=2, first-seen=request 2, why=static",
        "/orders/{int}  # hits=3, first-seen=request 1, why=int",
    ]


def test_an_edited_file_is_obeyed():
    """Routes can be merged and parameters named; what the file declares outranks learning and what was learned."""
    routes = learned("/tiles/streets/1", "/tiles/dark/1", "/orders/1")
    routes.load(
        """
        # reviewed by Ada
        /tiles/{style}/{int}        # merged
        GET,POST /orders/{order_id} # named
        """
    )

    assert routes.learn("/tiles/streets/1", 200) == "/tiles/{style}/{int}"
    assert routes.template_of("/orders/1") == "/orders/{order_id}"
    assert lines(routes.export()) == ["/orders/{order_id}", "/tiles/{style}/{int}"]
    assert "hits=1" in routes.export()


def test_new_routes_are_learned_after_loading():
    """A deployment after the review: what is beyond doubt gets a name, what is not gets none."""
    routes = InferredRoutes()
    routes.load("/orders/{int}")

    assert routes.learn("/invoices/17/lines", 200) == "/invoices/{int}/lines"
    assert routes.learn("/users/xyzzy", 200) is None


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("/a\n/orders/{id", ["line 2"]),
        ("orders", ["line 1"]),
        ("/a/{x}\n/a/{y}", ["line 1", "line 2"]),  # one shape, two names
        ("/{a\n/ok\n/b}{", ["line 1", "line 3"]),
    ],
)
def test_a_malformed_file_is_refused_as_a_whole(text, named):
    """Every bad line is named, and nothing changes."""
    routes = learned("/orders/1")
    before = routes.export()
    with pytest.raises(ConfigurationError) as refused:
        routes.load(text)

    assert [name for name in named if name not in str(refused.value)] == []
    assert routes.export() == before


@pytest.mark.parametrize("text", [None, 5, b"/orders"])
def test_a_file_that_is_no_text_is_refused(text):
    """The error shows what was given."""
    with pytest.raises(ConfigurationError, match=re.escape(repr(text))):
        InferredRoutes().load(text)


@pytest.mark.parametrize("status", [None, "200", 2.5])
def test_a_status_that_is_none_teaches_nothing(status):
    """Nor does it raise."""
    routes = InferredRoutes()
    assert routes.learn("/orders", status) is None
    assert routes.template_of("/orders") is None


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"max_templates": 0}, ["max_templates=0"]),
        ({"max_templates": True}, ["max_templates=True"]),
        ({"max_templates": "9"}, ["max_templates='9'"]),
        ({"on_metrics": 1}, ["on_metrics=1"]),
        ({"max_templates": -1, "on_metrics": None}, ["max_templates=-1", "on_metrics=None"]),
    ],
)
def test_wrong_settings_are_refused_all_at_once(options, words):
    """A learner with wrong settings cannot be built."""
    with pytest.raises(ConfigurationError) as refused:
        InferredRoutes(**options)

    assert [word for word in words if word not in str(refused.value)] == []


def test_settings_can_be_read():
    """What was set is readable."""
    routes = InferredRoutes(max_templates=7, on_metrics=True)

    assert (routes.max_templates, routes.on_metrics) == (7, True)
    assert repr(routes) == "InferredRoutes(max_templates=7, on_metrics=True)"


@pytest.mark.parametrize("most", [1, 10, FREELY_GIVEN + 20])
def test_templates_are_capped(most):
    """Past ``max_templates`` the method alone names a request; what was named stays named."""
    words = sorted(lexicon()._words)
    paths = [
        f"/{words[place * 100]}/{word}" for place in range(40) for word in words[place * 100 + 1 : place * 100 + 41]
    ]
    routes = InferredRoutes(max_templates=most)
    names = {routes.learn(path, 200) for path in paths * 8}

    assert len(names - {None}) == most
    assert None in names
    assert routes.template_of(paths[0]) == paths[0]


def test_a_flood_of_route_words_is_bounded():
    """An application that answers everything with 200 costs a bounded tree and a bounded set of names."""
    rng = random.Random(2)  # noqa: S311  the same
    words = sorted(lexicon()._words)
    routes = InferredRoutes()
    names = {routes.learn("/" + "/".join(rng.choices(words, k=rng.randint(1, 8))), 200) for _ in range(30_000)}
    tree = routes._learner._tree

    assert len(names) <= routes.max_templates + 1
    assert tree.nodes <= MAX_NODES
    assert tree.nodes == tree.root.size() + 1


@pytest.mark.parametrize("corpus", ["github", "filelike", "shop", "wikilike"])
def test_nodes_are_counted_right(corpus):
    """Whatever was opened, merged and cut: the count is the size of the tree, and no hit is lost at its root."""
    routes = InferredRoutes()
    exchanges = served(corpus)
    for _, path, status, _ in exchanges:
        routes.learn(path, status)
    routes.export()
    tree = routes._learner._tree

    assert tree.nodes == tree.root.size() + 1
    assert tree.root.hits == tree.requests == sum(200 <= status < 300 or status == 304 for _, _, status, _ in exchanges)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(alphabet="ab1-_./:{}#é @()',", max_size=30).map("/".__add__), max_size=60))
def test_any_paths_can_be_learned_exported_and_loaded(paths):
    """No path breaks learning, and every exported file loads and names what it was learned from."""
    routes = learned(*paths)
    frozen = InferredRoutes()
    frozen.load(routes.export())

    assert [path for path in paths if (routes.template_of(path) is None) != (frozen.template_of(path) is None)] == []


def test_eight_threads_lose_nothing():
    """Learning from several threads at once counts every request, and never fails."""
    routes = InferredRoutes()
    failures = []

    def work(number):
        rng = random.Random(number)  # noqa: S311  the same
        try:
            for _ in range(2000):
                routes.learn(f"/users/{rng.choice(PEOPLE)}/posts/{rng.randrange(50)}", 200)
                routes.template_of(f"/users/{rng.choice(PEOPLE)}")
        except Exception as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert lines(routes.export()) == ["/users/{slug}/posts/{int}"]
    assert "hits=16000" in routes.export()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_fork_does_not_inherit_a_held_lock():
    """A child that was forked while another thread learned can learn."""
    routes = learned("/orders/1")
    with routes._lock:
        child = os.fork()
        if not child:
            os._exit(0 if routes.learn("/orders/2", 200) == "/orders/{int}" else 1)

    assert os.waitpid(child, 0)[1] == 0
