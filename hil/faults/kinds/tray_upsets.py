"""Upsets of compute trays: weights, results, hangs and latch-ups; see `hil.faults.ledger`."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from hil.errors import UsageError
from hil.faults.effect import Effect
from hil.faults.kinds.kind import Tray
from hil.faults.kinds.plant import changed
from hil.faults.kinds.upsets import UpsetKind
from hil.faults.rig import Rig
from sim.tray_memory import WEIGHT_WORDS, corrupted_words
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
        if self.tray is not None and self.tray >= rig.trays:
            raise UsageError(f"{self.name}: tray {self.tray}, the vehicle has {rig.trays}")
        tray = int(rng.integers(0, rig.trays)) if self.tray is None else self.tray
        powered = bool(rig.craft.state.rack.modes.powered[0, tray])
        index, bits = self.bits(rng)
        entry = rig.upsets.strike(
            Upset(rig.now_ns / 1e9, self.element, tray, index, bits), rig.now_ns
        )
        return Effect(self.proof(rig, tray) if powered else "", entry=entry)

    def proof(self, rig: Rig, tray: int) -> str:
        """What the tray is like now."""
        return f"tray {tray} was powered and was struck"


class Weights(TrayUpset):
    """A bit of the model weights in a tray's HBM: results are wrong until they are reloaded."""

    name: ClassVar[str] = "upset.tray_weights"
    element: ClassVar[str] = "weights"
    word: Annotated[int, Field(ge=0, lt=WEIGHT_WORDS)] | None = None
    bit: Annotated[int, Field(ge=0, lt=32)] | None = None

    def bits(self, rng: np.random.Generator) -> tuple[int, tuple[int, ...]]:
        word, bit = int(rng.integers(0, WEIGHT_WORDS)), int(rng.integers(0, 32))
        return (word if self.word is None else self.word), (bit if self.bit is None else self.bit,)

    def proof(self, rig: Rig, tray: int) -> str:
        wrong = int(corrupted_words(rig.craft.state.rack.memory)[0, tray])
        return f"{wrong} words of tray {tray}'s weights are wrong" if wrong else ""


class HbmCorrected(TrayUpset):
    """An error in a tray's HBM that its ECC corrects and counts."""

    name: ClassVar[str] = "upset.tray_hbm_corrected"
    element: ClassVar[str] = "hbm_corrected"


class HbmUncorrectable(TrayUpset):
    """An error in a tray's HBM beyond its ECC: counted, the tray's output is suspect."""

    name: ClassVar[str] = "upset.tray_hbm_uncorrectable"
    element: ClassVar[str] = "hbm_uncorrectable"


class Result(TrayUpset):
    """A wrong result of a tray's logic: no sensor shows it."""

    name: ClassVar[str] = "upset.tray_result"
    element: ClassVar[str] = "compute"


class Sefi(TrayUpset):
    """A chip's functional interrupt: the tray hangs and its heartbeat stops."""

    name: ClassVar[str] = "upset.tray_sefi"
    element: ClassVar[str] = "tray_hang"


class HostHang(TrayUpset):
    """The tray's host hangs: as a chip's functional interrupt, the tray hangs with it."""

    name: ClassVar[str] = "upset.tray_host_hang"
    element: ClassVar[str] = "tray_hang"


class LatchUp(TrayUpset):
    """A latch-up at a tray's input draws current until its power is switched off.

    `current_a` is its current; the vehicle's `latchup_current_a` where not given.
    """

    name: ClassVar[str] = "upset.tray_latchup"
    element: ClassVar[str] = "tray_latchup"
    current_a: Annotated[float, Field(gt=0, le=1000)] | None = None

    def begin(self, rig: Rig, rng: np.random.Generator) -> Effect:
        if self.current_a is not None:
            rig.plant.bend(
                lambda cycle: replace(
                    cycle,
                    vehicle=changed(cycle.vehicle, "rack", latchup_current_a=self.current_a),
                )
            )
        return super().begin(rig, rng)


KINDS = (Weights, HbmCorrected, HbmUncorrectable, Result, Sefi, HostHang, LatchUp)
