"""pytest plugin: the target `rtl` is the simulation with all gateware mutants, none of which acts.

python -m pytest -p tests.faults.mutants.mutated_rtl tests/conformance --target rtl
"""

import hil.targets.rtl
from tests.faults.mutants.gateware_build import MutantTarget

hil.targets.rtl.RtlTarget = MutantTarget  # type: ignore[misc]
