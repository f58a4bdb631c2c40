"""Where the spacecraft is and how it is turned: pointing, shadow, solar particles."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import Field

from hil.faults.effect import Effect
from hil.faults.kinds.kind import Kind, Positive
from hil.faults.kinds.plant import changed
from hil.faults.plant_bends import Cycle
from hil.faults.rig import Rig
from hil.mission import upset_rates
from sim.environment import Environment
from sim.upsets import draw_upsets


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

    extra_s: Positive

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
            return cycle

        return rig.plant.bend(bend)


class Shadow(Kind):
    """The spacecraft is in a shadow that no forecast knows; with `for_s` it passes."""

    name: ClassVar[str] = "plant.shadow"

    def begin(self, rig: Rig, rng: np.random.Generator) -> Effect:
        return rig.plant.bend(lambda cycle: replace(cycle, environment=darkened(cycle.environment)))


class SolarParticleEvent(Kind):
    """Solar protons above 10, 30 and 100 MeV come on top of the belts', with their upsets.

    The spectrum falls as that of October 2003 did: a sixth above 30 MeV, a hundredth above 100 MeV.
    `upset_scale` multiplies the rates of the upsets that these protons make.
    """

    name: ClassVar[str] = "plant.solar_particle_event"

    flux_10mev_cm2_s: Positive = 3.7e5
    upset_scale: Positive = 1.0

    def begin(self, rig: Rig, rng: np.random.Generator) -> Effect:
        protons = {
            "proton_flux_10mev_cm2_s": self.flux_10mev_cm2_s,
            "proton_flux_30mev_cm2_s": self.flux_10mev_cm2_s / 6.0,
            "proton_flux_100mev_cm2_s": self.flux_10mev_cm2_s / 100.0,
        }

        def bend(cycle: Cycle) -> Cycle:
            sky = cycle.environment
            more = {name: getattr(sky, name) + flux for name, flux in protons.items()}
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

    def _upsets(self, rig: Rig, protons: dict[str, float], rng: np.random.Generator) -> list[Any]:
        table, vehicle = rig.mission.environment, rig.mission.vehicle
        late = table.time_s >= rig.now_ns / 1e9
        names = table.__dataclass_fields__
        rest = replace(table, **{name: getattr(table, name)[late] for name in names})
        rest = replace(rest, **{n: np.full(len(rest), flux) for n, flux in protons.items()})
        rates = upset_rates(rig.mission.scenario, vehicle)
        rates = replace(
            rates,
            scale=rates.scale * self.upset_scale,
            latchup_polar_tray_s=0.0,  # cosmic rays', drawn with the mission
            latchup_elsewhere_tray_s=0.0,
        )
        return draw_upsets(rest, rates, rig.trays, rng)


KINDS = (PointingLost, EclipseLonger, Shadow, SolarParticleEvent)
