from __future__ import annotations

import os
import signal
import threading

import pytest

from ocr.training.checkpoint import defer_interrupts


def ctrl_c() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_waits_until_it_is_let_through():
    reached = False
    with pytest.raises(KeyboardInterrupt), defer_interrupts() as let_interrupt:
        let_interrupt()
        ctrl_c()
        reached = True
        let_interrupt()
    assert reached


def test_ctrl_c_after_the_last_call_comes_at_the_end():
    with pytest.raises(KeyboardInterrupt), defer_interrupts():
        ctrl_c()


def test_another_error_goes_before():
    with pytest.raises(ZeroDivisionError), defer_interrupts():
        ctrl_c()
        _ = 1 / 0


def test_the_handler_of_before_is_back():
    before = signal.getsignal(signal.SIGINT)
    with defer_interrupts():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


def test_a_job_that_ignores_ctrl_c_goes_on_ignoring_it():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with defer_interrupts() as let_interrupt:
            ctrl_c()
            let_interrupt()
    finally:
        signal.signal(signal.SIGINT, before)


def test_other_threads_may_train_too():
    done = []

    def train() -> None:
        with defer_interrupts() as let_interrupt:
            let_interrupt()
            done.append(True)

    thread = threading.Thread(target=train)
    thread.start()
    thread.join()
    assert done
