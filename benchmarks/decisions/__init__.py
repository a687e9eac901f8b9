"""The operating characteristics of the gates, by simulation: `make decisions`.

One module a gate. Each has `figures(runs)`, which yields one `Figure` a claim: it simulates the gate itself,
measure and judge, and counts what the gate says.
"""
