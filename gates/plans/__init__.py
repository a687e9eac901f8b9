"""Facts in, steps out: what a command will do before it does any of it."""
