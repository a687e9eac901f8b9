"""`gates profile`: what the gate `drift` needs to know of a table, as a small file to keep."""

from collections.abc import Iterable
from functools import partial
from operator import ne
from pathlib import Path

from gates import digest
from gates.adapters import files
from gates.documents import MAX_BYTES
from gates.errors import InvalidError
from gates.profiles import merged, to_document
from gates.profiling import profile_of
from gates.run import engine
from gates.run.project import Project
from gates.run.result import Result


def run(project: Project, tables: Iterable[Path | str], out: Path, on: str = engine.LOCAL) -> Result:
    """Profile the rows of all tables together, without the key, and write the profile.

    Args:
        project: The project.
        tables: Tables, folders of Parquet files here or at ``s3://bucket/prefix``, or profiles.
        out: The JSON file to write.
        on: The engine that reads tables: local, ray, or ray://host:port.

    Raises:
        InvalidError: A table cannot be read, they do not fit together, or the profile is no small file.
    """
    key = project.policy.project.data.key
    parts = []
    with engine.opened(project, on) as used:
        for path in used.at_hand(tables):
            project.say(f"profiling {path}")
            parts.append(profile_of(path, partial(ne, key), used.over))
    whole = merged(parts)
    data = digest.canonical_json(to_document(whole))
    if len(data) > MAX_BYTES:
        raise InvalidError(
            f"The profile of {len(whole.columns):,} columns has more than {MAX_BYTES:,} bytes.",
            do="Keep the table as the reference, or profile fewer columns.",
        )
    files.write_bytes(out, data)
    sentence = f"{whole.rows:,} rows of {len(whole.columns):,} columns are profiled in {out}."
    details = {"rows": whole.rows, "columns": sorted(whole.columns), "bytes": len(data)}
    return Result("pass", sentence, digest=digest.of_bytes(data), details=details)
