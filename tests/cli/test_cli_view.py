"""The web page: served to this machine only, in a real browser, with hostile names."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import httpx
import pytest
from cli_commands import DEADLINE, serving

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--virtual-time-budget=5000"),
)
needs_a_browser = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")


def browse(url, profile, *options):
    """What a browser makes of the page: its document after the first data came."""
    command = [CHROMIUM, *QUIET, f"--user-data-dir={profile}", *options, "--dump-dom", url]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=DEADLINE, check=False)
    return done.stdout


def get(url, **headers):
    """One request on a connection of its own."""
    return httpx.get(url, headers=headers, trust_env=False, timeout=20)


def data_of(served):
    """The data of the page."""
    return get(f"{served.view}/data.json").json()


def test_the_page_has_what_the_terminal_has(folder):
    """The data has requests, percentiles and histograms by route and tenant; a trace has its spans."""
    with serving("view", "shop:app", "--port", "0", "--tenant-header", "x-tenant-id", cwd=folder) as served:
        for number in range(3):
            get(f"{served.url}/orders/{number}?token=s3cr3tcanary", **{"x-tenant-id": "acme"})
        get(f"{served.url}/boom")
        data = data_of(served)
        trace = get(f"{served.view}/trace.json?id={data['requests'][1]['trace_id']}").json()

    assert served.output[0] == ""
    assert (data["total"], data["errors"]) == (4, 1)
    first, *_, last = data["requests"]
    assert (first["status"], first["outcome"], first["error"], first["failed"]) == ("500", "failed", "KeyError", True)
    assert (last["name"], last["tenant"], last["source"]) == ("GET /orders/{int}", "acme", "inferred")
    assert last["redacted"] == ["url.query"]
    (orders,) = [group for group in data["routes"] if group["name"] == "/orders/{int}"]
    assert (orders["count"], orders["errors"]) == (3, 0)
    assert sum(bucket["count"] for bucket in orders["histogram"]) == 3
    assert orders["ms"] == sorted(orders["ms"])
    assert {group["name"]: group["count"] for group in data["tenants"]} == {"acme": 3, "unknown": 1}
    assert [(span["name"], span["kind"], span["depth"]) for span in trace] == [("GET /orders/{int}", "SERVER", 0)]
    assert "s3cr3tcanary" not in json.dumps([data, trace])


def test_only_this_machine_is_answered(folder):
    """The page listens on loopback, and whoever calls it by another name (DNS rebinding) gets nothing."""
    with serving("run", "shop:app", "--port", "0", "--web", cwd=folder) as served:
        assert served.view.startswith("http://127.0.0.1:")
        for host in ("evil.example", "127.0.0.1.evil.example", ""):
            for path in ("/", "/data.json"):
                assert get(served.view + path, host=host).status_code == 403
        assert get(f"{served.view}/", host="localhost:1").status_code == 200
        assert get(f"{served.view}/shop.py").status_code == 404
        assert get(f"{served.view}/../../etc/passwd").status_code == 404


def test_the_page_allows_its_own_script_only(folder):
    """The policy of the page allows scripts and styles by a nonce that is new each time, and nothing from elsewhere."""
    with serving("run", "shop:app", "--port", "0", "--web", cwd=folder) as served:
        pages = [get(f"{served.view}/") for _ in range(2)]

    nonces = [re.search(r"script-src 'nonce-([^']+)'", page.headers["content-security-policy"])[1] for page in pages]
    assert nonces[0] != nonces[1]
    for page, nonce in zip(pages, nonces, strict=True):
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert page.text.count("<script") == page.text.count(f'<script nonce="{nonce}"') == 1
        assert re.findall(r"(?:src|href)=\"(?!data:)", page.text) == []
        assert "http" not in page.text.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")


HOSTILE = "/orders/<img src=x onerror=document.title='pwned'><script>document.title='pwned'</script>"
NAMING = """
from opentelemetry import trace
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        return
    trace.get_current_span().update_name(scope["path"])
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})
"""


@needs_a_browser
def test_hostile_names_are_text(folder, tmp_path):
    """Markup in a path, a tenant or an attribute is shown as text: no element of it, and no script runs."""
    (folder / "naming.py").write_text(NAMING, encoding="utf-8")
    with serving("view", "naming:app", "--port", "0", cwd=folder) as served:
        get(served.url + HOSTILE)
        get(served.url + "/%1b%5b31m%e2%80%aereversed")
        page = browse(served.view, tmp_path / "profile")

    assert "<title>otel-middleware</title>" in page
    assert "&lt;img src=x onerror" in page
    assert "<img" not in page
    assert page.count("<script") == 1
    assert r"\u{1b}[31m\u{202e}reversed" in page
    assert "\u202e" not in page.replace(r"\u{202e}", "")


@needs_a_browser
@pytest.mark.parametrize("scheme", ["1", "0"], ids=["light", "dark"])
def test_the_page_draws_both_schemes(folder, tmp_path, scheme):
    """In a browser the table, the waterfall and the histograms are drawn, light and dark as the system asks for."""
    with serving("view", "shop:app", "--port", "0", cwd=folder) as served:
        for path in ("/orders/1", "/orders/2", "/boom"):
            get(served.url + path)
        picture = tmp_path / "page.png"
        page = browse(served.view, tmp_path / "profile", f"--blink-settings=preferredColorScheme={scheme}")
        command = [CHROMIUM, *QUIET, f"--user-data-dir={tmp_path / 'other'}", "--window-size=900,900"]
        command += [f"--blink-settings=preferredColorScheme={scheme}", f"--screenshot={picture}", served.view]
        subprocess.run(command, capture_output=True, timeout=DEADLINE, check=True)

    assert len(re.findall(r'<tr class="request', page)) == 3
    assert "GET /orders/{int}" in page
    assert page.count('class="histogram"') >= 3
    assert '<rect x="0" y="0"' in page
    assert picture.stat().st_size > 10_000


def test_the_demo_has_the_comparison(folder):
    """``demo --web`` shows upstream beside ours; the secrets that it plants stand in upstream's column only."""
    with serving("demo", "--web", cwd=folder) as served:
        data = data_of(served)

    assert served.status == 0
    rows = [row for scenario in data["comparison"] for row in scenario["rows"]]
    assert {"key": "name", "upstream": "GET /orders/1001", "ours": "GET /orders/{id}", "leaks": False} in rows
    leaks = [row for row in rows if row["leaks"]]
    assert len(leaks) >= 6
    assert all("tok_9fQ2xL" not in row["ours"] for row in rows)
    ended = [seen["started"] + seen["seconds"] for seen in data["requests"]]
    assert ended == sorted(ended, reverse=True)
