"""The recording scope is a scope like any other, and what is written to it reaches the server's."""

from __future__ import annotations

import copy

from hypothesis import given
from hypothesis import strategies as st

from otel_middleware.frameworks._recording import Hop, RecordingScope

KEYS = st.sampled_from(["route", "router", "endpoint", "root_path", "path", "state"])
CHANGES = st.dictionaries(KEYS, st.integers())
WRITES = st.one_of(
    st.tuples(st.just("set"), KEYS, st.integers()),
    st.tuples(st.just("setdefault"), KEYS, st.integers()),
    st.tuples(st.just("pop"), KEYS, st.integers()),
    st.tuples(st.just("delete"), KEYS, st.none()),
    st.tuples(st.just("update"), st.just(""), CHANGES),
    st.tuples(st.just("pairs"), st.just(""), CHANGES),
    st.tuples(st.just("named"), st.just(""), CHANGES),
    st.tuples(st.just("or"), st.just(""), CHANGES),
)


def written(scope, kind, key, value):
    """What the write gave back, or what it raised."""
    if kind == "set":
        scope[key] = value
        return None
    if kind == "or":
        scope |= value
        return None
    writes = {
        "setdefault": lambda: scope.setdefault(key, value),
        "pop": lambda: scope.pop(key) if value % 2 else scope.pop(key, value),
        "delete": lambda: scope.__delitem__(key),
        "update": lambda: scope.update(value),
        "pairs": lambda: scope.update(list(value.items())),
        "named": lambda: scope.update({"type": "http"}, **value),
    }
    try:
        return writes[kind]()
    except KeyError as missing:
        return repr(missing)


@given(st.lists(WRITES, max_size=12))
def test_it_is_a_dictionary_and_so_is_the_servers(writes):
    """Whatever is written, both hold what a plain dictionary would, and answer the same."""
    plain = {"type": "http", "path": "/"}
    server = dict(plain)
    recording = RecordingScope(server)
    for write in writes:
        assert written(plain, *write) == written(recording, *write)
    assert plain == dict(recording) == server


def test_copies_are_plain():
    """A middleware that copies a scope gets a dictionary, that writes nowhere else."""
    recording = RecordingScope({"type": "http"})
    for copied in (copy.copy(recording), recording.copy(), dict(recording), {**recording}, recording | {}):
        assert type(copied) is dict


def test_a_route_is_noted_with_what_it_leads_to():
    """The route that was written before, or with, the endpoint belongs to it; one for each router."""
    recording = RecordingScope({"type": "http", "root_path": "/srv"})
    recording["route"] = "mount"
    recording.update({"endpoint": "app", "root_path": "/srv/acme"})
    recording.update({"endpoint": "handler", "route": "leaf"})
    recording.update({"endpoint": "untold"})
    recording.update({"path_params": {}})
    assert recording.hops == [
        Hop("mount", "app", "/srv"),
        Hop("leaf", "handler", "/srv/acme"),
        Hop(None, "untold", "/srv/acme"),
    ]


def test_a_router_is_noted():
    """Whether routing happened here is known, also where no route was found."""
    recording = RecordingScope({"type": "http"})
    assert not recording.routed
    recording["router"] = object()
    assert recording.routed


def test_a_recording_scope_in_a_recording_scope_notes_for_both():
    """An inner layer that records takes nothing from the outer one."""
    outer = RecordingScope({"type": "http"})
    inner = RecordingScope(outer)
    inner["route"] = "leaf"
    inner.update({"endpoint": "handler"})
    assert outer.hops == inner.hops == [Hop("leaf", "handler", "")]
