"""What a person sees while a run flies: a live panel on a terminal, plain lines elsewhere.

Both show at most what the wall clock can use, so that watching costs the run next to nothing.
"""

from __future__ import annotations

import math
from collections import deque
from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from hil import clock
from hil.view import Snapshot

REFRESH_S = 0.25  # of wall time
LINES = 10  # plain lines a run
EVENTS_SHOWN = 6
STYLES = {"info": "dim", "low": "", "medium": "yellow", "high": "bold red"}
MODE_STYLES = {"nominal": "green", "eclipse": "blue", "safe": "bold red", "degraded": "yellow"}


class LineView:
    """A line at every tenth of the run, and one for each severe event."""

    def __init__(self, console: Console, title: str, duration_s: float) -> None:
        self._console = console
        self._title = title
        self._duration_s = duration_s
        self._told = -1
        self._began_s = clock.wall_s()

    def __enter__(self) -> Self:
        self._console.print(
            f"{self._title}, {self._duration_s:.0f} s", soft_wrap=True, markup=False
        )
        self._began_s = clock.wall_s()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Nothing to take back."""

    def show(self, snapshot: Snapshot) -> None:
        """A line, when a further tenth of the run has passed."""
        tenth = math.floor(snapshot.progress * LINES + 1e-9)
        if tenth <= self._told:
            return
        self._told = tenth
        truth, bench = snapshot.truth, snapshot.bench
        self._console.print(
            f"{100 * snapshot.progress:3.0f} %  {snapshot.time_ns / 1e9:6.0f} s  "
            f"{_place(snapshot):7s}  {snapshot.housekeeping['fsw_mode']:<8}  "
            f"charge {100 * truth['soc']:5.1f} %  "
            f"array {truth['array_power_w'] / 1e3:5.1f} kW  "
            f"payload {truth['payload_power_w'] / 1e3:5.1f} kW  "
            f"GPU {truth['gpu_temp_max_c']:5.1f} °C  "
            f"coolant {truth['coolant_supply_c']:5.1f} °C  "
            f"upsets {bench['upsets_occurred']:.0f}  "
            f"{_speed(snapshot, self._began_s)}",
            soft_wrap=True,
            markup=False,
        )

    def tell(self, time_ns: int, severity: str, text: str) -> None:
        """A line for a severe event."""
        if severity == "high":
            self._console.print(
                f"       {time_ns / 1e9:6.1f} s  {text}", soft_wrap=True, markup=False
            )


class LiveView:
    """A panel that is redrawn in place."""

    def __init__(self, console: Console, title: str, duration_s: float) -> None:
        self._title = title
        self._duration_s = duration_s
        self._events: deque[tuple[int, str, str]] = deque(maxlen=EVENTS_SHOWN)
        self._drawn_s = 0.0
        self._began_s = clock.wall_s()
        self._last: Snapshot | None = None
        self._live = Live(console=console, auto_refresh=False, transient=False)

    def __enter__(self) -> Self:
        self._began_s = clock.wall_s()
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._last is not None:
            self._live.update(self.draw(self._last), refresh=True)
        self._live.stop()

    def show(self, snapshot: Snapshot) -> None:
        """Redraw, when the last drawing is old enough."""
        self._last = snapshot
        now_s = clock.wall_s()
        if now_s - self._drawn_s >= REFRESH_S:
            self._drawn_s = now_s
            self._live.update(self.draw(snapshot), refresh=True)

    def tell(self, time_ns: int, severity: str, text: str) -> None:
        """Keep an event for the next drawing."""
        if severity != "info":
            self._events.append((time_ns, severity, text))

    def draw(self, snapshot: Snapshot) -> RenderableType:
        """The panel."""
        truth, space, board = snapshot.truth, snapshot.environment, snapshot.housekeeping
        mode = str(board["fsw_mode"])
        head = Table.grid(padding=(0, 2))
        head.add_row(
            _bar(snapshot.progress, 32, "cyan"),
            f"{100 * snapshot.progress:.0f} %",
            f"{_minutes(snapshot.time_ns / 1e9)} of {_minutes(self._duration_s)}",
            _speed(snapshot, self._began_s),
        )
        left = _figures()
        left.add_row("orbit", f"{space['orbit_phase_deg']:.0f}° from the node, {_place(snapshot)}")
        left.add_row("mode", Text(mode, style=MODE_STYLES.get(mode, "")))
        left.add_row("charge", _charge(truth["soc"]))
        left.add_row("array", _kilowatts(truth["array_power_w"]))
        left.add_row("battery", _kilowatts(truth["battery_power_w"], sign=True))
        left.add_row("payload", _kilowatts(truth["payload_power_w"]))
        left.add_row("cap, clock", _caps(truth))
        right = _figures()
        right.add_row(
            "GPU, HBM", f"{truth['gpu_temp_max_c']:.1f}, {truth['hbm_temp_max_c']:.1f} °C"
        )
        right.add_row(
            "coolant", f"{truth['coolant_supply_c']:.1f} to {truth['coolant_return_c']:.1f} °C"
        )
        right.add_row("radiator", f"{truth['radiator_mean_c']:.1f} °C")
        right.add_row("above freezing", f"{truth['coolant_freeze_margin_k']:.1f} K")
        right.add_row(
            "flow, bypass",
            f"{truth['coolant_flow_l_min']:.0f} L/min, {100 * truth['bypass']:.0f} %",
        )
        right.add_row("protons", f"{space['proton_flux_30mev_cm2_s']:.0f} /cm²/s above 30 MeV")
        body = Table.grid(padding=(0, 4))
        body.add_row(left, right)
        upsets = _figures()
        upsets.add_row("upsets", _upsets(snapshot))
        parts: list[RenderableType] = [head, "", body, upsets]
        if self._events:
            parts.append("")
            parts += [
                Text(f"{time_ns / 1e9:8.1f} s  {text}", style=STYLES.get(severity, ""))
                for time_ns, severity, text in self._events
            ]
        return Panel(Group(*parts), title=self._title, title_align="left", expand=False)


def view_for(console: Console, live: bool, title: str, duration_s: float) -> LineView | LiveView:
    """The live panel where there is a terminal and it is wanted, plain lines elsewhere."""
    if live and console.is_terminal:
        return LiveView(console, title, duration_s)
    return LineView(console, title, duration_s)


def _figures() -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(style="dim", min_width=10)
    return table


def _place(snapshot: Snapshot) -> str:
    return "sunlit" if snapshot.environment["sunlit"] >= 0.5 else "eclipse"


def _speed(snapshot: Snapshot, began_s: float) -> str:
    elapsed_s = clock.wall_s() - began_s
    return f"×{snapshot.time_ns / 1e9 / elapsed_s:.0f} real time" if elapsed_s > 0 else ""


def _minutes(time_s: float) -> str:
    minutes, seconds = divmod(round(time_s), 60)
    return f"{minutes}:{seconds:02d}"


def _charge(soc: float) -> Table:
    line = Table.grid(padding=(0, 1))
    line.add_row(_bar(soc, 16, "green" if soc > 0.3 else "red"), f"{100 * soc:.1f} %")
    return line


def _bar(share: float, width: int, style: str) -> ProgressBar:
    share = min(max(share, 0.0), 1.0)
    return ProgressBar(
        total=1.0, completed=share, width=width, complete_style=style, finished_style=style
    )


def _kilowatts(power_w: float, sign: bool = False) -> str:
    return f"{power_w / 1e3:+.1f} kW" if sign else f"{power_w / 1e3:.1f} kW"


def _caps(truth: object) -> str:
    assert isinstance(truth, dict)
    return f"{truth['power_cap_mean_w'] / 1e3:.2f} kW, {truth['clock_mean_mhz']:.0f} MHz"


def _upsets(snapshot: Snapshot) -> str:
    bench = snapshot.bench
    fates = ("corrected", "recovered", "uncorrectable", "silent", "open")
    counts = ", ".join(
        f"{bench[f'upsets_{fate}']:.0f} {fate}" for fate in fates if bench[f"upsets_{fate}"]
    )
    return f"{bench['upsets_occurred']:.0f}" + (f": {counts}" if counts else "")
