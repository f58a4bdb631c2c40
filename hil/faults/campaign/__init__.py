"""Campaigns: many faults drawn from a fault space, one at a time, and what became of each."""
