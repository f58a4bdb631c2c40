"""A fault at work: what can be known of it, and how it is taken away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hil.faults.ledger import Entry


@dataclass
class Effect:
    """A fault at work. `evidence` is empty until it is proved that the fault acts.

    `stop` takes it away; None where nothing but the satellite can. `entry` is that of an upset
    which the ledger of upsets follows to its fate. `present` is False once the fault has gone.
    """

    evidence: str = ""
    stop: Callable[[], None] | None = None
    entry: Entry | None = None
    present: bool = True
    corrected_by: str = ""  # what has undone it at once, as read back

    def prove(self, evidence: str) -> None:
        """Keep the first evidence."""
        self.evidence = self.evidence or evidence

    def end(self) -> None:
        """Take the fault away."""
        if self.stop is not None:
            self.stop()
            self.stop = None
            self.present = False
