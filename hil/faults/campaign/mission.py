"""One fault of a satellite that flies, at any time of a stretch of its orbit.

The stretch begins `lead_s` after the scenario's start and is divided into arcs. A flight begins
`lead_s` before the arc in which the fault falls, and ends `tail_s` after it: flights of one arc
share their golden run. The rules of outcomes are those of `hil.faults.outcome`.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np

from hil.errors import UsageError
from hil.faults.campaign.order import DrawnFault, MissionSpace
from hil.faults.campaign.sample import Sample
from hil.faults.case_flight import Flown, assemble, connected, flown
from hil.faults.run import cannot_run, conduct, golden_of
from hil.faults.suite import Case, Fault, merged
from hil.faults.trace import Trace
from hil.mission import CYCLE_S, Mission

ARCS_KEPT = 40  # of some MB each; golden runs are kept on disk as well
NEVER_FIRED = "never fired"  # in no phase and mode
EXPECTED = ("gpu_temp_max_c < 1000 always",)  # a case must expect something; outcomes say the rest


@dataclass(frozen=True)
class Arc:
    """What flights of an arc have in common."""

    what: Flown
    golden: Trace


class MissionExperiment:
    """Keeps the arcs that were flown last."""

    def __init__(self, space: MissionSpace, folder: Path) -> None:
        """`folder` is that of the campaign file. Raises UsageError where nothing can be flown."""
        self._space = space
        self._folder = folder
        self._lead_cycles = round(space.lead_s / CYCLE_S)
        self._arcs: dict[int, Arc] = {}
        for drawn in space.fault:
            reason = cannot_run(self._stretch_case(drawn), space.target)
            if reason:
                raise UsageError(f"mission.fault: {reason}")

    def sample(self, number: int, rng: np.random.Generator) -> Sample:
        """Draw a fault and a time, and fly it."""
        drawn = self._draw_kind(rng)
        fault = drawn.draw_from(rng)
        strike_s = self._draw_time_s(drawn.weights or self._space.weights, rng)
        arc_number = int(strike_s // self._space.arc_s)
        arc_s = arc_number * self._space.arc_s
        at_s = round(self._space.lead_s + strike_s - arc_s, 1)
        fault = fault.model_copy(update={"at_s": at_s})
        case = self._case_of_arc(arc_s, fault)
        arc = self._arc(arc_number, case)
        return self._fly(number, case, arc, strike_s, rng)

    def close(self) -> None:
        """Nothing is kept that must be released."""

    @cached_property
    def _stretch(self) -> Mission:
        """The stretch of orbit that is sampled, with `lead_s` before it, laid out in advance."""
        return flown(self._stretch_case(self._space.fault[0]), self._folder).mission

    @cached_property
    def _flux_sum(self) -> list[float]:
        """Running sum over minor cycles of the stretch of the flux above 30 MeV."""
        flux = self._stretch.environment.proton_flux_30mev_cm2_s[self._lead_cycles :]
        return list(accumulate(flux.tolist()))

    def _draw_kind(self, rng: np.random.Generator) -> DrawnFault:
        ends = np.cumsum([drawn.weight for drawn in self._space.fault])
        place = rng.random() * float(ends[-1])
        return self._space.fault[int(np.searchsorted(ends, place, side="right"))]

    def _draw_time_s(self, weights: str, rng: np.random.Generator) -> float:
        """Seconds into the stretch, at the begin of a minor cycle."""
        if weights == "uniform":
            return int(rng.integers(len(self._flux_sum))) * CYCLE_S
        total = self._flux_sum[-1]
        if total <= 0:
            raise UsageError(
                'mission.weights = "flux": no protons on this stretch of orbit; '
                'begin it before a pass, with orbit.start = "saa" in scenario_values'
            )
        return bisect_right(self._flux_sum, rng.random() * total) * CYCLE_S

    def _stretch_case(self, drawn: DrawnFault) -> Case:
        length_s = self._space.lead_s + self._space.stretch_s
        return self._case(drawn.lowest(), length_s, self._space.scenario_values)

    def _case_of_arc(self, arc_s: float, fault: Fault) -> Case:
        begin_s = round(self._stretch.start_s + arc_s, 1)
        values = merged(
            self._space.scenario_values, {"orbit": {"start": "epoch", "start_s": begin_s}}
        )
        length_s = self._space.lead_s + self._space.arc_s + self._space.tail_s
        return self._case(fault, length_s, values)

    def _case(self, fault: Fault, length_s: float, scenario_values: dict[str, Any]) -> Case:
        return Case(
            name=fault.kind.name,
            scenario=self._space.scenario,
            vehicle=self._space.vehicle,
            duration_s=length_s,
            scenario_values=scenario_values,
            vehicle_values=self._space.vehicle_values,
            fault=(fault,),
            expect=EXPECTED,
        )

    def _arc(self, number: int, case: Case) -> Arc:
        if number not in self._arcs:
            if len(self._arcs) >= ARCS_KEPT:
                del self._arcs[next(iter(self._arcs))]  # the oldest
            what = flown(case, self._folder)
            self._arcs[number] = Arc(what, golden_of(what, self._space.target))
        return self._arcs[number]

    def _fly(
        self, number: int, case: Case, arc: Arc, strike_s: float, rng: np.random.Generator
    ) -> Sample:
        trays = arc.what.vehicle.rack.trays
        with connected(self._space.target, trays, case.needs) as connection:
            loop = assemble(arc.what, connection, case.fault)
            loop.draw_from(rng)
            outcome, error = conduct(loop, arc.golden)
        injection = loop.injections[0]
        fault = case.fault[0]
        return Sample(
            sample=number,
            element=fault.kind.name.split(".")[0],
            kind=fault.kind.name,
            fault=str(fault),
            struck=f"{strike_s:.1f} s",
            phase=injection.phase or NEVER_FIRED,
            mode=injection.mode or NEVER_FIRED,
            outcome=outcome,
            detected_by=injection.detected_by,
            latency_s=injection.latency_s("detected"),
            note=error or injection.evidence,
        )
