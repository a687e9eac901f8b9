"""The command `gates`: what it takes, and where it hands that on to."""

from gates.cli.commands import cli, described_commands, main

__all__ = ["cli", "described_commands", "main"]
