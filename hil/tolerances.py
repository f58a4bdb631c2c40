"""How far a channel of one run may lie off that of another, by the unit its name ends in."""

from __future__ import annotations

import math
from dataclasses import dataclass

from hil.errors import UsageError


@dataclass(frozen=True)
class Tolerance:
    """A distance, and a share of the channel's largest magnitude in both runs, together."""

    absolute: float = 0.0
    share: float = 0.0

    def allowed(self, largest: float) -> float:
        """The largest distance that is tolerated."""
        return self.absolute + self.share * largest

    @property
    def samples(self) -> float:
        """How many samples of a text may differ."""
        return self.absolute


# A board takes sensors and gives actuators a few milliseconds off the nominal time, no more.
BY_ENDING = {
    "_k": Tolerance(0.5),
    "_c": Tolerance(0.5),
    "soc": Tolerance(0.005),
    "_residual": Tolerance(1e-6),  # of balances, what a scenario requires
    "_mode": Tolerance(2),  # samples: a mode may be entered a second sooner or later
    "_mode_allowed": Tolerance(2),
}
OTHERWISE = Tolerance(share=0.01)


def tolerance_of(channel: str) -> Tolerance:
    """Tolerance of a channel where a board takes part and none was given."""
    for ending, tolerance in BY_ENDING.items():
        if channel.endswith(ending):
            return tolerance
    return OTHERWISE


def parse_tolerances(texts: list[str]) -> dict[str, Tolerance]:
    """CHANNEL=VALUE or CHANNEL=PERCENT% by channel. Raises UsageError on anything else."""
    found = {}
    for text in texts:
        channel, _, value = text.partition("=")
        try:
            number = float(value.removesuffix("%"))
        except ValueError:
            number = math.nan
        if not channel or not 0 <= number < math.inf:
            raise UsageError(
                f"--tolerance {text}: expected CHANNEL=VALUE with a value of 0 or more, "
                "as gpu_temp_max_c=0.5 or truth.load_power_w=2%"
            )
        percent = value.endswith("%")
        found[channel] = Tolerance(share=number / 100) if percent else Tolerance(number)
    return found
