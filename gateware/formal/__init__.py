"""Formal proofs of the controller's RTL: claims in Verilog, the list of them, and their runner."""
