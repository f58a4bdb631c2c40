"""Deliberate defects of gateware and flight software, which the suites of faults have to notice."""
