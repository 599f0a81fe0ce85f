"""Declared templates: every style, methods, precedence, slashes, limits, and what cannot be declared."""

from __future__ import annotations

import itertools

import pytest

from otel_middleware.errors import ConfigurationError
from otel_middleware.routing.table import RouteTable

UUID = "6f9619ff-8b86-d011-b42d-00c04fc964ff"


@pytest.mark.parametrize(
    ("template", "matching", "others"),
    [
        ("/", ["/", ""], ["/a", "//", "*"]),  # the root alone; some servers send an empty path for it
        ("/orders", ["/orders", "/orders/"], ["/order", "/orders/1", "/Orders", "orders"]),  # text is compared exactly
        ("/orders/{id}", ["/orders/1", "/orders/a b"], ["/orders", "/orders/", "/orders//", "/orders/1/2"]),
        (
            "/orders/{id:int}",
            ["/orders/12"],
            ["/orders/x", "/orders/-1", "/orders/1x", "/orders/\u0661"],
        ),  # ASCII digits
        ("/orders/<int:id>", ["/orders/12"], ["/orders/x"]),  # Werkzeug
        ("/orders/<id:int>", ["/orders/12"], ["/orders/x"]),  # Bottle, Sanic
        ("/orders/{int:id}", ["/orders/12"], ["/orders/x"]),  # BlackSheep
        ("/orders/<id>", ["/orders/x"], ["/orders/"]),
        ("/orders/:id", ["/orders/x"], ["/orders/"]),  # Express
        ("/orders/:id.json", ["/orders/x.json"], ["/orders/x", "/orders/.json"]),
        ("/flights/:from-:to", ["/flights/ams-lhr"], ["/flights/ams", "/flights/-lhr"]),
        (r"/orders/:id(\d+)", ["/orders/12"], ["/orders/x"]),
        ("/items:batchGet", ["/items:batchGet"], ["/itemsx"]),  # a colon inside a segment is text
        ("/v1/{name}:cancel", ["/v1/job:cancel"], ["/v1/job", "/v1/:cancel"]),
        ("/orders/{ id }", ["/orders/1"], ["/orders/"]),
        ("/temperature/{t:float}", ["/temperature/1.5", "/temperature/3"], ["/temperature/x", "/temperature/1."]),
        ("/temperature/<float(signed=True):t>", ["/temperature/-1.5"], ["/temperature/x"]),
        ("/things/{id:uuid}", [f"/things/{UUID}", f"/things/{UUID.replace('-', '')}"], ["/things/12"]),
        ("/things/{id:str}", ["/things/x"], ["/things/"]),
        ("/things/<string(length=2):lang>", ["/things/de"], ["/things/deu"]),
        (
            "/things/<string(minlength=2, maxlength=3):lang>",
            ["/things/de", "/things/deu"],
            ["/things/d", "/things/deut"],
        ),
        ("/things/{id:slug}", ["/things/a-b"], ["/things/", "/things/a/b"]),  # nobody's converter: any one segment
        ("/things/<any(a, 'bc'):x>", ["/things/a", "/things/bc"], ["/things/b", "/things/abc"]),
        ("/y/{year:[0-9]{4}}", ["/y/2024"], ["/y/202", "/y/20245", "/y/abcd"]),  # nested braces
        ("/y/{year:[0-9]{4}}-{month:[0-9]{2}}", ["/y/2024-05"], ["/y/2024-5"]),
        ("/y/{name:[^/]+}", ["/y/x"], ["/y/x/y"]),  # a slash inside an expression cuts nothing
        (r"/y/{x:\{[a-z]\}}", ["/y/{a}"], ["/y/a"]),  # escaped braces
        ("/y/<x:re:[a-z]+>", ["/y/abc"], ["/y/1"]),  # Bottle
        ('/y/<regex("[a-z]+"):x>', ["/y/abc"], ["/y/1"]),
        (
            "/files/{path:path}",
            ["/files/a", "/files/a/b.c", "/files/a//b", "/files/a/"],
            ["/files", "/files/", "/files//a"],
        ),
        ("/files/<path:p>", ["/files/a/b"], ["/files/"]),
        ("/files/*path", ["/files/a/b"], ["/files/"]),
        ("/files/*", ["/files/a/b"], ["/files/"]),
        ("/files/{*path}", ["/files/a/b"], ["/files/"]),  # ASP.NET, axum
        ("/files/{path:.*}", ["/files/a/b"], ["/files/"]),  # aiohttp, Pyramid: this expression spans slashes
        (
            "/files/{path:path}/meta",
            ["/files/a/meta", "/files/a/b/meta"],
            ["/files/meta", "/files//meta", "/files/a/b"],
        ),
        (
            "/files/{path:path}/{n:int}/meta",
            ["/files/a/1/meta", "/files/a/b/1/meta"],
            ["/files/1/meta", "/files/a/b/meta"],
        ),
        (
            "/files/v-{path:path}.js",
            ["/files/v-a.js", "/files/v-a/b.js"],
            ["/files/v-.js", "/files/a.js", "/files/v-a/b.c"],
        ),
        ("/files/{name}.json", ["/files/a.json", "/files/a.b.json"], ["/files/.json", "/files/a", "/files/a.jsonx"]),
        ("/@{user}", ["/@me"], ["/me", "/@"]),
        ("/{a}-{b}", ["/x-y", "/x-y-z", "/---"], ["/x-", "/-y", "/-", "/--", "/xy"]),
        ("/{a}{b}", ["/xy"], ["/x"]),  # one character each at least
        ("/{z:int}x{y:int}", ["/1x2"], ["/1x", "/axb"]),
        ("/Orders({id})/Items", ["/Orders(1)/Items"], ["/Orders()/Items", "/Orders/Items"]),  # OData
        ("/sl/", ["/sl/", "/sl"], ["/sl//", "/s"]),
    ],
)
def test_every_style_matches_what_its_framework_matches(template, matching, others):
    """A template matches its paths, is answered as it was declared, and matches nothing else."""
    table = RouteTable([template])

    assert dict.fromkeys(matching, template) == {path: table.match(path) for path in matching}
    assert dict.fromkeys(others) == {path: table.match(path) for path in others}


@pytest.mark.parametrize(
    ("path", "static_first", "declaration_order"),
    [
        ("/users/me", "/users/me", "/users/{id}"),  # text before a parameter
        ("/users/7", "/users/{n:int}", "/users/{id}"),  # a narrow parameter before a wide one
        ("/users/a.json", "/users/{f}.json", "/users/{id}"),  # text around a parameter before none
        ("/users/me/posts", "/users/me/{what}", "/users/{id}/posts"),  # decided at the first segment that differs
        ("/users/me/x/y", "/users/{rest:path}", "/users/{rest:path}"),  # the tree is walked back
        ("/files/a/meta", "/files/{p:path}/meta", "/files/{p:path}"),  # what follows a tail makes it narrower
        ("/users/x", "/users/{id}", "/users/{id}"),
    ],
)
def test_most_static_wins_or_the_first_declared(path, static_first, declaration_order):
    """The most static template wins by default, with first_match the one that was declared first."""
    templates = [
        "/users/{id}",
        "/users/{id}/posts",
        "/users/me",
        "/users/{n:int}",
        "/users/{f}.json",
        "/users/me/{what}",
        "/users/{rest:path}",
        "/files/{p:path}",
        "/files/{p:path}/meta",
    ]

    assert static_first == RouteTable(templates).match(path)
    assert declaration_order == RouteTable(templates, first_match=True).match(path)


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/orders/1", "/orders/{order}"),
        ("HEAD", "/orders/1", "/orders/{order}"),  # GET's serves HEAD
        ("POST", "/orders/1", "/orders/{id}"),
        ("PATCH", "/orders/1", "/orders/{id}"),
        ("DELETE", "/orders/1", None),  # a 405 without a route
        (None, "/orders/1", "/orders/{order}"),  # the first that was declared
        ("HEAD", "/head", "/head"),
        ("POST", "/any/1", "/any/{x}"),  # without methods: all of them
        ("DELETE", "/any/me", "/any/{x}"),  # the more static one does not serve it
        ("GET", "/any/me", "/any/me"),
        ("post", "/orders/1", None),  # methods are case-sensitive, RFC 9110 section 9.1
    ],
)
@pytest.mark.parametrize("first_match", [False, True])
def test_methods_narrow_an_entry(method, path, expected, first_match):
    """An entry with methods serves those alone, and GET's also HEAD."""
    table = RouteTable(
        [
            "GET /orders/{order}",
            ("/orders/{id}", ["POST", "patch"]),
            ("/head", "HEAD,OPTIONS"),
            "GET, PUT /any/me",
            ("/any/{x}", None),
        ],
        first_match=first_match,
    )

    assert expected == table.match(path, method)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/both", "/both"),
        ("/both/", "/both/"),
        ("/with", "/with/"),
        ("/without/", "/without"),
        ("/x/1/", "/x/{id}"),
        ("/both//", None),  # two slashes hold an empty segment
        ("/p/1", "/p/{id}/"),
    ],
)
def test_a_trailing_slash_is_forgiven(path, expected):
    """The exact spelling wins; where there is none, a slash more or less does not matter."""
    assert expected == RouteTable(["/both", "/both/", "/with/", "/without", "/x/{id}", "/p/{id}/"]).match(path)


def test_long_paths_match_tails_only():
    """Beyond 8192 characters or 64 segments only templates with a path parameter are matched."""
    table = RouteTable(["/a/{x}", "/t/{p:path}", "/t/{p:path}/end", "/" + "/".join(f"{{p{i}}}" for i in range(64))])

    assert table.match("/a/" + "x" * 8189) == "/a/{x}"
    assert table.match("/a/" + "x" * 8190) is None
    assert table.match("/x" * 64) is not None
    assert table.match("/x" * 65) is None
    assert table.match("/t" + "/x" * 10_000) == "/t/{p:path}"
    assert table.match("/t" + "/x" * 10_000 + "/end") == "/t/{p:path}/end"
    assert RouteTable(["/a/{x}"]).match("/a/" + "x" * 8190) is None


def test_hostile_segments_are_matched_in_linear_time():
    """Several parameters in one segment do not multiply: this would not end if they did."""
    table = RouteTable(["/{a}-{b}-{c}-{d}-{e}.json", "/n/{a:int}{b:int}{c}x"])

    assert table.match("/" + "-" * 8000) is None
    assert table.match("/n/" + "1" * 1000) is None


def ambiguous(depth, end):
    """2^depth templates, each segment the text a or a parameter."""
    for kinds in itertools.product((False, True), repeat=depth):
        yield "/" + "/".join(f"{{p{at}}}" if kind else "a" for at, kind in enumerate(kinds)) + end


@pytest.mark.parametrize("first_match", [False, True])
def test_ambiguous_tables_never_answer_falsely(first_match):
    """However often a search must go back, what matches is found and what does not is None."""
    templates = [*ambiguous(10, "/end"), "/{p0}" + "/a" * 9 + "/{last}/x"]
    table = RouteTable(templates, first_match=first_match)

    assert table.match("/a" * 10 + "/end") == templates[0]
    assert table.match("/a" * 9 + "/b/end") == templates[1]
    assert table.match("/b" * 10 + "/end") == templates[1023]
    assert table.match("/a" * 10 + "/no/x") == templates[1024]
    assert table.match("/a" * 10 + "/no") is None


def test_equal_subtrees_fail_each_for_their_own_methods():
    """A part of the tree that fails for a method says nothing about one that looks alike but serves it."""
    table = RouteTable(["GET /a/b/x", "GET /a/{p}/y", "POST /{q}/b/{z}", "GET /a/b/{z}", "POST /{q}/{p}/y"])

    assert table.match("/a/b/x", "POST") == "/{q}/b/{z}"
    assert table.match("/a/b/y", "POST") == "/{q}/b/{z}"

    twins = RouteTable(["GET /a/b/{x}", "GET /a/{p}/{x}", "POST /{q}/b/{x}", "POST /{q}/{p}/{x}"])

    assert twins.match("/a/b/c", "POST") == "/{q}/b/{x}"
    assert twins.match("/a/b/c", "DELETE") is None


def test_equal_subtrees_fail_each_for_their_own_place_in_the_declaration():
    """With first_match a part that holds nothing early enough says nothing about one that looks alike but does."""
    table = RouteTable(["/{n:int}/{q}/y", "/{p}/b/x", "/{p}/{q}/y", "/1/b/x", "/{n:int}/b/x"], first_match=True)

    assert table.match("/1/b/x") == "/{p}/b/x"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/a.tar.gz", "/{x}.tar.gz"),  # more text
        ("/p-a.gz", "/p-{x}.gz"),  # text in more places
        ("/7", "/{n:int}"),  # a type before an expression
        ("/me", "/<any(me,you):x>"),  # some words before an expression
        ("/you-me", "/{x}-{y}"),  # any text before none
        ("/x", "/{w:[a-z0-9]+}"),  # an expression before any segment
        ("/X", "/{x}"),
    ],
)
def test_among_patterns_the_most_particular_wins(path, expected):
    """Templates that differ in one pattern only are tried from the particular to the general."""
    table = RouteTable(
        ["/{x}", "/{w:[a-z0-9]+}", "/<any(me,you):x>", "/{n:int}", "/{x}-{y}", "/{x}.gz", "/{x}.tar.gz", "/p-{x}.gz"]
    )

    assert table.match(path) == expected


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("orders", "no leading slash"),
        ("GET orders", "no leading slash"),
        ("", "it is empty"),
        ("  ", "it is empty"),
        (7, "neither a template nor a pair"),
        (None, "neither a template nor a pair"),
        (b"/a", "neither a template nor a pair"),
        (("/a", ["GET"], 1), "neither a template nor a pair"),
        ((7, "GET"), "neither a template nor a pair"),
        (("/a", []), "no method names"),
        (("/a", [7]), "no method names"),
        (("/a", "GET POST"), "no method names"),
        (("/a", 7), "no method names"),
        ("/a/{x", "a bracket is not closed"),
        ("/a/{x/y}", "a bracket is not closed"),
        ("/a/{x:[0-9]{2}", "a bracket is not closed"),
        ("/a/<x", "a bracket is not closed"),
        ("/a/x}", "closed that was not opened"),
        ("/a/{x}}", "closed that was not opened"),
        ("/a/x>", "closed that was not opened"),
        ("/a/{}", "empty parameter name"),
        ("/a/<>", "empty parameter name"),
        ("/a/:", "empty parameter name"),
        ("/a/{:int}", "empty parameter name"),
        ("/a/{x:}", "a colon and no converter"),
        ("/a/{x}/{x}", "the parameter 'x' twice"),
        ("/a/{x}-<int:x>", "the parameter 'x' twice"),
        ("/a/{x:[}", "no valid regular expression"),
        ("/a/{x:y{99999999999}}", "no valid regular expression"),
        ("/a/{x:(?P<same>y)}{z:(?P<same>y)}", "no valid regular expression"),
        ("/a/{x:path}/{y:path}", "followed by another path parameter"),
        ("/a/{x:path}/b/*y", "followed by another path parameter"),
        ("/a/{x:path}-{y}", "shares its segment"),
        ("/a" * 30 + "/{x}" + "/b" * 34, "more than 64 segments"),
    ],
)
def test_malformed_entries_are_refused(entry, reason):
    """What cannot be declared is refused with the entry and the reason."""
    with pytest.raises(ConfigurationError) as refused:
        RouteTable(["/fine", entry])

    assert len(refused.value.problems) == 1
    assert f"templates[1]={entry!r}: " in refused.value.problems[0]
    assert reason in refused.value.problems[0]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("/a", "/a"),
        ("/a/{x}", "/a/{y}"),
        ("/a/{x}", "/a/:y"),
        ("/a/{x:int}", "/a/<int:y>"),
        ("/a/{x:path}", "/a/*y"),
        ("GET /a/{x}", "GET,POST /a/{y}"),
        ("GET /a/{x}", "/a/{x}"),  # without methods: all of them
        ("/a/{x}", "GET /a/{x}"),
        ("/a/p-{x}", "/a/p-{y}"),
    ],
)
def test_duplicates_are_refused(first, second):
    """Two entries that match the same requests contradict each other, and both are named."""
    with pytest.raises(ConfigurationError, match="duplicate of") as refused:
        RouteTable([first, second])

    assert f"templates[0]={first!r}" in str(refused.value)
    assert f"templates[1]={second!r}" in str(refused.value)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"templates": "/orders/{id}"}, "pass a list"),
        ({"templates": b"/orders"}, "pass a list"),
        ({"templates": 7}, "no iterable"),
        ({"templates": [], "infer": "yes"}, "infer='yes'"),
        ({"templates": [], "first_match": 1}, "first_match=1"),
    ],
)
def test_arguments_of_a_wrong_kind_are_refused(arguments, reason):
    """A string in place of a list, and a setting that is no boolean, are named with their values."""
    with pytest.raises(ConfigurationError, match=reason):
        RouteTable(**arguments)


def test_all_problems_are_told_at_once():
    """One error holds every problem."""
    with pytest.raises(ConfigurationError) as refused:
        RouteTable(["/a/{x}", "b", "/a/{y}", 7, "/c/{"], infer=None)

    assert len(refused.value.problems) == 5


def test_a_table_says_what_was_declared():
    """Templates are readable as declared, without methods, and settings as given."""
    table = RouteTable(iter(["GET /a/{x}", "POST /a/{x}", "/b"]), infer=False, first_match=True)

    assert table.templates == ("/a/{x}", "/b")
    assert (table.infer, table.first_match) == (False, True)
    assert repr(table) == "<RouteTable of 2 templates>"
    assert RouteTable([]).match("/") is None
    assert RouteTable([]).infer is True


def test_a_static_template_is_beaten_by_an_earlier_parameter_for_its_methods():
    """With first_match a later static template wins where the earlier one does not serve the method."""
    table = RouteTable(["GET /a/{x}", "POST /a/me", "PUT /{y}/me", "PUT /a/me", "DELETE /a/me"], first_match=True)

    assert [table.match("/a/me", method) for method in ("GET", "POST", "PUT", "DELETE", None)] == [
        "/a/{x}",
        "/a/me",
        "/{y}/me",
        "/a/me",
        "/a/{x}",
    ]
    assert RouteTable(["POST /a/me", "PUT /{y}/me", "PUT /a/me"], first_match=True).match("/a/me", "PUT") == "/{y}/me"


def test_a_reviewed_file_is_declared(tmp_path):
    """Comments and blank lines mean nothing, equal lines are one route, labels may repeat, methods may stand first."""
    file = tmp_path / "routes.txt"
    file.write_text(
        "# reviewed by a person\n"
        "\n"
        "/orders  # 12 hits\n"
        "/orders/{int}/items/{int}    # 7 hits, first seen 2024-01-01, typed\n"
        "/tiles/{style}/{int}\n"
        "/tiles/{style}/{int}\t# merged\n"
        "GET,POST /café/{slug}\n"
        "/c#/{int}#x\n",
        encoding="utf-8",
    )
    table = RouteTable.from_file(file, infer=False, first_match=True)

    assert table.match("/orders/1/items/x") == "/orders/{int}/items/{int}"
    assert table.match("/tiles/dark/3") == "/tiles/{style}/{int}"
    assert table.match("/café/x", "POST") == "/café/{slug}"
    assert table.match("/café/x", "PUT") is None
    assert table.match("/c#/1#x") == "/c#/{int}#x"
    assert len(table.templates) == 5
    assert (table.infer, table.first_match) == (False, True)


@pytest.mark.parametrize(
    ("content", "reasons"),
    [
        (
            "/ok\n\norders\n/a/{x",
            ["routes.txt, line 3, 'orders': it has no leading slash", "routes.txt, line 4, '/a/{x'"],
        ),
        ("/a/{x}\n/a/{y}", ["line 2, '/a/{y}': it is a duplicate of", "line 1, '/a/{x}'"]),
    ],
)
def test_a_bad_line_is_named_with_its_number(tmp_path, content, reasons):
    """Errors of a reviewed file name the file and the line."""
    file = tmp_path / "routes.txt"
    file.write_text(content, encoding="utf-8")

    with pytest.raises(ConfigurationError) as refused:
        RouteTable.from_file(str(file))
    assert all(reason in str(refused.value) for reason in reasons)


def test_an_unreadable_file_is_named(tmp_path):
    """A file that is missing, or not UTF-8, is a configuration error that names it."""
    (tmp_path / "latin").write_bytes(b"/caf\xe9")

    for name in ("missing", "latin"):
        with pytest.raises(ConfigurationError, match=name):
            RouteTable.from_file(tmp_path / name)
