"""A folder with a hand-written application of each protocol, as a person has it."""

from __future__ import annotations

import pytest
from cli_commands import CELLAR, SHOP


@pytest.fixture
def folder(tmp_path):
    """A folder with ``shop.py`` (ASGI) and ``cellar.py`` (WSGI)."""
    (tmp_path / "shop.py").write_text(SHOP, encoding="utf-8")
    (tmp_path / "cellar.py").write_text(CELLAR, encoding="utf-8")
    return tmp_path
