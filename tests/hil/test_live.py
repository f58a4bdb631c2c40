"""What a person sees while a run flies."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from hil import clock
from hil.live import LineView, LiveView, view_for
from hil.view import Snapshot

TRUTH = {
    "soc": 0.815,
    "array_power_w": 112_300.0,
    "battery_power_w": -4_200.0,
    "payload_power_w": 99_700.0,
    "power_cap_mean_w": 5_540.0,
    "clock_mean_mhz": 1978.0,
    "gpu_temp_max_c": 73.2,
    "hbm_temp_max_c": 77.9,
    "coolant_supply_c": 25.1,
    "coolant_return_c": 36.0,
    "radiator_mean_c": 14.0,
    "coolant_freeze_margin_k": 34.1,
    "coolant_flow_l_min": 149.6,
    "bypass": 0.41,
}
SPACE = {"orbit_phase_deg": 123.0, "sunlit": 0.0, "proton_flux_30mev_cm2_s": 812.0}
BENCH = {
    "upsets_occurred": 7,
    "upsets_open": 1,
    "upsets_corrected": 6,
    "upsets_recovered": 0,
    "upsets_uncorrectable": 0,
    "upsets_silent": 0,
}


def snapshot(second: int, of: int = 100) -> Snapshot:
    return Snapshot(second * 10**9, second / of, TRUTH, SPACE, {"fsw_mode": "eclipse"}, BENCH)


def console(terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=100, color_system=None)


def written(on: Console) -> str:
    assert isinstance(on.file, io.StringIO)
    return on.file.getvalue()


def test_plain_lines_at_every_tenth() -> None:
    out = console(terminal=False)
    with view_for(out, True, "nominal", 100.0) as view:
        assert isinstance(view, LineView)
        for second in range(1, 101):
            view.show(snapshot(second))
    lines = written(out).splitlines()
    assert lines[0] == "nominal, 100 s"
    assert [line[:5] for line in lines[1:]] == [f"{p:3d} %" for p in (1, *range(10, 101, 10))]
    assert "eclipse" in lines[1] and "charge  81.5 %" in lines[1] and "GPU  73.2 °C" in lines[1]


def test_plain_lines_tell_what_is_severe() -> None:
    out = console(terminal=False)
    with LineView(out, "nominal", 100.0) as view:
        view.tell(5 * 10**9, "low", "a trifle")
        view.tell(6 * 10**9, "high", "requirement broken: [soc] " + "x" * 200)
    assert "trifle" not in written(out)
    assert "6.0 s  requirement broken: [soc] " + "x" * 200 in written(out)


def test_panel_shows_the_state(monkeypatch: pytest.MonkeyPatch) -> None:
    out = console(terminal=True)
    view = view_for(out, True, "saa · model", 100.0)
    assert isinstance(view, LiveView)
    view.tell(41 * 10**9, "medium", "tray 14 hung [reset]")
    out.print(view.draw(snapshot(42)))
    text = written(out)
    for shown in (
        "saa · model",
        "42 %",
        "0:42 of 1:40",
        "123° from the node, eclipse",
        "81.5 %",
        "112.3 kW",
        "-4.2 kW",
        "5.54 kW, 1978 MHz",
        "73.2, 77.9 °C",
        "150 L/min, 41 %",
        "812 /cm²/s above 30 MeV",
        "7: 6 corrected, 1 open",
        "tray 14 hung [reset]",
    ):
        assert shown in text


def test_panel_is_redrawn_by_the_wall_clock_and_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now_s = 0.0
    monkeypatch.setattr(clock, "wall_s", lambda: now_s)
    drawn = []
    view = LiveView(console(terminal=True), "nominal", 100.0)
    plain = view.draw
    monkeypatch.setattr(view, "draw", lambda s: drawn.append(s.time_ns) or plain(s))
    with view:
        for second in range(1, 101):
            now_s += 0.1
            view.show(snapshot(second))
    assert len(drawn) in range(30, 45)  # 10 s of wall time at 4 Hz at most
    assert drawn[-1] == 100 * 10**9


def test_lines_where_the_panel_is_not_wanted() -> None:
    assert isinstance(view_for(console(terminal=True), False, "nominal", 1.0), LineView)
