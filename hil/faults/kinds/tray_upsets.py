"""Upsets of compute trays: weights, results, hangs and latch-ups; see `hil.faults.ledger`."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from hil.faults.effect import Effect
from hil.faults.kinds.kind import Tray
from hil.faults.kinds.plant import changed
from hil.faults.kinds.upsets import UpsetKind
from hil.faults.ledger import Fate
from hil.faults.plant_bends import Cycle
from hil.faults.rig import Rig
from sim.compute_rack import RackState
from sim.tray_memory import WEIGHT_WORDS, good_weights
from sim.upsets import Upset


class TrayUpset(UpsetKind):
    """An upset of compute tray `tray`, drawn where not given."""

    element: ClassVar[str]
    tray: Tray | None = None

    def bits(self, rng: np.random.Generator) -> tuple[int, tuple[int, ...]]:
        """Index and bits of the upset."""
        return 0, ()

    def begin(self, rig: Rig, rng: np.random.Generator) -> Effect:
        """Strike through the ledger; a tray without power is not hurt."""
        tray = int(rng.integers(0, rig.trays)) if self.tray is None else self.tray
        before = self.seen(rig.craft.state.rack, tray)
        index, bits = self.bits(rng)
        entry = rig.upsets.strike(
            Upset(rig.now_ns / 1e9, self.element, tray, index, bits), rig.now_ns
        )
        after = self.seen(rig.craft.state.rack, tray)
        return Effect("" if after == before else f"tray {tray}: {after}", entry=entry)

    @abstractmethod
    def seen(self, rack: RackState, tray: int) -> str:
        """What the upset changes, as the tray has it; the same before and after: it met nothing."""


class Weights(TrayUpset):
    """A bit of the model weights in a tray's HBM: results are wrong until they are reloaded."""

    name: ClassVar[str] = "upset.tray_weights"
    element: ClassVar[str] = "weights"
    word: Annotated[int, Field(ge=0, lt=WEIGHT_WORDS)] | None = None
    bit: Annotated[int, Field(ge=0, lt=32)] | None = None

    def bits(self, rng: np.random.Generator) -> tuple[int, tuple[int, ...]]:
        word, bit = int(rng.integers(0, WEIGHT_WORDS)), int(rng.integers(0, 32))
        return (word if self.word is None else self.word), (bit if self.bit is None else self.bit,)

    def seen(self, rack: RackState, tray: int) -> str:
        wrong = rack.memory.weights[0, tray] ^ good_weights(rack.modes.powered.shape[1])[tray]
        bits = sum(int(word).bit_count() for word in wrong)
        return f"wrong bits of its weights: {bits}"


class HbmCorrected(TrayUpset):
    """An error in a tray's HBM that its ECC corrects and counts."""

    name: ClassVar[str] = "upset.tray_hbm_corrected"
    element: ClassVar[str] = "hbm_corrected"

    def seen(self, rack: RackState, tray: int) -> str:
        return f"corrected errors of its HBM: {rack.memory.hbm_corrected[0, tray]}"


class HbmUncorrectable(TrayUpset):
    """An error in a tray's HBM beyond its ECC: counted, the tray's output is suspect."""

    name: ClassVar[str] = "upset.tray_hbm_uncorrectable"
    element: ClassVar[str] = "hbm_uncorrectable"

    def seen(self, rack: RackState, tray: int) -> str:
        return f"uncorrectable errors of its HBM: {rack.memory.hbm_uncorrectable[0, tray]}"


class Result(TrayUpset):
    """A wrong result of a tray's logic: no sensor shows it."""

    name: ClassVar[str] = "upset.tray_result"
    element: ClassVar[str] = "compute"

    def seen(self, rack: RackState, tray: int) -> str:
        return f"wrong results so far: {rack.memory.wrong_results[0, tray]}"


class Sefi(TrayUpset):
    """A chip's functional interrupt: the tray hangs and its heartbeat stops."""

    name: ClassVar[str] = "upset.tray_sefi"
    element: ClassVar[str] = "tray_hang"

    def seen(self, rack: RackState, tray: int) -> str:
        return "it hangs" if rack.modes.hung[0, tray] else "it does not hang"


class HostHang(Sefi):
    """The tray's host hangs: as a chip's functional interrupt, the tray hangs with it."""

    name: ClassVar[str] = "upset.tray_host_hang"


class LatchUp(TrayUpset):
    """A latch-up at a tray's input draws current until its power is switched off.

    `current_a` is its current; the vehicle's `latchup_current_a` where not given.
    """

    name: ClassVar[str] = "upset.tray_latchup"
    element: ClassVar[str] = "tray_latchup"
    current_a: Annotated[float, Field(gt=0, le=1000)] | None = None

    def seen(self, rack: RackState, tray: int) -> str:
        latched = bool(rack.modes.latchup[0, tray])
        return "its input draws the latch-up's current" if latched else "it is not latched up"

    def begin(self, rig: Rig, rng: np.random.Generator) -> Effect:
        effect = super().begin(rig, rng)
        entry, current_a = effect.entry, self.current_a
        if current_a is None or entry is None:
            return effect

        def bend(cycle: Cycle) -> Cycle:
            """The vehicle with another current for this tray, while it is latched up."""
            if (
                entry.fate is not Fate.OPEN
                or not cycle.state.rack.modes.latchup[0, entry.upset.tray]
            ):
                return cycle
            currents_a = np.full(rig.trays, cycle.vehicle.rack.latchup_current_a)
            currents_a[entry.upset.tray] = current_a
            return replace(
                cycle, vehicle=changed(cycle.vehicle, "rack", latchup_current_a=currents_a)
            )

        rig.plant.bend(bend)
        return effect


KINDS = (Weights, HbmCorrected, HbmUncorrectable, Result, Sefi, HostHang, LatchUp)
