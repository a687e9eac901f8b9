"""Wiring: the five jobs and the commands around them, made of the floors below."""
