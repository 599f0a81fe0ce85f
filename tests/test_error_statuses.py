"""Which responses an owner calls errors."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_middleware.errors import ConfigurationError
from otel_middleware.request import Request, Response
from otel_middleware.status import ErrorStatuses


def verdict(policy, status):
    return policy(Response(Request(), status=status))


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (404, True),  # listed as an error by itself
        (450, True),  # inside a "first-last" range
        (459, True),  # its last one counts
        (460, None),  # the next does not
        (503, False),  # listed as expected
        (520, False),  # a pair counts both ends
        (521, False),
        (522, None),
        (500, None),  # not listed: the conventions decide
        (200, None),
        (None, None),  # no status is known yet
    ],
)
def test_a_listed_status_is_decided_and_no_other(status, expected):
    """Errors are ``True``, expected ones ``False``, and about all others there is no opinion."""
    policy = ErrorStatuses(errors=[404, "450-459"], expected=(range(503, 504), (520, 521)))

    assert expected is verdict(policy, status)


def test_without_lists_there_is_no_opinion_at_all():
    """The default policy leaves every status to the conventions."""
    assert {None} == {verdict(ErrorStatuses(), status) for status in range(100, 600)}


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"errors": [99]}, "99"),  # below the first valid status
        ({"errors": [600]}, "600"),  # above the last
        ({"errors": [range(500, 700)]}, "700"),  # partly outside
        ({"errors": [range(500, 500)]}, "range(500, 500)"),  # no status at all
        ({"errors": ["599-500"]}, "599-500"),  # the wrong way round
        ({"errors": ["5xx"]}, "5xx"),  # not a spelling we know
        ({"errors": ["400-450-499"]}, "400-450-499"),  # three ends
        ({"errors": [(400, 499, 500)]}, "(400, 499, 500)"),  # the same
        ({"errors": [()]}, "()"),  # no end
        ({"errors": ["0404"]}, "0404"),
        ({"errors": [True]}, "True"),  # a bool is no status though it is an int
        ({"errors": [404.0]}, "404.0"),
        ({"errors": [None]}, "None"),
        ({"errors": ["\u0664\u0660\u0664"]}, "\u0664"),  # int() reads these digits, a reader does not
        ({"errors": 404}, "404"),  # a list of one is meant
        ({"errors": "500-599"}, "500-599"),  # the same; its characters are no statuses
        ({"expected": None}, "None"),
        ({"from_logs": "yes"}, "yes"),
        ({"errors": [404], "expected": ["400-499"]}, "404"),  # in both
    ],
)
def test_what_cannot_be_a_status_is_refused(settings, named):
    """A setting that cannot be honoured is refused with its argument and value."""
    with pytest.raises(ConfigurationError, match=next(iter(settings))) as refusal:
        ErrorStatuses(**settings)

    assert named in str(refusal.value)


def test_all_problems_are_named_at_once():
    """One run shows every problem, not the first."""
    with pytest.raises(ConfigurationError) as refusal:
        ErrorStatuses(errors=[1, 404, "x"], expected=[404, 700], from_logs=1)

    assert len(refusal.value.problems) == 5


lists = st.lists(
    st.integers(100, 599)
    | st.tuples(st.integers(100, 350), st.integers(350, 599))
    | st.builds(range, st.just(200), st.integers(201, 600)),
    max_size=4,
)


@given(lists)
def test_a_policy_can_be_read_back_and_equals_itself(errors):
    """``repr`` is code that builds an equal policy, whatever form the statuses were given in."""
    policy = ErrorStatuses(errors=errors, from_logs=True)

    again = eval(repr(policy), {"ErrorStatuses": ErrorStatuses})  # noqa: S307 (our own repr)

    assert policy == again
    assert hash(policy) == hash(again)
    assert all(verdict(policy, status) is verdict(again, status) for status in range(100, 600))


def test_a_policy_cannot_be_changed():
    """What was decided while building holds for the life of the process."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        ErrorStatuses().errors = [404]
