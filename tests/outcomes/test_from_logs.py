"""``ErrorStatuses(from_logs=True)``: an exception that is logged inside a request is on its span when it is an error."""

from __future__ import annotations

import functools
import logging

import pytest
from harness import Described
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF

from otel_middleware import ErrorStatuses, record_error
from otel_middleware._logged import listen, stop_listening

LOG = logging.getLogger("shop")


class OutOfStock(Exception):
    """Raised by the application under test."""


NAME = "test_from_logs.OutOfStock"


@pytest.fixture(autouse=True)
def _factory():
    """Each test begins and ends with the factory that was there."""
    before = logging.getLogRecordFactory()
    logging.setLogRecordFactory(logging.LogRecord)
    yield
    logging.setLogRecordFactory(before)


def logs(error=None, say=LOG.error, **how):
    """What an application does that logs an exception and answers itself."""

    def inside(_carrier):
        try:
            raise error or OutOfStock("token=s3cr3t")
        except Exception as raised:
            say("it failed", **(how or {"exc_info": raised}))

    return inside


def told(protocol, telemetry, described, errors=None):
    errors = errors or ErrorStatuses(from_logs=True)
    app = protocol.module.instrument(protocol.build(described), **telemetry.providers, errors=errors)
    protocol.get(app, "/")
    span = telemetry.request()
    events = [event.attributes["exception.type"] for event in span.events if event.name == "exception"]
    error = span.attributes.get("error.type")
    assert telemetry.metric("http.server.request.duration").attributes.get("error.type") == error
    assert "s3cr3t" not in span.to_json()
    return error, events


@pytest.mark.parametrize("how", [{}, {"exc_info": True}, {"exc_info": OutOfStock()}], ids=["error", "True", "instance"])
@pytest.mark.parametrize(
    "say", [LOG.exception, LOG.error, LOG.warning, logging.exception], ids=lambda s: s.__qualname__
)
def test_a_logged_exception_names_the_error(protocol, telemetry, say, how):
    """However it is logged, it is one event, and the error.type of span and metric, sanitised."""
    described = Described(status=500, headers=(), inside=logs(say=say, **how))
    assert told(protocol, telemetry, described) == (NAME, [NAME])


@pytest.mark.parametrize("status", [200, 404])
def test_no_error_no_event(protocol, telemetry, status):
    """A logged exception makes no error of a response that is none."""
    described = Described(status=status, headers=(), inside=logs())
    assert told(protocol, telemetry, described) == (None, [])


def test_an_expected_status_is_no_error(protocol, telemetry):
    """A policy that expects the status leaves neither error.type nor event."""
    described = Described(status=503, headers=(), inside=logs())
    assert told(protocol, telemetry, described, ErrorStatuses(expected=[503], from_logs=True)) == (None, [])


def test_a_listed_error_gets_it_too(protocol, telemetry):
    """A 404 that is listed as an error is named by what was logged."""
    described = Described(status=404, headers=(), inside=logs())
    assert told(protocol, telemetry, described, ErrorStatuses(errors=[404], from_logs=True)) == (NAME, [NAME])


def test_off_by_default(protocol, telemetry):
    """Without the option nothing is taken from logs, and the factory is untouched."""
    described = Described(status=500, headers=(), inside=logs())
    assert told(protocol, telemetry, described, ErrorStatuses()) == ("500", [])
    assert logging.getLogRecordFactory() is logging.LogRecord


def test_another_stack_in_the_process_is_not_heard(protocol, telemetry):
    """One stack that asks does not make another one listen."""
    listen()
    described = Described(status=500, headers=(), inside=logs())
    assert told(protocol, telemetry, described, ErrorStatuses()) == ("500", [])


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param([logs(KeyError()), logs()], NAME, id="of equals the last"),
        pytest.param([logs(), logs(KeyError(), LOG.warning)], NAME, id="an error before a warning"),
        pytest.param([logs(KeyError(), LOG.warning), logs()], NAME, id="an error after a warning"),
        pytest.param([lambda _: record_error("mine"), logs()], "mine", id="what the application says, before"),
        pytest.param([logs(), lambda _: record_error("mine")], "mine", id="what the application says, after"),
        pytest.param([lambda _: LOG.error("no exception"), logs()], NAME, id="without exc_info"),
        pytest.param([lambda _: LOG.error("none", exc_info=True), logs()], NAME, id="exc_info without an exception"),  # noqa: LOG014
        pytest.param([logs(), logs(KeyError(), logging.getLogger("opentelemetry.sdk").error)], NAME, id="the SDK's"),
    ],
)
def test_which_of_several(protocol, telemetry, steps, expected):
    """The most severe counts, of equals the last; what the application says itself counts before."""
    described = Described(status=500, headers=(), inside=lambda carrier: [step(carrier) for step in steps])
    assert told(protocol, telemetry, described)[0] == expected


def test_logged_and_raised_is_one_event(protocol, telemetry):
    """A framework that logs an exception and raises it again has it on the span once."""
    error = OutOfStock("x")
    described = Described(headers=(), inside=logs(error), raises_before=error)
    assert told(protocol, telemetry, described) == (NAME, [NAME])


def test_unsampled_requests_have_it_on_their_metric(protocol, telemetry):
    """The error.type of the duration does not depend on sampling."""
    app = protocol.module.instrument(
        protocol.build(Described(status=500, headers=(), inside=logs())),
        tracer_provider=TracerProvider(sampler=ALWAYS_OFF),
        meter_provider=telemetry.meter_provider,
        errors=ErrorStatuses(from_logs=True),
    )
    protocol.get(app, "/")
    assert telemetry.metric("http.server.request.duration").attributes["error.type"] == NAME


class Mine(logging.LogRecord):
    """An application's own kind of record."""


def test_factories_are_chained(protocol, telemetry):
    """The application's factory makes the records, whether it was set before or after; one of ours is enough."""
    logging.setLogRecordFactory(Mine)
    described = Described(status=500, headers=(), inside=logs())
    assert told(protocol, telemetry, described) == (NAME, [NAME])
    ours = logging.getLogRecordFactory()
    protocol.module.instrument(protocol.build(described), errors=ErrorStatuses(from_logs=True))
    assert logging.getLogRecordFactory() is ours
    assert isinstance(LOG.makeRecord("n", 10, "f", 1, "m", (), None), Mine)

    logging.setLogRecordFactory(functools.partial(ours))
    telemetry.clear()
    protocol.get(protocol.module.instrument(protocol.build(described), **telemetry.providers, errors=logged()), "/")
    assert telemetry.request().attributes["error.type"] == NAME


def logged():
    return ErrorStatuses(from_logs=True)


def test_it_can_be_removed():
    """Ours goes when it stands first; under somebody else's it stays, and they go on working."""
    listen()
    stop_listening()
    assert logging.getLogRecordFactory() is logging.LogRecord
    stop_listening()
    assert logging.getLogRecordFactory() is logging.LogRecord

    listen()
    ours = logging.getLogRecordFactory()

    def theirs(*args, **kwargs):
        return ours(*args, **kwargs)

    logging.setLogRecordFactory(theirs)
    stop_listening()
    assert logging.getLogRecordFactory() is theirs


def test_no_handler_on_the_root_logger(protocol):
    """An application's ``basicConfig`` still works: it does nothing where the root logger has a handler."""
    before = list(logging.getLogger().handlers)
    protocol.module.instrument(protocol.build(Described()), errors=logged())

    assert logging.getLogger().handlers == before


@pytest.mark.parametrize(
    "record", [{"exc_info": 7}, {"exc_info": (None,)}, {"levelno": "high", "exc_info": (KeyError, KeyError(), None)}]
)
def test_odd_records_break_no_logging(protocol, telemetry, record):
    """Whatever a factory of theirs makes, the record comes out and the request is answered."""

    def odd(*args, **kwargs):
        made = logging.LogRecord(*args[:6], None)
        made.__dict__.update(record)
        return made

    logging.setLogRecordFactory(odd)
    out = []
    described = Described(status=500, inside=lambda _: out.append(LOG.makeRecord("n", 40, "f", 1, "m", (), None)))
    app = protocol.module.instrument(protocol.build(described), **telemetry.providers, errors=logged())
    answer = protocol.get(app, "/")

    assert [{name: vars(each)[name] for name in record} for each in out] == [record]
    assert (answer.status, answer.body, answer.error) == (500, b"ok", None)
    assert telemetry.request().attributes["http.response.status_code"] == 500


def test_outside_of_a_request_nothing_happens(telemetry):
    """A log line with an exception anywhere else is a log line."""
    listen()
    try:
        raise OutOfStock
    except OutOfStock:
        LOG.exception("nowhere")
    assert not telemetry.spans
