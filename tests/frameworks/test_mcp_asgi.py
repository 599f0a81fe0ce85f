"""MCP servers are Starlette applications: one fixed route, and those that the user adds."""

from __future__ import annotations

import pytest
from asgi_contract import Row, each, installed, seen

pytestmark = pytest.mark.filterwarnings("ignore")  # its dependencies warn of one another


def _with_health(server):
    (responses,) = installed("starlette.responses")

    @server.custom_route("/health/{part}", methods=["GET"])
    async def health(request):
        return responses.PlainTextResponse("x")

    return server


def official():
    """The official SDK's."""
    pytest.importorskip("mcp")
    for path, name in (("mcp.server", "MCPServer"), ("mcp.server.fastmcp", "FastMCP")):
        with pytest.MonkeyPatch.context():
            try:
                (module,) = installed(path)
            except ImportError:
                continue
        if hasattr(module, name):
            return _with_health(getattr(module, name)("x")).streamable_http_app()
    pytest.skip("this version has another entrance")


def fastmcp():
    """FastMCP's."""
    (module,) = installed("fastmcp")
    return _with_health(module.FastMCP("x")).http_app()


ROWS = [
    Row("the protocol's route", "GET /mcp", 406, "/mcp"),
    Row("a route of the user's", "GET /health/disk", 200, "/health/{part}"),
    Row("no router matched", "GET /nothing", 404, None),
]


@pytest.mark.parametrize("made", [official, fastmcp])
@each(ROWS)
def test_the_matched_route_names_the_request(made, row):
    """As in any Starlette application."""
    found = seen(made(), row, lifespan=True)
    assert row.expected[1:] == found[1:]
