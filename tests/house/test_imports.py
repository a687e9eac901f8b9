"""What a gate that trains nothing imports: how soon it starts, held by lists and counts and not by time.

`import mlflow` alone brings some 3,000 modules; a gate is to start in a quarter of its time.
"""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from gates import checks
from tests.checks.project import build
from tests.shell import ROOT

READS_TABLES = frozenset({"numpy", "pandas", "pyarrow"})
EVERY = frozenset({"click", "pydantic", "rich", "yaml"})
ALLOWED = {"latency": EVERY | {"numpy"}, "schema": EVERY | READS_TABLES | {"pandera"}}
MOST = {"latency": 600, "schema": 1_250}  # modules, the standard library's with them
HEAVY = (
    *(
        "boto3",
        "botocore",
        "dvc",
        "evidently",
        "fairlearn",
        "git",
        "huggingface_hub",
        "jinja2",
        "joblib",
        "matplotlib",
        "mlflow",
    ),
    *("polars", "pytest", "ray", "requests", "scipy", "securesystemslib", "sigstore", "sklearn", "skops"),
    *("sqlalchemy", "urllib3"),
)
RUN = """
import sys
sys.argv = ["gates", {!r}, "--json"]
from gates.cli import main
try:
    main()
except SystemExit:
    pass
print(chr(10) + " ".join(sys.modules), file=sys.stderr)
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that passes every gate."""
    return build(tmp_path_factory.mktemp("project")).root


@pytest.mark.parametrize("name", checks.names())
def test_a_gate_imports_no_more_than_it_needs(project: Path, name: str) -> None:
    """From its command to its verdict, in an interpreter of its own."""
    ended = subprocess.run(
        [sys.executable, "-P", "-c", RUN.format(name)],
        cwd=project,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(ended.stdout)["outcome"] == "pass"
    modules = ended.stderr.splitlines()[-1].split()
    packages = {module.partition(".")[0] for module in modules}
    allowed = ALLOWED.get(name, EVERY | READS_TABLES)
    assert packages & {*HEAVY, *READS_TABLES, "pandera"} <= allowed
    assert len(modules) <= MOST.get(name, 1_000)


def test_the_lists_know_every_dependency() -> None:
    """What the project depends on is allowed to every gate, to some, or to none."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    names = {re.split(r"[^\w-]", each)[0] for each in project["dependencies"]}
    imported = {"huggingface-hub": "huggingface_hub", "pyyaml": "yaml", "scikit-learn": "sklearn"}
    nobody_imports = {"pytest-benchmark", "zizmor"}  # a plugin, and a program
    known = {*HEAVY, *EVERY, *READS_TABLES, "pandera"} | nobody_imports
    assert {imported.get(name, name) for name in names} <= known
