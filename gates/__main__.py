"""`python -m gates` is `gates`."""

from gates.cli import main

if __name__ == "__main__":  # a process that works for this one imports this file too
    main()
