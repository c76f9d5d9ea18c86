"""Speed, time left and the sentence."""

import pytest

from scope.hub.order import Failed, Finished, Moved, Planned
from scope.hub.progress import Meter, Progress

GB = 10**9


def test_speed_and_time_left_come_from_the_last_seconds() -> None:
    meter = Meter()
    meter.heard(Planned(bytes_total=8 * GB, bytes_done=0), now_s=0)
    for second in range(21):
        meter.heard(Moved("downloading", "a.pt", second * 40_000_000), now_s=second)
    assert meter.progress.bytes_per_s == pytest.approx(40e6)
    assert meter.progress.eta_s == pytest.approx((8 * GB - 20 * 40e6) / 40e6)
    assert meter.progress.in_words() == "Downloading 0.8 of 8.0 GB · 40 MB/s · 3 min left"


def test_one_look_is_no_speed() -> None:
    meter = Meter()
    meter.heard(Planned(bytes_total=500_000_000, bytes_done=0), now_s=0)
    progress = meter.heard(Moved("downloading", "a.pt", 1_000_000), now_s=0.1)
    assert (progress.bytes_per_s, progress.eta_s) == (None, None)
    assert progress.in_words() == "Downloading 1 of 500 MB"


def test_bytes_that_go_back_start_the_measure_anew() -> None:
    meter = Meter()
    meter.heard(Planned(bytes_total=GB, bytes_done=0), now_s=0)
    for now_s, done in ((0.0, 0), (2.0, 100), (3.0, 50)):
        meter.heard(Moved("downloading", "a", done), now_s=now_s)
    assert meter.progress.bytes_per_s is None


def test_the_stages_have_words() -> None:
    meter = Meter()
    assert meter.heard(Moved("asking", "a", 0), now_s=0).in_words() == "Asking the hub for sizes"
    meter.heard(Planned(bytes_total=GB, bytes_done=0), now_s=0)
    assert meter.heard(Moved("checking", "a", GB), now_s=1).in_words() == "Checking a"


def test_the_end_is_everything_or_the_reason() -> None:
    meter = Meter()
    meter.heard(Planned(bytes_total=GB, bytes_done=0), now_s=0)
    done = meter.heard(Finished(), now_s=9)
    assert (done.running, done.fraction, done.in_words()) == (False, 1.0, "Downloaded")
    failed = meter.heard(Failed("gated", "Accept the terms."), now_s=9)
    assert (failed.running, failed.in_words()) == (False, "Accept the terms.")


def test_nothing_known_is_no_fraction() -> None:
    assert Progress().fraction == 0.0


def test_times_left_are_said_in_the_unit_that_fits() -> None:
    for seconds, words in ((0.2, "1 s"), (80, "80 s"), (300, "5 min"), (7200, "2.0 h")):
        shown = Progress(bytes_total=GB, bytes_per_s=500_000.0, eta_s=seconds).in_words()
        assert shown.endswith(f" · 500 kB/s · {words} left")
