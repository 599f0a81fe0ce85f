"""A fork while another thread holds a lock of ours: the child takes it all the same."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from otel_middleware import _silence
from otel_middleware._bounded import BoundedValues


def in_child(lock, work):
    """The status of a child that is forked while another thread holds *lock*, and does *work*; 14 when it hangs."""
    held, over = threading.Event(), threading.Event()

    def hold():
        with lock:
            held.set()
            over.wait(60)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(60)
    child = os.fork()
    if child == 0:
        signal.alarm(5)
        work()
        os._exit(0)
    over.set()
    holder.join(60)
    return os.waitpid(child, 0)[1]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of a fork beside threads
def test_a_bound_is_asked_in_a_child():
    """A new tenant, method or attribute is counted in a child that was forked while another thread counted one."""
    values = BoundedValues(3)

    assert in_child(values._lock, lambda: values.of("new")) == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_silent_span_has_an_identity_in_a_child():
    """The span of an excluded request is asked for its context in such a child."""
    assert in_child(_silence._LOCK, lambda: _silence._Silent().get_span_context()) == 0
