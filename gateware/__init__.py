"""The payload controller: its register map, its Verilog, its golden model and its test bench."""
