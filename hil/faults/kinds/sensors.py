"""Sensors that lie. What the controller sees is bent, the spacecraft is not."""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import ClassVar, Literal, Self

import numpy as np
from pydantic import Field, field_validator, model_validator

from hil.faults.effect import Effect
from hil.faults.kinds.kind import (
    Finite,
    Kind,
    Positive,
    Share,
    Tray,
    changes,
    chosen,
)
from hil.faults.rig import Rig
from hil.faults.sensor_bends import RACK, TRAY, Bend, places


def _channels() -> str:
    """All channels with their units, in words."""
    rack, tray = (
        ", ".join(f"{c.name} [{c.unit}]" if c.unit else c.name for c in known.values())
        for known in (RACK, TRAY)
    )
    return f"one of {rack}; of a tray {tray}"


class SensorKind(Kind):
    """A fault of one channel; of a tray's channel in tray `tray`, or in all without it."""

    channel: str = Field(description=_channels())
    tray: Tray | None = None

    @field_validator("channel")
    @classmethod
    def _known(cls, channel: str) -> str:
        return chosen("sensor channel", channel, (*RACK, *TRAY))

    @model_validator(mode="after")
    def _tray_has_it(self) -> Self:
        if self.tray is not None and self.channel in RACK:
            raise ValueError(f"channel {self.channel} is the rack's, leave tray out")
        return self

    @abstractmethod
    def bends(self, rng: np.random.Generator, now_ns: int) -> Bend:
        """A bend for one place."""

    def begin(self, rig: Rig, rng: np.random.Generator) -> Effect:
        """Bend the channel."""
        effect = Effect()
        for place in places(self.channel, self.tray, rig.trays):
            rig.sensors.bend(place, self.bends(rng, rig.now_ns), effect)
        return effect


class StuckAtCurrent(SensorKind):
    """The channel goes on showing what it showed when the fault came."""

    name: ClassVar[str] = "sensor.stuck_at_current"

    def bends(self, rng: np.random.Generator, now_ns: int) -> Bend:
        held: list[float] = []

        def bend(value: float, time_ns: int) -> float:
            held.append(value) if not held else None
            return held[0]

        return bend


class StuckAtValue(SensorKind):
    """The channel shows one value, in the unit of the channel."""

    name: ClassVar[str] = "sensor.stuck_at_value"

    value: Finite

    def bends(self, rng: np.random.Generator, now_ns: int) -> Bend:
        return lambda value, time_ns: self.value


class Bias(SensorKind):
    """The channel shows too much or too little, by the same amount, in its unit."""

    name: ClassVar[str] = "sensor.bias"

    bias: Finite

    @field_validator("bias")
    @classmethod
    def _changes(cls, bias: float) -> float:
        return changes(bias, 0.0)

    def bends(self, rng: np.random.Generator, now_ns: int) -> Bend:
        return lambda value, time_ns: value + self.bias


class Drift(SensorKind):
    """The channel drifts away, by an amount that grows with time from nothing."""

    name: ClassVar[str] = "sensor.drift"

    rate_per_s: Finite

    @field_validator("rate_per_s")
    @classmethod
    def _changes(cls, rate_per_s: float) -> float:
        return changes(rate_per_s, 0.0)

    def bends(self, rng: np.random.Generator, now_ns: int) -> Bend:
        return lambda value, time_ns: value + self.rate_per_s * (time_ns - now_ns) / 1e9


class Scale(SensorKind):
    """The channel shows its value times a factor."""

    name: ClassVar[str] = "sensor.scale"

    factor: Finite

    @field_validator("factor")
    @classmethod
    def _changes(cls, factor: float) -> float:
        return changes(factor, 1.0)

    def bends(self, rng: np.random.Generator, now_ns: int) -> Bend:
        return lambda value, time_ns: value * self.factor


class Noise(SensorKind):
    """The channel carries Gaussian noise of this standard deviation on top of its own."""

    name: ClassVar[str] = "sensor.noise"

    sigma: Positive

    def bends(self, rng: np.random.Generator, now_ns: int) -> Bend:
        return lambda value, time_ns: value + self.sigma * float(rng.standard_normal())


class Spikes(SensorKind):
    """Single samples (10 Hz) that are off by `height`, up or down, at a mean rate."""

    name: ClassVar[str] = "sensor.spikes"

    height: Positive
    share: Share = Field(0.1, description="of the samples")

    def bends(self, rng: np.random.Generator, now_ns: int) -> Bend:
        def bend(value: float, time_ns: int) -> float:
            struck, up = rng.random(2)
            if struck >= self.share:
                return value
            return value + (self.height if up < 0.5 else -self.height)

        return bend


class Dropout(SensorKind):
    """The channel's line is open or shorted: the converter reads an end of its range."""

    name: ClassVar[str] = "sensor.dropout"

    reads: Literal["zero", "full"] = "zero"

    def bends(self, rng: np.random.Generator, now_ns: int) -> Bend:
        end = -math.inf if self.reads == "zero" else math.inf
        return lambda value, time_ns: end


KINDS = (StuckAtCurrent, StuckAtValue, Bias, Drift, Scale, Noise, Spikes, Dropout)
