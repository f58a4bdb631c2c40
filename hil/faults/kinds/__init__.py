"""The fault space: every kind of fault by its name.

A new kind is a class in the file of its family, and its name in that file's `KINDS`.
"""

from __future__ import annotations

from hil.faults.kinds import actuators, computing, link, plant, sensors, space, tray_upsets, upsets
from hil.faults.kinds.kind import Kind, Needs

__all__ = ["FAMILIES", "KINDS", "Kind", "Needs"]

FAMILIES: dict[str, tuple[type[Kind], ...]] = {
    "upset": upsets.KINDS + tray_upsets.KINDS,
    "link": link.KINDS,
    "sensor": sensors.KINDS,
    "actuator": actuators.KINDS,
    "plant": plant.KINDS + space.KINDS,
    "computing": computing.KINDS,
}
KINDS: dict[str, type[Kind]] = {kind.name: kind for kinds in FAMILIES.values() for kind in kinds}
