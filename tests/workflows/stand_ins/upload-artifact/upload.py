"""Copy the files that an artifact names into the store, laid out as upload-artifact does it.

The layout starts at the folder that all search paths have in common, hidden files stay out,
and an artifact cannot be written twice. A job whose code is hostile is held to none of this: what lies in
`$STAND_IN_SMUGGLED/<job>` goes along as it is.
"""

import os
import shutil
import sys
from pathlib import Path


def main() -> int:
    store = Path(os.environ["STAND_IN_ARTIFACTS"]) / os.environ["ARTIFACT"]
    lines = [line.strip() for line in os.environ["PATTERNS"].splitlines() if line.strip()]
    searched = [os.path.normpath(line) for line in lines if not line.startswith("!")]
    excluded = [Path(os.path.normpath(line[1:])) for line in lines if line.startswith("!")]
    files = [
        file
        for pattern in searched
        for file in found(pattern)
        if not any(part.startswith(".") for part in file.parts)
        and not any(file.is_relative_to(folder) for folder in excluded)
    ]
    if not files:
        sys.stdout.write(f"No files were found with the provided path: {', '.join(lines)}\n")
        return 1 if os.environ["IF_NONE"] == "error" else 0
    store.mkdir(parents=True)
    root = layout_root(searched, files)
    for file in files:
        target = store / file.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, target)
    smuggled = Path(os.environ.get("STAND_IN_SMUGGLED", ""), os.environ["GITHUB_JOB"])
    if "STAND_IN_SMUGGLED" in os.environ and smuggled.is_dir():
        shutil.copytree(smuggled, store, dirs_exist_ok=True)
    sys.stdout.write(f"{len(files)} files in artifact {store.name}\n")
    return 0


def found(pattern: str) -> list[Path]:
    """List the files that a pattern names, those in a folder included."""
    hits = list(Path().glob(pattern))
    inside = [each for hit in hits if hit.is_dir() for each in hit.rglob("*")]
    return sorted(each for each in hits + inside if each.is_file())


def layout_root(searched: list[str], files: list[Path]) -> Path:
    """Find the folder below which the artifact keeps the paths."""
    if len(searched) > 1:
        return Path(os.path.commonpath(searched))
    only = Path(searched[0])
    return only if only.is_dir() else files[0].parent


if __name__ == "__main__":
    sys.exit(main())
