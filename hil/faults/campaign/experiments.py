"""The experiments by their name in a campaign file."""

from __future__ import annotations

from pathlib import Path

from hil.faults.campaign.order import Order
from hil.faults.campaign.sample import Experiment


def open_experiment(order: Order) -> Experiment:
    """The experiment of an order. Raises UsageError where it cannot be made here."""
    file = order.file
    if file.experiment == "mission":
        from hil.faults.campaign.mission import MissionExperiment

        assert file.mission is not None  # as the file was checked
        return MissionExperiment(file.mission, Path(order.path).parent)
    from hil.faults.campaign.flops import FlopExperiment

    assert file.flops is not None
    return FlopExperiment(file.flops)
