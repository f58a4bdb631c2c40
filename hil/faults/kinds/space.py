"""Where the spacecraft is and how it is turned: pointing, shadow, solar particles."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from hil.faults.effect import Effect
from hil.faults.kinds.kind import Kind, Seconds
from hil.faults.kinds.plant import changed
from hil.faults.plant_bends import Cycle
from hil.faults.rig import Rig
from hil.mission import CYCLE_NS, upset_rates
from sim.belts import ENERGIES_MEV
from sim.earth import earth_fixed
from sim.environment import Environment
from sim.orbit import position_velocity
from sim.solar_storm import FloatArray, admitted_share
from sim.upsets import Upset, draw_upsets


class PointingLost(Kind):
    """The attitude is off: wings see the Sun at this angle, radiator faces see it too."""

    name: ClassVar[str] = "plant.pointing_lost"

    error_deg: Annotated[float, Field(gt=0, lt=90)] = 60.0

    def begin(self, rig: Rig, rng: np.random.Generator) -> Effect:
        edge = 0.5 * float(np.sin(np.radians(self.error_deg)))  # mean of both faces

        def bend(cycle: Cycle) -> Cycle:
            sky = cycle.environment
            return replace(
                cycle,
                vehicle=changed(cycle.vehicle, "array", pointing_error_deg=self.error_deg),
                environment=replace(sky, radiator_sun_w_m2=edge * sky.solar_flux_w_m2 * sky.sunlit),
            )

        return rig.plant.bend(bend)


def darkened(sky: Environment) -> Environment:
    """The same place in full shadow."""
    return replace(sky, sunlit=0.0, radiator_sun_w_m2=0.0)


class EclipseLonger(Kind):
    """The next eclipse ends `extra_s` later than every forecast says."""

    name: ClassVar[str] = "plant.eclipse_longer"

    extra_s: Seconds

    def begin(self, rig: Rig, rng: np.random.Generator) -> Effect:
        before: list[float] = []  # the Sun's visible share in the cycle before
        ends_ns: list[int] = []

        def bend(cycle: Cycle) -> Cycle:
            sky = cycle.environment
            if not ends_ns and before and sky.sunlit > before[0]:
                ends_ns.append(cycle.time_ns + round(self.extra_s * 1e9))
            before[:] = [sky.sunlit]
            if ends_ns and cycle.time_ns < ends_ns[0]:
                return replace(cycle, environment=darkened(sky))
            effect.present = not ends_ns  # else it is over
            return cycle

        effect = rig.plant.bend(bend)
        return effect


class Shadow(Kind):
    """The spacecraft is in a shadow that no forecast knows; with `for_s` it passes."""

    name: ClassVar[str] = "plant.shadow"

    def begin(self, rig: Rig, rng: np.random.Generator) -> Effect:
        return rig.plant.bend(lambda cycle: replace(cycle, environment=darkened(cycle.environment)))


class SolarParticleEvent(Kind):
    """Solar protons come on top of the belts', with their upsets, where Earth's field lets them.

    `flux_10mev_cm2_s` is outside the field, above 10 MeV, as of October 2003 where not given; the
    spectrum falls with `rigidity_mv`. In low orbit they come over the poles alone
    (`sim/solar_storm.py`, as for the storm of a scenario, but at full strength at once).
    `upset_scale` multiplies the rates of the upsets that these protons make.
    """

    name: ClassVar[str] = "plant.solar_particle_event"

    flux_10mev_cm2_s: Annotated[float, Field(gt=0, le=1e8)] = 3.7e5
    rigidity_mv: Annotated[float, Field(ge=20, le=500)] = 61.0
    upset_scale: Annotated[float, Field(gt=0, le=1e6)] = 1.0

    def begin(self, rig: Rig, rng: np.random.Generator) -> Effect:
        protons = self._protons(rig)

        def bend(cycle: Cycle) -> Cycle:
            sky, index = cycle.environment, cycle.time_ns // CYCLE_NS
            more = {name: getattr(sky, name) + float(flux[index]) for name, flux in protons.items()}
            return replace(cycle, environment=replace(sky, **more))

        effect = rig.plant.bend(bend)
        release = effect.stop
        coming = self._upsets(rig, protons, rng)
        rig.coming.extend(coming)
        rig.coming.sort(key=lambda upset: upset.time_s)

        def stop() -> None:
            assert release is not None
            release()
            for upset in coming:
                if upset in rig.coming:
                    rig.coming.remove(upset)

        effect.stop = stop
        return effect

    def _protons(self, rig: Rig) -> dict[str, FloatArray]:
        """What comes in addition in each minor cycle, by field of the environment."""
        mission = rig.mission
        time_s = mission.start_s + mission.environment.time_s
        position, _ = position_velocity(mission.orbit, time_s)
        share = admitted_share(
            earth_fixed(position, mission.orbit.days(time_s)), ENERGIES_MEV, self.rigidity_mv
        )
        return {
            f"proton_flux_{energy:g}mev_cm2_s": self.flux_10mev_cm2_s * share[:, i]
            for i, energy in enumerate(ENERGIES_MEV)
        }

    def _upsets(
        self, rig: Rig, protons: dict[str, FloatArray], rng: np.random.Generator
    ) -> list[Upset]:
        table, vehicle = rig.mission.environment, rig.mission.vehicle
        late = table.time_s >= rig.now_ns / 1e9
        names = table.__dataclass_fields__
        rest = replace(table, **protons)
        rest = replace(rest, **{name: getattr(rest, name)[late] for name in names})
        rates = upset_rates(rig.mission.scenario, vehicle)
        rates = replace(
            rates,
            scale=rates.scale * self.upset_scale,
            latchup_polar_tray_s=0.0,  # cosmic rays', drawn with the mission
            latchup_elsewhere_tray_s=0.0,
        )
        return draw_upsets(rest, rates, rig.trays, rng)


KINDS = (PointingLost, EclipseLonger, Shadow, SolarParticleEvent)
