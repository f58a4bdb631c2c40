"""What became of a case, decided by comparing it with its golden run.

The golden run has the same scenario, vehicle, seed, duration and target, and no fault. The rules
are looked at in this order; the first that holds decides.

tool error              a fault never fired, or the bench failed: nothing is known.
hang                    at the end flight software is off, or has had no telemetry from the
                        controller for longer than its own limit.
silent corruption       a fault that nothing noticed made results wrong that the golden run has
                        right, or a code took its bits for others; or nothing noticed any fault, and
                        the service at the end is not as the golden run's.
detected and lost       something noticed; at the end the service is not as the golden run's, or an
                        upset has not been undone.
latent                  nothing noticed, the service is as the golden run's, and the fault is still
                        there at the end.
masked                  the same, and the fault is gone.
corrected               undone by a code, a vote or a retry without flight software having to act:
                        no event of severity medium or above that the golden run has not, no
                        restart, no damage that flight software undid, and the service was never
                        otherwise than the golden run's.
detected and recovered  noticed, and at the end the service is as the golden run's.

The service is as the golden run's when flight software computes (modes nominal, eclipse, degraded)
if the golden run's does, tokens per second are at least 0.9 of the golden run's, and no limit is
broken: GPU and HBM slowdown, coolant freezing, battery empty. What noticing is, is said in
`hil.faults.injections`.
"""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """What became of a case."""

    MASKED = "masked"
    LATENT = "latent"
    CORRECTED = "corrected"
    RECOVERED = "detected and recovered"
    LOST = "detected and lost"
    SILENT = "silent corruption"
    HANG = "hang"
    TOOL_ERROR = "tool error"
