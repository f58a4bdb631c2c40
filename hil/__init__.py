"""The bench: targets, ports, scenarios, and what a run leaves behind."""
