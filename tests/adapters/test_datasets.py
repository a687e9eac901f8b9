"""A table in a bucket has the verdict that it has in a folder here."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from gates import digest
from gates.adapters import datasets
from gates.cli import cli
from gates.errors import ExitCode, InvalidError, UnavailableError
from tests.checks.project import build
from tests.servers import S3, moto

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.checks.project import Project

BUCKET = "tables"
URI = f"s3://{BUCKET}/train"


@pytest.fixture(scope="module")
def server() -> Iterator[S3]:
    with moto() as started:
        started.bucket(BUCKET)
        yield started


@pytest.fixture
def project(tmp_path: Path, server: S3, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project whose training table lies in files in a folder, and in the bucket."""
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    made = build(tmp_path)
    rows, folder, s3 = made.table("train"), tmp_path / "train", server.client()
    for place in range(3):
        path = folder / f"part={place}" / "rows.parquet"
        path.parent.mkdir(parents=True)
        rows.iloc[place::3].to_parquet(path)
        s3.upload_file(str(path), BUCKET, f"train/{path.relative_to(folder)}")
    s3.put_object(Bucket=BUCKET, Key="train/", Body=b"")  # how consoles keep an empty folder
    s3.put_object(Bucket=BUCKET, Key="training.txt", Body=b"another thing")
    return made


def answered(project: Project, *words: str, code: ExitCode) -> dict[str, Any]:
    ended = CliRunner().invoke(cli, [*words, "--json", "--project", str(project.root)])
    assert ended.exit_code == code, ended.output
    return dict(json.loads(ended.stdout))


def test_the_verdict_is_that_of_the_folder(project: Project) -> None:
    """With the digest of its files; nothing of them stays."""
    words = ("schema", "--today", "2026-06-01", "--train")
    there = answered(project, *words, URI, code=ExitCode.PASS)
    here = answered(project, *words, str(project.root / "train"), code=ExitCode.PASS)
    assert there == here
    assert here["inputs"]["train"] == digest.of_tree(project.root / "train")
    assert list((project.root / ".gates" / "staging").iterdir()) == []


def test_a_profile_is_that_of_the_folder(project: Project) -> None:
    for place, name in ((URI, "there"), (str(project.root / "train"), "here")):
        answered(project, "profile", "--data", place, "--out", str(project.root / name), code=ExitCode.PASS)
    assert project.path("there").read_bytes() == project.path("here").read_bytes()


def test_one_object_may_be_the_table(project: Project) -> None:
    with datasets.brought(f"{URI}/part=1/rows.parquet", project.root) as table:
        assert [path.name for path in table.folder.iterdir()] == ["rows.parquet"]


@pytest.mark.parametrize(
    ("uri", "error", "what"),
    [
        (f"s3://{BUCKET}/none", InvalidError, "holds no files"),
        (f"s3://{BUCKET}", InvalidError, r"training\.txt, which is no Parquet"),
        ("s3://no-such-bucket/train", UnavailableError, "cannot be read"),
    ],
)
def test_what_is_no_table_is_named(project: Project, uri: str, error: type[Exception], what: str) -> None:
    with pytest.raises(error, match=what), datasets.brought(uri, project.root):
        pass
