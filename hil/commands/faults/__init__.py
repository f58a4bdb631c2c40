"""`racksat faults`: the fault space, and suites of cases."""

from __future__ import annotations

import typer

from hil.commands.faults.campaign import campaign
from hil.commands.faults.list import list_kinds
from hil.commands.faults.report import report
from hil.commands.faults.run import run
from hil.commands.faults.shrink import shrink
from hil.commands.faults.theory import theory

app = typer.Typer(help="Inject faults and check what the satellite does.", no_args_is_help=True)
app.command("campaign")(campaign)
app.command("list")(list_kinds)
app.command("report")(report)
app.command("run")(run)
app.command("shrink")(shrink)
app.command("theory")(theory)
