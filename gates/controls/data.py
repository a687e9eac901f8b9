"""Whether the data remote's bytes are looked at when they are brought."""

from gates.controls.roads import DATA_REMOTE, Finding


def remote(name: str, *, verifies: bool) -> Finding:
    """Return what is found about the default remote of DVC."""
    if verifies:
        return DATA_REMOTE.prevented(f"The DVC remote {name!r} verifies what it brings.")
    return DATA_REMOTE.open(
        f"The DVC remote {name!r} does not verify what it brings; `gates data` stops, `dvc pull` does not.",
        f"dvc remote modify {name} verify true",
    )
