"""Figures as Markdown tables, which read well in a terminal too."""

from __future__ import annotations

__all__ = ["costs", "goals", "table"]


def table(head, rows):
    """Return a table, its first column to the left and all others to the right, padded."""
    cells = [[str(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(head))]
    lines = [_line(row, widths) for row in cells]
    rule = "|".join(["", "-" * (widths[0] + 2), *("-" * (width + 1) + ":" for width in widths[1:]), ""])
    return "\n".join([lines[0], rule, *lines[1:]])


def _line(row, widths):
    first, *rest = row
    padded = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))]
    return f"| {' | '.join(padded)} |"


def costs(instructions, time, reference):
    """Return a table of variants: what they add, and their ratio to *reference*, in either measure; empty columns left out."""
    variants = list((time or instructions).keys())
    head, columns = ["added cost a request"], []
    if time:
        head += ["us", "ratio"]
        columns += [(time, "{:.1f}", 1), (time, "{:.2f}", time[reference])]
    if instructions:
        head += ["kinstr", "ratio"]
        columns += [(instructions, "{:.0f}", 1_000), (instructions, "{:.2f}", instructions[reference])]
    rows = [[name, *(form.format(figures[name] / unit) for figures, form, unit in columns)] for name in variants]
    return table(head, rows)


def goals(ratios):
    """Return the table of goals, measured beside at most."""
    head = ["case", "instr goal", "instr", "time goal", "time", "stretch", "met"]
    return table(head, [_goal(ratio) for ratio in ratios])


def _goal(ratio):
    goal = ratio.goal
    met = "yes" if ratio.within() else "NO"
    if ratio.instructions is None and ratio.time is None:
        met = "?"
    measured = [f"{goal.instructions:.2f}", shown(ratio.instructions), f"{goal.time:.2f}", shown(ratio.time)]
    return [goal.title, *measured, f"{goal.stretch:.2f}", met]


def shown(figure):
    """Return a ratio with two decimals, a dash where nothing was measured."""
    return "-" if figure is None else f"{figure:.2f}"
