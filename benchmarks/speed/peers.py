"""Environments of the peers' own: they do not share ours."""

import subprocess
from pathlib import Path

from benchmarks.speed.line import ROOT

FOLDER = ROOT / ".benchmarks" / "peers"
UV = ROOT / ".venv" / "bin" / "uv"


def python(name: str, requirements: tuple[str, ...]) -> Path:
    """Return the interpreter of a peer's environment, which is made where it is not there yet."""
    folder = FOLDER / name
    interpreter = folder / "bin" / "python"
    if not (folder / "made").exists():
        print(f"bench: an environment for {', '.join(requirements)}")
        subprocess.run([UV, "venv", "--quiet", "--clear", folder], check=True)
        subprocess.run([UV, "pip", "install", "--quiet", "--python", interpreter, *requirements], check=True)
        (folder / "made").touch()
    return interpreter
