"""Faults: what strikes the spacecraft, and what becomes of it."""
