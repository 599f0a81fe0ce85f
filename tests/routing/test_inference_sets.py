"""Which words are values of one set: what is read from their siblings and from the routes below them."""

from __future__ import annotations

import random

from otel_middleware.routing.filetrees import is_file_tree
from otel_middleware.routing.inference import InferredRoutes
from otel_middleware.routing.lexicon import lexicon
from otel_middleware.routing.node import TAIL_PLACE
from otel_middleware.routing.segments import HOLE, Segment
from otel_middleware.routing.tree import Tree

PEOPLE = "ada alan barbara claude donald edsger frances grace hedy ivan john ken leslie margaret niklaus".split()
PROJECTS = "invoice-editor account-export upload-service order-history payment-search".split()


def lines(routes):
    return [line.split("  #")[0] for line in routes.export().splitlines() if line and not line.startswith("#")]


def test_a_busy_value_that_looks_like_a_route_is_told_by_the_routes_below():
    """An owner called ``reports`` with projects of its own is an owner: their routes are those of all owners."""
    rng = random.Random(1)  # noqa: S311  traffic, no secret
    routes = InferredRoutes()
    for _ in range(600):
        owner = rng.choice([*PEOPLE, "reports", "reports", "reports"])
        project = rng.choice(PROJECTS) if owner == "reports" else f"{owner}{rng.randrange(5)}-kzy"
        routes.learn(f"/repos/{owner}/{project}/{rng.choice(['commits', 'issues'])}", 200)

    assert lines(routes) == ["/repos/{slug}/{slug}/commits", "/repos/{slug}/{slug}/issues"]


def test_a_word_with_routes_of_its_own_stays_beside_values():
    """``/u/settings/profile`` is no page of a user, though users have pages of any name."""
    rng = random.Random(1)  # noqa: S311  the same
    routes = InferredRoutes()
    for _ in range(900):
        routes.learn(f"/u/{rng.choice(PEOPLE)}/{rng.choice(PEOPLE)}kz", 200)
        routes.learn(f"/u/{rng.choice(PEOPLE)}/followers", 200)
        routes.learn(f"/u/settings/{rng.choice(['profile', 'emails', 'billing'])}", 200)

    assert [line for line in lines(routes) if line.startswith("/u/settings")] == [
        "/u/settings/billing",
        "/u/settings/emails",
        "/u/settings/profile",
    ]


def test_what_joins_a_set_whose_values_are_file_trees_is_one_too():
    """A branch that is recognised late has no routes beside ``/raw/{slug}/{path:path}``."""
    rng = random.Random(1)  # noqa: S311  the same
    routes = InferredRoutes()
    for number in range(900):
        folders = "/".join(rng.choices(["src", "docs", "lib", "api"], k=number % 4))
        branch = rng.choice([*PEOPLE, "master", "master"])
        routes.learn(f"/raw/{branch}/{folders}/file{number}.{rng.choice(['py', 'md', 'txt', 'json'])}", 200)
    tree = routes._learner._tree

    assert lines(routes) == ["/raw/{slug}/{path:path}"]
    assert tree.nodes == tree.root.size() + 1


def test_words_that_are_values_elsewhere_are_values_below_the_same_name():
    """A few namespaces that look like routes are told by the place of the same name where many were seen."""
    names = ["default", "monitoring", "internal", "payments", "kube-system"]
    routes = InferredRoutes()
    for name in [*names, *(f"{person}-{number}7kq" for number, person in enumerate(PEOPLE))] * 2:
        routes.learn(f"/api/namespaces/{name}/pods", 200)
    for name in names:
        routes.learn(f"/batch/namespaces/{name}/jobs", 200)

    assert lines(routes) == ["/api/namespaces/{slug}/pods", "/batch/namespaces/{slug}/jobs"]


def test_a_popular_value_among_values_that_look_like_routes_is_one_of_them():
    """Where values are words of routes popularity only tells what is asked far more often than any other."""
    rng = random.Random(3)  # noqa: S311  the same
    words = rng.sample(sorted(word for word in lexicon()._words if len(word) > 5), 2000)
    tags = [(word, f"{word}{rank % 10}", f"{word[::-1]}")[rank % 3] for rank, word in enumerate(words)]
    routes = InferredRoutes()
    for tag in rng.choices(tags, [1 / rank for rank in range(1, 2001)], k=3000):
        routes.learn(f"/tags/{tag}", 200)
        if rng.random() < 0.4:  # three times what the most popular tag gets
            routes.learn("/tags/overview", 200)

    assert lines(routes) == ["/tags/overview", "/tags/{slug}"]


def test_things_with_the_same_pages_are_values():
    """A few brands are told by the page that each has, in whatever language: ``/marken/{slug}/neuheiten``."""
    routes = InferredRoutes()
    for brand in ["space", "round", "climate", "food", "kuvasz"] * 60:
        routes.learn(f"/marken/{brand}", 200)
        routes.learn(f"/marken/{brand}/neuheiten", 200)

    assert lines(routes) == ["/marken/{slug}", "/marken/{slug}/neuheiten"]


def test_collections_whose_members_have_the_same_routes_are_no_values():
    """What is below the values of several collections tells nothing of the collections."""
    collections = "orders invoices payments customers products".split()
    routes = InferredRoutes()
    for number in range(600):
        name = collections[number % 5]
        routes.learn(f"/{name}", 200)
        routes.learn(f"/{name}/{number}", 200)
        routes.learn(f"/{name}/{number}/comments", 200)

    assert {line.split("/")[1] for line in lines(routes)} == set(collections)


def test_a_crowd_in_which_hardly_any_word_comes_twice_is_open():
    """Values that half look like routes are told by how fast new ones come."""
    rng = random.Random(4)  # noqa: S311  the same
    words = rng.sample(sorted(word for word in lexicon()._words if len(word) > 5), 60)
    routes = InferredRoutes()
    for number, word in enumerate(words):
        routes.learn(f"/v2/{word if number % 3 else word[::-1]}/manifests", 200)

    assert lines(routes) == ["/v2/{slug}/manifests"]


def test_collections_that_hold_the_same_values_are_no_values():
    """People that several lists have in common are no routes: ``/followers/ada`` and ``/blocked/ada`` are two."""
    rng = random.Random(5)  # noqa: S311  the same
    lists = "followers following blocked muted pending requested".split()
    routes = InferredRoutes()
    for _ in range(900):
        person = rng.choice(PEOPLE[:3]) if rng.random() < 0.5 else rng.choice(PEOPLE) + rng.choice("klmnopq")
        routes.learn(f"/{rng.choice(lists)}/{person}", 200)

    assert {line.split("/")[1] for line in lines(routes)} == set(lists)


def test_a_word_in_a_new_crowd_waits():
    """Where hardly any word came twice, the next is printed as a value until it has been seen more often."""
    words = "invoice-editor zqaru account-export upload-service order-history payment-search".split()
    routes = InferredRoutes()
    for word in words:
        routes.learn(f"/p/{word}", 200)

    assert routes.learn("/p/report-builder", 200) == "/p/{slug}"
    for _ in range(10):
        routes.learn("/p/report-builder", 200)
    assert routes.template_of("/p/report-builder") == "/p/report-builder"


def test_a_marked_word_beside_values_is_a_route():
    """``/_cluster`` is no user and ``/-/`` no repository, even when they are asked for the first time."""
    routes = InferredRoutes()
    for person in PEOPLE:
        routes.learn(f"/{person}kz/repos", 200)
        routes.learn(f"/{person}kz", 200)

    assert routes.learn("/_cluster/health", 200) == "/_cluster/health"
    assert routes.learn("/-/health", 200) == "/-/health"
    assert routes.learn("/adakz/$count", 200) == "/{slug}/$count"


def test_marks_mean_nothing_when_there_are_many():
    """Names that begin with an underscore, too, are names when there is a crowd of them."""
    words = [word for word in sorted(lexicon()._words) if len(word) == 5 and word.isalpha()][:200]
    routes = InferredRoutes()
    for name in [f"{person}kz" for person in PEOPLE] + [f"_{word}" for word in words]:
        routes.learn(f"/u/{name}", 200)

    assert len(lines(routes)) <= 50


def test_a_few_strange_names_asked_all_the_time_are_no_open_set():
    """Services called as nobody calls a route: when there was none new in thousands of requests there will be none."""
    methods = ["CheckStock", "GetUser", "ListItems", "PlaceOrder", "RefundPayment"]
    paths = [f"/{name}kz7/{method}" for name, method in zip(PEOPLE, methods, strict=False)]
    routes = InferredRoutes()
    for path in paths:
        for _ in range(1000):
            routes.learn(path, 200)

    assert lines(routes) == paths


def test_places_within_places_are_no_files():
    """Countries, cities and hotels end paths on three levels, and no level goes on for ever."""
    rng = random.Random(1)  # noqa: S311  the same
    routes = InferredRoutes()
    for _ in range(3000):
        country, city, hotel = (f"{rng.choice(PEOPLE)}{rng.choice('kqx')}z" for _ in range(3))
        path = rng.choice([f"/{country}", f"/{country}/{city}", f"/{country}/{city}/{hotel}"])
        routes.learn(f"/hotels{path}", 200)

    assert lines(routes) == ["/hotels/{slug}", "/hotels/{slug}/{slug}", "/hotels/{slug}/{slug}/{slug}"]


def test_a_folder_found_first_does_not_divide_a_tree_of_files():
    """Folders that are trees of files, beside files: all is one tree; beside routes it is not."""
    tree = Tree()
    bucket = tree.add_word(tree.root, "bucket", Segment(None, HOLE, 1.0))
    folders = tree.add_slot(bucket, HOLE, "slug")
    tree.add_slot(folders, TAIL_PLACE, "path")
    files = tree.add_slot(bucket, "{}.pdf", "slug")
    folders.hits = 92

    files.hits, bucket.hits = 1, 93
    assert not is_file_tree(bucket)
    files.hits, bucket.hits = 8, 100
    assert is_file_tree(bucket)
    tree.add_word(bucket, "settings", Segment(None, HOLE, 1.0)).hits = 50
    assert not is_file_tree(bucket)


def test_parameters_of_a_segment_are_no_part_of_it():
    """They are asked for like a query, and may be a session."""
    routes = InferredRoutes()
    names = {
        routes.learn(path, 200)
        for path in ("/cart.do", "/cart.do;jsessionid=0AAB6C8DE415E2E1", "/cart.do;jsessionid=ABCDEFABCDEF;v=1")
    }
    routes.load(routes.export())

    assert names == {"/cart.do"}
    assert routes.template_of("/cart.do;jsessionid=1") == "/cart.do"
    assert routes.learn("/points/1.5,2.5;3.5,4.5", 200) == "/points/{list}"


def test_words_that_differ_in_their_numbers_are_values():
    """``page1`` to ``page9`` are no nine routes; the steps of a form are few, and ``v1``, ``v2`` are versions."""
    routes = InferredRoutes()
    for number in range(1, 10):
        for _ in range(20):
            routes.learn(f"/archive/page{number}", 200)
            routes.learn(f"/{['v1', 'v2', 'v3'][number % 3]}/orders", 200)
            routes.learn(f"/checkout/step{number % 3}", 200)

    assert lines(routes) == [
        "/archive/{slug}",
        "/checkout/step0",
        "/checkout/step1",
        "/checkout/step2",
        "/v1/orders",
        "/v2/orders",
        "/v3/orders",
    ]
    assert routes.learn("/archive/page10", 200) == "/archive/{slug}"


def test_the_number_of_an_extension_is_none_of_a_series():
    """``intro.mp3`` beside ``page1`` to ``page11``: its name does not go to and fro as more pages come."""
    routes = InferredRoutes()
    for number in range(66):
        routes.learn(f"/m/page{number % 11}", 200)
    names = []
    for number in range(200):
        for word in ("intro", "theme", "help", "about", "contact"):
            names.append(routes.learn(f"/m/{word}.mp3", 200))
        routes.learn(f"/m/page{11 + number}", 200)

    late = names[len(names) // 2 :]
    assert len(set(late)) in (1, 5)
