"""Put a mutant in by its name, for as long as a block lasts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pytest import MonkeyPatch

import hil.faults.case_flight
import hil.targets.rtl
from tests.faults.mutants.flight_table import FLIGHT_MUTANTS
from tests.faults.mutants.gateware_build import MutantTarget, number_of
from tests.faults.mutants.gateware_table import GATEWARE_MUTANTS
from tests.faults.mutants.memory_link_table import MEMORY_LINK_MUTANTS
from tests.faults.mutants.protection_table import PROTECTION_MUTANTS
from tests.faults.mutants.sensor_table import SENSOR_MUTANTS

FLIGHT_TABLES = (FLIGHT_MUTANTS, SENSOR_MUTANTS, MEMORY_LINK_MUTANTS, PROTECTION_MUTANTS)
FLIGHT = {mutant.name: mutant for table in FLIGHT_TABLES for mutant in table}
GATEWARE = {mutant.name: mutant for mutant in GATEWARE_MUTANTS}


@contextmanager
def applied(name: str) -> Iterator[None]:
    """Flight software, or the controller of every `rtl` target made meanwhile, has the defect.

    Raises KeyError for a name that is in neither table.
    """
    with MonkeyPatch.context() as patch:
        if name in FLIGHT:
            FLIGHT[name].put(patch)
        else:
            patch.setattr(MutantTarget, "mutant", number_of(name))
            for module in (hil.targets.rtl, hil.faults.case_flight):  # the latter with names
                patch.setattr(module, "RtlTarget", MutantTarget)
        yield
