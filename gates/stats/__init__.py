"""The numerics of the gates: arrays in, figures with their uncertainty out; numpy and `math` only.

Two rules hold for every function here. Nothing returns NaN: what cannot be computed is None where the
signature says so, and ValueError where the caller should have checked first. The order of rows never
changes an interval.
"""
