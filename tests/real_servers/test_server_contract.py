"""Every server over its socket, by one suite: the client gets what the bare application gives it, the spans tell the truth."""

from __future__ import annotations

import pytest
from real_servers.clients import client_of
from real_servers.contract import CASES, EXCEPTIONS, contract, told_of
from real_servers.server_table import SERVERS

DRIVEN = [
    (server, case)
    for server, row in SERVERS.items()
    for case in CASES
    if row.protocol in CASES[case].protocols and row.version in CASES[case].versions
]


def asked(port, pair, case, requests):
    client = client_of(pair.server.version)(port)
    return getattr(client, case.how)(*requests, **dict(case.options))


@pytest.mark.parametrize(("pair", "name"), DRIVEN, indirect=["pair"])
def test_the_client_gets_the_same_and_the_spans_are_true(pair, name):
    """Status, headers, body and its framing are the bare application's, byte by byte; exactly the spans of the contract arrive."""
    case = contract(pair.name, name)
    requests = [request._replace(trace_id=pair.trace_id()) for request in case.asked]
    bare = asked(pair.bare.port, pair, case, requests)
    instrumented = asked(pair.instrumented.port, pair, case, requests)
    spans = pair.spans(len(case.spans))
    pair.late += case.late

    assert told_of(spans) == list(case.spans)
    assert instrumented == bare
    assert [answer.status for answer in bare] == [status for status, _ in case.answers]
    for answer, (_, body) in zip(bare, case.answers, strict=True):
        assert body in (None, answer.body)


def test_every_exception_is_of_a_case_that_is_driven():
    """A row of the table of exceptions that no test asserts would be a silent one."""
    assert set(EXCEPTIONS) <= set(DRIVEN)
