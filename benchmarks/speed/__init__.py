"""Our figures beside what people write or use for the same, ratio first: `python -m benchmarks.speed`."""
