"""The only floor that reaches SDKs, the network, the clock, the environment and other processes."""
