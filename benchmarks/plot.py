"""The added cost of each layer as a picture, where matplotlib is installed."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

PICTURE = Path(__file__).with_name("layers.svg")
COLOURS = ("#4c72b0", "#dd8452")


def draw(figures, unit):
    """Write ``layers.svg`` from the added cost by protocol and variant; return Markdown for it, or a line that it is missing."""
    if find_spec("matplotlib") is None:
        return "No picture: matplotlib is not installed."
    import matplotlib as mpl  # noqa: PLC0415 - optional

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "benchmarks"
    import matplotlib.pyplot as plt  # noqa: PLC0415 - after the backend was chosen

    picture, axes = plt.subplots(1, len(figures), figsize=(12, 5), squeeze=False)
    for (protocol, costs), axis, colour in zip(figures.items(), axes[0], COLOURS, strict=False):
        names = list(costs)[::-1]
        bars = axis.barh(names, [costs[name] for name in names], color=colour)
        axis.bar_label(bars, fmt="%.0f", padding=3)
        axis.set_title(f"{protocol}: added to the bare application, {unit} a request")
        axis.spines[["top", "right"]].set_visible(False)
    picture.tight_layout()
    picture.savefig(PICTURE, metadata={"Date": None})
    return f"![added cost per layer]({PICTURE.name})"
