"""The benchmarks run, gate what they should, and compare what is reported."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import callgrind, clock, goals, sameness, tables, traffic
from benchmarks.goals import GOALS, ratio_of
from benchmarks.groups import GROUPS, Group
from benchmarks.overhead import exceeded

ROOT = Path(__file__).resolve().parents[1]
SERVED = {"asgi": traffic.drive_asgi, "wsgi": traffic.drive_wsgi}


def run(*arguments, mode="http"):
    """Run a module of the benchmarks in a process of its own: semantic conventions are read once in a process."""
    environment = {**os.environ, "OTEL_SEMCONV_STABILITY_OPT_IN": mode}
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("mode", sameness.MODES)
def test_nothing_that_upstream_reports_is_missing(mode):
    """Every attribute and metric point of upstream is there under the whole stack, in each semantic convention mode."""
    done = run("benchmarks.sameness", mode, mode=mode)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("protocol", ["asgi", "wsgi"])
def test_a_missing_attribute_is_found(protocol):
    """The comparison can fail: a stack that lacks an attribute, a metric or a span is told apart from upstream."""
    script = (
        "from benchmarks import sameness, stacks\n"
        "case = sameness.CASES[0]\n"
        f"lean = {{'exclude_spans': stacks.LEAN}} if {protocol!r} == 'asgi' else {{}}\n"
        f"theirs = sameness.seen({protocol!r}, case, lambda *given: stacks.upstream(*given, **lean))\n"
        "headers = tuple(pair for pair in case.headers if pair[0] != 'user-agent')\n"
        f"poorer = sameness.seen({protocol!r}, case._replace(headers=headers), stacks.ours)\n"
        "poorer.metrics.clear()\n"
        "lines = list(sameness.compared(theirs, poorer))\n"
        "assert any('user_agent.original' in line for line in lines), lines\n"
        "assert any('http.server.request.duration is missing' in line for line in lines), lines\n"
        "assert any('0 spans' in line for line in sameness.compared(theirs, poorer._replace(spans=[])))\n"
    )
    environment = {**os.environ, "OTEL_SEMCONV_STABILITY_OPT_IN": "http"}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("theirs", "mine", "same"),
    [
        pytest.param("a=1&token=x", "a=1&token=REDACTED", True, id="redacted"),
        pytest.param("a=1&token=x", "a=1&token=x", True, id="the same"),
        pytest.param("a=1&token=x", "a=1", False, id="a pair is lost"),
        pytest.param("a=1", "a=2", False, id="another value"),
        pytest.param("a=1", None, False, id="missing"),
    ],
)
def test_a_better_query_is_the_redacted_one_and_no_other(theirs, mine, same):
    """``url.query`` may differ by redaction only."""
    assert sameness.same("url.query", theirs, mine) is same


@pytest.mark.parametrize("name", ["asgi", "wsgi", "asgi excluded", "wsgi stream"])
def test_each_variant_serves_its_requests(name):
    """Every variant of a group can be built and driven, and the harness gives a figure for each."""
    script = (
        "from benchmarks.clock import added_microseconds\n"
        "from benchmarks.groups import GROUPS\n"
        f"group = GROUPS[{name!r}]()\n"
        "figures = added_microseconds(group, rounds=1, requests=2)\n"
        "assert list(figures) == list(group.variants), figures\n"
    )
    environment = {**os.environ, "OTEL_SEMCONV_STABILITY_OPT_IN": "http"}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_every_goal_names_a_group_that_exists():
    """The table of goals and the groups that are measured do not drift apart."""
    assert {goal.group for goal in GOALS} | {group for group, _ in goals.EXCLUDED} <= set(GROUPS)


@pytest.mark.parametrize("protocol", sorted(SERVED))
def test_a_request_has_a_fresh_carrier(protocol):
    """What one request does to its scope or environ, the next does not see."""
    seen = []

    def note(carrier):
        seen.append("touched" in carrier)
        carrier["touched"] = True

    async def asgi(scope, receive, send):
        note(scope)

    def wsgi(environ, start_response):
        note(environ)
        return []

    SERVED[protocol]()(asgi if protocol == "asgi" else wsgi, 3)
    assert seen == [False, False, False]


def test_the_bare_application_against_itself_costs_nothing():
    """Added is the difference to the bare application: with a drive that counts, not times, the null row is zero."""
    ticks = iter(range(0, 10_000_000, 1_000))

    def bare():
        return "bare"

    group = Group(bare, lambda app, requests: None, {"null": bare})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "thread_time_ns", lambda: next(ticks))
        assert clock.added_microseconds(group, rounds=3, requests=10) == {"null": 0}


@pytest.mark.parametrize(
    ("instructions", "gated", "within"),
    [
        pytest.param(0.75, [], True, id="at the goal"),
        pytest.param(0.78, [], False, id="above it, by less than the tolerance"),
        pytest.param(0.80, ["failed"], False, id="more than 5 % above it"),
    ],
)
def test_the_gate_fails_more_than_five_percent_above_a_goal(instructions, gated, within):
    """A gate lets 5 % pass, the table none; time does not gate where instructions were counted."""
    counted = {"asgi": {"ours": instructions, "lean": 1.0}}
    ratio = ratio_of(GOALS[0], counted, {"asgi": {"ours": 9.0, "lean": 1.0}})
    assert bool(exceeded([ratio], instructions=True)) is bool(gated)
    assert ratio._replace(time=None).within() is within
    assert exceeded([ratio], instructions=False)


def test_a_goal_that_was_not_measured_fails_the_gate():
    """A group that broke is no success."""
    assert exceeded([ratio_of(GOALS[0], {}, {})], instructions=False)
    assert exceeded([ratio_of(GOALS[0], {}, {"asgi": {"ours": 0.1, "lean": 1.0}})], instructions=True)


def test_dumps_of_callgrind_become_added_instructions(tmp_path):
    """The bare application's total is taken off, and the rest divided by the requests; a dump without a label is none."""
    form = "desc: Trigger: {}\n\nevents: Ir\nsummary: {}\n\ntotals: {}\n"
    dumps = {"Client Request: bare": 6_000, "Client Request: ours": 66_000, "Program termination": 9}
    for number, (label, total) in enumerate(dumps.items()):
        (tmp_path / f"counts.{number}").write_text(form.format(label, total, total))
    assert callgrind.added_instructions(tmp_path) == {"ours": 1_000}


def test_missing_tools_are_said_in_one_line(monkeypatch, tmp_path):
    """Without valgrind, gcc or the header, instructions are not counted, and a line names what is missing."""
    monkeypatch.setattr(callgrind, "HEADER", tmp_path / "callgrind.h")
    monkeypatch.setattr(shutil, "which", lambda tool: None)
    line = callgrind.missing()
    assert all(tool in line for tool in ("valgrind", "gcc", "callgrind.h"))
    assert "\n" not in line


def test_a_table_is_markdown():
    """Columns stand under each other, figures to the right."""
    assert tables.table(["case", "us"], [["a", "1.0"], ["longer", "20.0"]]) == (
        "| case   |   us |\n|--------|-----:|\n| a      |  1.0 |\n| longer | 20.0 |"
    )


def test_the_quick_form_prints_both_protocols_and_the_goals():
    """``benchmarks/overhead.py --quick`` runs as a script, prints three tables and succeeds."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks" / "overhead.py"), "--quick"],
        cwd=ROOT.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert [name in done.stdout for name in ("ASGI", "WSGI", GOALS[2].title)] == [True] * 3


def test_bytecodes_tell_whose_code_runs():
    """On the bare application hardly any is added; upstream adds none of this package's; the whole stack adds all but hardly any of upstream's."""
    done = run("benchmarks.worker", "wsgi", "bytecodes")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert max(map(abs, found["null"].values())) < 1
    assert found["default"]["this package"] == 0 < found["default"]["instrumentation"]
    assert found["ours"]["instrumentation"] < found["default"]["instrumentation"] / 100
    assert found["ours"]["this package"] > 0 < found["ours"]["API and SDK"]
