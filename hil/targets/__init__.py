"""Realisations of the payload controller that run in lockstep with the bench."""
