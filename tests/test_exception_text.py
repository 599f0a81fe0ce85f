"""Exceptions as text: what is told of them, and what they may try."""

import builtins
import sys

import pytest

from otel_middleware import ConfigurationError, Sanitizer
from otel_middleware._text import MAX_TRACE, message_of, notes_of, qualified_name

S = "hunter7Secret"


class Shop:
    class OutOfStock(Exception):
        """An error with a qualified name."""


class Hostile(Exception):
    """Raises wherever it is asked for text."""

    def __str__(self):
        raise SystemExit(S)

    def __repr__(self):
        raise KeyboardInterrupt(S)

    @property
    def __notes__(self):
        raise RuntimeError(S)

    @property
    def exceptions(self):
        raise RuntimeError(S)


class Text(str):
    """A string that is not what it says."""

    __slots__ = ()

    def __str__(self):
        raise RuntimeError(S)

    def __getitem__(self, _):
        raise RuntimeError(S)


class Meta(type):
    """Makes classes that do not tell their name."""

    def __getattribute__(cls, name):
        if name == "__qualname__":
            raise RuntimeError(S)
        return super().__getattribute__(name)


def raised(error, cause=None, context=None):
    """*error* with a traceback of its own."""
    try:
        if context is None:
            raise error from cause
        try:
            raise context
        except type(context):
            raise error  # noqa: B904
    except type(error) as caught:
        return caught


def noted(error, *notes):
    """*error* with notes, on Python 3.10 too."""
    error.__notes__ = list(notes)
    return error


@pytest.fixture(scope="module")
def sanitizer():
    return Sanitizer()


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (KeyError("x"), "KeyError"),  # a builtin is bare
        (ValueError, "ValueError"),  # a type will do
        (Shop.OutOfStock(), f"{__name__}.Shop.OutOfStock"),  # others with their module
        (Meta("Odd", (Exception,), {})(), "Exception"),  # cannot be asked
    ],
)
def test_names_are_those_of_error_type(error, expected):
    """Builtins bare, anything else with its module, never raising."""
    assert qualified_name(error) == expected


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ValueError("a"), "a"),
        (ValueError(), ""),
        (KeyError("a"), "'a'"),
        (Hostile(), "<no readable message>"),
        (ValueError(Text("a")), "<no readable message>"),
    ],
)
def test_messages_never_raise(error, expected):
    """What ``str`` gives, or a stand-in."""
    assert message_of(error) == expected


@pytest.mark.parametrize(
    ("notes", "expected"),
    [(["a", 1, "b"], ["a", "b"]), ("abc", []), (None, []), (["n"] * 99, ["n"] * 16)],
)
def test_notes_are_what_can_be_read(notes, expected):
    """Anything but a list of strings is passed over, and there are not too many."""
    error = ValueError()
    error.__notes__ = notes

    assert notes_of(error) == expected


def test_a_trace_names_places_and_holds_no_source(sanitizer):
    """File, line and function stand in it; source lines, locals and secrets do not."""
    password = S
    trace = sanitizer.exception(raised(ValueError(f"bad password={password}")))

    assert trace.splitlines()[0] == "Traceback (most recent call last):"
    assert f'File "{__file__}", line ' in trace
    assert ", in raised" in trace
    assert trace.splitlines()[-1] == "ValueError: bad password=REDACTED"
    assert "raise error" not in trace
    assert S not in trace


def test_causes_come_first_as_python_orders_them(sanitizer):
    """Cause, context and the exception itself, each with its sentence between."""
    caused = sanitizer.exception(raised(ValueError("b"), cause=raised(KeyError(f"token={S}"))))
    handled = sanitizer.exception(raised(ValueError("b"), context=KeyError("a")))

    assert [line for line in caused.splitlines() if line and not line.startswith(("Traceback", "  File"))] == [
        "KeyError: 'token=REDACTED'",
        "The above exception was the direct cause of the following exception:",
        "ValueError: b",
    ]
    assert "During handling of the above exception, another exception occurred:" in handled


def test_a_suppressed_context_is_left_out(sanitizer):
    """``raise ... from None`` hides what came before, as in Python's own traces."""
    error = ValueError("b")
    error.__context__, error.__suppress_context__ = KeyError("a"), True

    assert sanitizer.exception(error) == "ValueError: b"


def test_notes_are_sanitised_lines(sanitizer):
    """Notes follow their exception."""
    error = noted(ValueError("b"), f"password: {S}", "and\nmore")

    assert sanitizer.exception(error).splitlines() == ["ValueError: b", "password: REDACTED", "and more"]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="groups are builtin since Python 3.11")
def test_members_of_a_group_are_told(sanitizer):
    """Each member stands under the group, indented, with its own causes and secrets masked."""
    inner = builtins.ExceptionGroup("in", [KeyError(f"sig={S}")])
    group = builtins.ExceptionGroup(f"token={S}", [raised(ValueError("a"), cause=TypeError(f"pwd={S}")), inner])

    trace = sanitizer.exception(group)

    assert trace.splitlines()[0] == "ExceptionGroup: token=REDACTED (2 sub-exceptions)"
    assert (
        "  + 2 of 2\n  | ExceptionGroup: in (1 sub-exception)\n  |   + 1 of 1\n  |   | KeyError: 'sig=REDACTED'"
        in trace
    )
    assert "  | TypeError: pwd=REDACTED" in trace
    assert S not in trace


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("redacted", ["ValueError: token=REDACTED", "sig=REDACTED"]),
        ("type", ["ValueError"]),
        ("full", [f"ValueError: token={S}", f"sig={S}"]),
    ],
)
def test_the_mode_says_what_is_told_of_messages(mode, expected):
    """Sanitised, not at all, or as they are."""
    sanitizer = Sanitizer(exceptions=mode)
    error = noted(ValueError(f"token={S}"), f"sig={S}")

    assert sanitizer.exception(error).splitlines() == expected
    assert sanitizer.message(error) == expected[0].removeprefix("ValueError").removeprefix(": ")


def test_an_unknown_mode_cannot_be_built():
    """A wrong word must not switch anything off."""
    with pytest.raises(ConfigurationError, match="exceptions is not one of 'redacted', 'type', 'full': 'none'"):
        Sanitizer(exceptions="none")


def test_a_hostile_exception_is_told_without_its_text(sanitizer):
    """Whatever its methods raise, the trace is made and holds nothing of it."""
    error = raised(ValueError("b"), cause=Hostile())

    trace = sanitizer.exception(error)

    assert f"{__name__}.Hostile: <no readable message>" in trace
    assert S not in trace


def test_the_exception_is_not_changed(sanitizer):
    """The application's own object keeps message, notes, chain and traceback."""
    error = noted(raised(ValueError(f"token={S}"), cause=KeyError("a")), "n")
    before = (error.args, error.__notes__, error.__cause__, error.__context__, error.__traceback__)

    sanitizer.exception(error)

    assert (error.args, error.__notes__, error.__cause__, error.__context__, error.__traceback__) == before


def test_circles_come_to_an_end(sanitizer):
    """An exception that is its own cause, or member, is told once."""
    first, second = ValueError("a"), KeyError("b")
    first.__cause__, second.__cause__ = second, first
    first.exceptions = [first, second]

    assert sanitizer.exception(first).count("ValueError: a") == 1


def test_chains_and_groups_are_bounded(sanitizer):
    """Long chains, wide and deep groups end, and the last line is still the exception itself."""
    error = ValueError("0")
    for number in range(1, 100):
        error, error_before = ValueError(str(number)), error
        error.__cause__ = error_before
    wide, deep = ValueError("wide"), ValueError("deep")
    wide.exceptions = [ValueError(str(number)) for number in range(1000)]
    for _ in range(100):
        deeper = ValueError("deep")
        deeper.exceptions = [deep]
        deep = deeper

    assert sanitizer.exception(error).splitlines()[-1] == "ValueError: 99"
    assert sanitizer.exception(error).count("ValueError") == 32
    assert sanitizer.exception(wide).splitlines()[-1] == "  + 969 more"
    assert sanitizer.exception(deep).count("ValueError") == 9


def test_a_recursion_keeps_its_ends(sanitizer):
    """The outermost and the innermost frames stay, the number of the others is told."""

    def dive(depth):
        if depth == 0:
            raise ValueError("bottom")
        dive(depth - 1)

    try:
        dive(300)
    except ValueError as error:
        trace = sanitizer.exception(error)

    assert trace.count("  File ") == 48
    assert "  ... 254 frames left out" in trace
    assert trace.endswith("ValueError: bottom")


def test_a_trace_is_bounded_in_length_and_keeps_its_last_line(sanitizer):
    """What is too long is left out in the middle."""
    error = ValueError("last")
    for number in range(20):
        error, error_before = ValueError(f"{number} " + "words " * 500), error
        error.__cause__ = error_before
    error.__notes__ = ["end"]

    trace = sanitizer.exception(error)

    assert len(trace) <= MAX_TRACE
    assert "lines left out" in trace
    assert trace.endswith("end")


def test_one_long_message_is_cut_not_dropped(sanitizer):
    """A single message beyond the bound leaves its beginning."""
    trace = sanitizer.exception(ValueError("word " * 50_000))

    assert len(trace) <= MAX_TRACE
    assert trace.startswith("ValueError: word word")


def test_odd_file_names_stay_on_their_line(sanitizer):
    """Code compiled under any name cannot forge a line or break the encoding."""
    code = compile("1 / 0", "a\nb\udcff", "exec")
    with pytest.raises(ZeroDivisionError) as caught:
        exec(code)  # noqa: S102

    trace = sanitizer.exception(caught.value)

    trace.encode()
    assert '  File "a b\ufffd", line 1, in <module>' in trace.splitlines()


def test_names_of_made_up_classes_are_one_line():
    """A class can be called anything; its name stays on one line."""
    odd = type("Odd\r\nX-Injected: 1", (Exception,), {"__module__": "shop\n"})

    assert qualified_name(odd()) == "shop.OddX-Injected: 1"
