"""Environments of the peers' own: they do not share ours."""

import subprocess
from pathlib import Path

from benchmarks.speed.line import ROOT

FOLDER = ROOT / ".benchmarks" / "peers"
UV = "uv"  # `make` has that of the environment on the path


def python(name: str, requirements: tuple[str, ...]) -> Path:
    """Return the interpreter of a peer's environment, which is made where it is not there yet."""
    folder = FOLDER / name
    interpreter = folder / "bin" / "python"
    if not (folder / "made").exists():
        print(f"bench: an environment for {', '.join(requirements)}")
        subprocess.run([UV, "venv", "--quiet", "--clear", folder], check=True)
        # Compiled beforehand, as ours is: who uses it every day does not wait for that.
        install: list[str | Path] = [
            UV,
            "pip",
            "install",
            "--quiet",
            "--compile-bytecode",
            "--python",
            interpreter,
        ]
        subprocess.run([*install, *requirements], check=True)
        (folder / "made").touch()
    return interpreter
