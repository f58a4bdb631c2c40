"""`model://?trays=18&baud=1000000`: the golden model of the controller, no compiler needed."""

from __future__ import annotations

from typing import ClassVar

from hil.ports.lockstep import LockstepPort, integer_option
from hil.targets.lockstep import TRAYS_DEFAULT, LockstepTarget


class Serial(LockstepPort):
    """Serial port with the golden model at its other end."""

    scheme: ClassVar[str] = "model"
    options: ClassVar[tuple[str, ...]] = ("trays", "baud")

    def create_target(self, options: dict[str, str]) -> LockstepTarget:
        from hil.targets.model import (
            ModelTarget,
        )  # here: pyserial hides an ImportError of a handler

        return ModelTarget(trays=integer_option(options, "trays", TRAYS_DEFAULT, 1, 32))
