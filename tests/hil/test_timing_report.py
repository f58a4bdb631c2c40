"""How a report tells of time on the wall."""

import re

from hil.report import render
from hil.run_folder import RunFolder
from hil.timing import Histogram
from hil.timing_report import timing_picture, timing_rows


def histogram(*durations_s: float) -> dict:
    measured = Histogram()
    for duration_s in durations_s:
        measured.add(duration_s)
    return measured.as_dict()


SUMMARY = {
    "slot_used": histogram(0.003, 0.004, 0.120),
    "timing": {
        "port": "/dev/ttyUSB0",
        "identity": "racksat controller",
        "baud": 1_000_000,
        "latency_timer": "16 ms",
        "cycle_begin_late": histogram(),
        "latency": {"flight": histogram(0.002), "bench": histogram(0.0015)},
        "utilisation": {"to_board": 0.05, "from_board": 0.034},
        "unanswered": {"flight": 3, "bench": 1},
        "unawaited_bytes": 1200,
        "outages_s": [3.3, 2.0],
        "resets": 1,
    },
}


def test_rows_say_what_was_measured():
    rows = dict(timing_rows(SUMMARY))
    assert rows["port"] == "/dev/ttyUSB0 at 1,000,000 baud"
    assert rows["line in use, both initiators, to the board"] == "5.00 %"
    assert rows["outages of the port"] == "3.3 s, 2.0 s"
    assert rows["slot used by a cycle"].endswith("longest 120.00 ms, of 3")
    assert "cycles begin late by" not in rows


def test_picture_shows_what_was_measured_and_the_same_bytes_again():
    picture = timing_picture(SUMMARY)
    assert picture is not None
    again = timing_picture(SUMMARY)
    assert again is not None
    assert picture.svg.startswith("<svg") and picture.svg == again.svg
    other = timing_picture(SUMMARY | {"slot_used": histogram(0.5)})
    assert other is not None and other.svg != picture.svg


def test_a_simulated_run_has_neither():
    assert timing_rows({"slot_used": histogram(0.1)}) == []
    assert timing_picture({"slot_used": histogram(0.1)}) is None


def test_the_page_carries_picture_and_rows(tmp_path):
    from hil.flight import Flight, Order
    from hil.scenario import Duration, find, load

    path = find("nominal")
    scenario = load(path).model_copy(update={"duration": Duration(seconds=3)})
    result = Flight(Order(scenario, path.parent, "model", tmp_path / "run")).fly()
    run = RunFolder(result.folder)
    plain = render(run)
    run.__dict__["summary"] = run.summary | SUMMARY
    page = render(run)
    assert page.count("<figure>") == plain.count("<figure>") + 1
    assert re.search(r"bytes that nobody awaited</td>\s*<td class=\"number\">1,200", page)
