"""The simulated controller's bench: Verilog around the RTL and the cocotb module that serves it."""
