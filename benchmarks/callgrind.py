"""Instructions: the same requests counted by valgrind's callgrind, which repeats to within 0.2 % where time does not.

A tiny C library over ``valgrind/callgrind.h`` is compiled when it is needed and loaded with ``ctypes``; outside of valgrind its
functions do nothing.
"""

from __future__ import annotations

import ctypes
import gc
import re
import shutil
import subprocess
from pathlib import Path

WARM_UP, COUNTED = 5, 60
HEADER = Path("/usr/include/valgrind/callgrind.h")

_SOURCE = """
#include <valgrind/callgrind.h>
void start(void) { CALLGRIND_START_INSTRUMENTATION; }
void stop(void) { CALLGRIND_STOP_INSTRUMENTATION; }
void zero(void) { CALLGRIND_ZERO_STATS; }
void dump(const char *label) { CALLGRIND_DUMP_STATS_AT(label); }
"""
_BARE = "bare"


def missing():
    """Return what is missing here to count instructions, as a line for people; ``None`` when nothing is."""
    tools = [tool for tool in ("valgrind", "gcc") if shutil.which(tool) is None]
    headers = [] if HEADER.exists() else [str(HEADER)]
    lacking = ", ".join(tools + headers)
    return f"instructions are not counted: {lacking} missing (apt-get install valgrind gcc)" if lacking else None


def compiled(directory):
    """Compile the library into *directory* and return its path."""
    source, library = Path(directory) / "marks.c", Path(directory) / "marks.so"
    source.write_text(_SOURCE)
    subprocess.run(["gcc", "-shared", "-fPIC", "-O2", "-o", str(library), str(source)], check=True)
    return library


def command(directory, python):
    """Return the command line that runs a script under callgrind, without the script."""
    options = ["-q", "--tool=callgrind", "--instr-atstart=no", "--combine-dumps=no"]
    return ["valgrind", *options, f"--callgrind-out-file={directory}/counts", *python]


def count(group, library, warm_up=200):
    """Run the bare application and every variant of *group*, each dumped under its name. Called under valgrind."""
    marks = ctypes.CDLL(str(library))
    gc.disable()
    for name, build in {_BARE: group.bare, **group.variants}.items():
        app = build()
        group.drive(app, warm_up)
        gc.collect()
        marks.start()
        group.drive(app, WARM_UP)
        marks.zero()
        group.drive(app, COUNTED)
        marks.dump(name.encode())
        marks.stop()


def added_instructions(directory):
    """Return, for each variant, the added instructions a request, from the dumps in *directory*."""
    totals = dict(filter(None, map(_total, sorted(Path(directory).glob("counts*")))))
    bare = totals.pop(_BARE)
    return {name: (total - bare) / COUNTED for name, total in totals.items()}


def _total(dump):
    text = dump.read_text()
    label = re.search(r"^desc: Trigger: Client Request: (.*)$", text, re.MULTILINE)
    total = re.search(r"^(?:totals|summary): (\d+)", text, re.MULTILINE)
    return (label[1], int(total[1])) if label and total else None
