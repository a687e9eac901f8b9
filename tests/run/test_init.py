"""`gates init`: what it writes is a project, what is there stays, and what it cannot use it names."""

import json
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from click.testing import CliRunner

from gates import checks, digest, policy
from gates.adapters.console import Screen
from gates.cli import cli
from gates.contracts import broken_rules, read_contract
from gates.documents import read_yaml
from gates.errors import ExitCode, InvalidError
from gates.render.contract import contract
from gates.run import init, survey
from gates.run.project import Project
from gates.run.survey import Wishes
from gates.verdict import Mode, Outcome

ROOT = Path(__file__).resolve().parents[2]
DATA = Path("data/raw/people.csv")
ROWS = 200
FIT = "def fit(features, labels, depth=3, *, loss='log', late=True, made=[]):\n    return None\n"


def people() -> pd.DataFrame:
    """A table with a row name, a number, words, a gap, a group and a label of two words."""
    numbers = pd.Series(range(ROWS))
    return pd.DataFrame(
        {
            "id": numbers + 1_000,
            "age": numbers % 60 + 18,
            "income": (numbers * 37 % 101).astype("float64").where(numbers % 20 != 0),
            "town, or": numbers.map(lambda each: ["Bath", "Yes", "1e5"][each % 3]),
            "note": numbers.map(lambda each: f"note {each}"),
            "member": numbers % 2 == 0,
            "left": numbers.map(lambda each: "no" if each % 3 else "yes"),
        }
    )


def repository(folder: Path) -> Path:
    """A repository with a table and a function that trains."""
    (folder / DATA).parent.mkdir(parents=True)
    people().to_csv(folder / DATA, index=False)
    (folder / "train.py").write_text(FIT, encoding="utf-8")
    (folder / ".git").mkdir()
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository that has never heard of gates."""
    return repository(tmp_path)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same after the command, for looking only."""
    folder = repository(tmp_path_factory.mktemp("begun"))
    begin(folder, key="id", groups=("member",))
    return folder


def begin(root: Path, **wishes: Any) -> dict[str, Any]:  # noqa: ANN401 - any flag
    """Run the command as the command line does, and return its answer."""
    given = {"data": DATA, "label": "left", "model": "people", **wishes}
    project = Project(root, root / ".gates" / "log", Screen(quiet=True))
    (root / ".gates").mkdir(exist_ok=True)
    return init.run(project, Wishes(**given)).to_document()


def files(root: Path) -> dict[str, str]:
    """Every file of the project but what it does not commit."""
    return {
        path.relative_to(root).as_posix(): digest.of_file(path)
        for path in sorted(root.rglob("*"))
        if path.is_file() and ".gates" not in path.parts
    }


def parsed(root: Path) -> policy.Policy:
    """Return the policy that was written."""
    return policy.parse(read_yaml(root / "params.yaml"), checks.policies())


# ---------------------------------------------------------------- what it writes


def test_the_policy_that_it_writes_is_one(begun: Path) -> None:
    written = parsed(begun)
    assert (written.project.model, written.project.data.key, written.project.data.label) == (
        "people",
        "id",
        "left",
    )
    assert written.gates["fairness"].model_dump()["attributes"] == ("member",)


def test_every_limit_has_a_comment_that_says_how_to_choose_it(begun: Path) -> None:
    text = (begun / "params.yaml").read_text(encoding="utf-8")
    limits = re.findall(r"^ +(?:# )?(?:min|max|p99)_\w+: [^#\n]*(#.*)?$", text, re.MULTILINE)
    assert len(limits) > 6
    assert limits.count("") <= 1  # the rows of the gate `champion` are those of `golden`


def test_without_groups_the_fairness_gate_only_reports(root: Path) -> None:
    begin(root)
    gate: Any = parsed(root).gates["fairness"]
    (finding,) = checks.load("fairness").judge(gate, {})
    assert (gate.mode, finding.outcome) == ("report", Outcome.UNDECIDED)


@pytest.mark.parametrize(("mode", "allowed"), [("report", True), ("block", False)])
def test_a_fairness_gate_that_blocks_names_a_group(mode: Mode, allowed: bool) -> None:  # noqa: FBT001 - the case
    document: dict[str, Any] = {"mode": mode, "attributes": []}
    if allowed:
        checks.policies()["binary"]["fairness"].model_validate_json(json.dumps(document))
    else:
        with pytest.raises(ValueError, match="at least 1 column"):
            checks.policies()["binary"]["fairness"].model_validate_json(json.dumps(document))


def test_the_tables_keep_the_contracts_inferred_from_them(begun: Path) -> None:
    broken = broken_rules(people(), read_contract(begun / "contracts/raw.yaml"))
    assert broken == {}


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_contract_says_what_was_seen(tmp_path: Path, suffix: str) -> None:
    """Whatever the column's type, the table keeps it, and another value breaks it."""
    table = people().assign(
        day=pd.to_datetime("2026-01-01"), kind=pd.Categorical(["a", "b"] * (ROWS // 2)), none=None
    )
    path = tmp_path / "contract.yaml"
    if suffix == "parquet":
        table.to_parquet(tmp_path / "t.parquet")
        table = pd.read_parquet(tmp_path / "t.parquet")
    else:
        table.to_csv(tmp_path / "t.csv", index=False)
        table = pd.read_csv(tmp_path / "t.csv")
    path.write_text(contract("A table.", table, "id"), encoding="utf-8")
    assert broken_rules(table, read_contract(path)) == {}
    odd = table.copy()
    odd.loc[0, ["age", "left", "id"]] = [300, "perhaps", 1_001]
    assert set(broken_rules(odd, read_contract(path))) == {
        ("age", "in_range(18, 77)"),
        ("left", "isin(['no', 'yes'])"),
        ("id", "field_uniqueness"),
    }


def test_a_rule_that_was_only_seen_is_marked_for_review(begun: Path) -> None:
    lines = (begun / "contracts/raw.yaml").read_text(encoding="utf-8").splitlines()
    assert all("# review: " in line for line in lines if re.match(r" +(in_range|isin|nullable)", line))


def test_parameters_are_the_functions_own(begun: Path) -> None:
    """What has a plain default becomes a parameter, in params.yaml and in the stage."""
    assert read_yaml(begun / "params.yaml")["train"] == {"depth": 3, "loss": "log", "late": True}
    stage = read_yaml(begun / "dvc.yaml")["stages"]["train"]
    assert {"train.depth", "train.loss", "train.late"} <= set(stage["params"])
    assert "train.py" in stage["deps"]


def test_parameters_are_read_back_as_they_were_given(root: Path) -> None:
    """By the stages' YAML, which takes `1e-05` for a text; what YAML does not carry keeps its default."""
    taken = {"low": -1, "share": -0.5, "tol": 1e-05, "big": -1e20, "text": "1:30", "no": False}
    left = {"none": None, "some": [1], "far": float("inf"), "long": 10**20}
    further = ", ".join(
        f"{name}=1e999" if name == "far" else f"{name}={value!r}" for name, value in (taken | left).items()
    )
    (root / "train.py").write_text(f"def fit(x, y, only=1, /, {further}): ...\n", encoding="utf-8")
    begin(root)
    written = yaml.safe_load((root / "params.yaml").read_text(encoding="utf-8"))["train"]
    assert written == taken
    assert {name: type(value) for name, value in written.items()} == {
        name: type(value) for name, value in taken.items()
    }


def test_a_function_of_another_name_and_place_is_called(root: Path) -> None:
    (root / "lib").mkdir()
    (root / "lib/learn.py").write_text("def run(x, y): ...\n", encoding="utf-8")
    begin(root, fit="lib.learn:run")
    assert "from lib.learn import run as fit\n" in (root / "stages/train.py").read_text(encoding="utf-8")


def test_every_python_file_that_it_writes_compiles(begun: Path) -> None:
    written = [begun / name for name in files(begun) if name.endswith(".py")]
    assert len(written) == 6
    for path in written:
        compile(path.read_bytes(), path.name, "exec")


@pytest.mark.parametrize(
    ("name", "called", "own"),
    [
        ("ship", "ship", "on-push"),
        ("review", "fast", "on-pull-request"),
        ("rollback", "rollback", "on-dispatch"),
    ],
)
def test_a_workflow_is_a_caller_with_the_rights_that_ours_has(
    begun: Path, name: str, called: str, own: str
) -> None:
    path = begun / f".github/workflows/{name}.yml"
    done = subprocess.run(
        ["check-jsonschema", "--builtin-schema", "vendor.github-workflows", path], check=False
    )
    assert done.returncode == 0
    (job,) = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values()
    ours = yaml.safe_load((ROOT / f".github/workflows/{own}.yml").read_text(encoding="utf-8"))
    (our_job,) = ours["jobs"].values()
    assert job["uses"] == f"org/ml-gates/.github/workflows/{called}.yml@COMMIT"
    assert job["permissions"] == our_job["permissions"]
    given = our_job.get("with", {})
    given.pop("working-directory", None)  # who presses the button of ours chooses among models
    assert (job.get("with", {}), job.get("secrets")) == (given, our_job.get("secrets"))


def test_a_project_below_its_repository_has_a_workflow_of_its_own(root: Path) -> None:
    """Two models of one repository lie side by side."""
    below = root / "models" / "churn"
    below.mkdir(parents=True)
    (root / "data").rename(below / "data")
    (root / "train.py").rename(below / "train.py")
    begin(below)
    for name in ("ship", "review", "rollback"):
        path = root / f".github/workflows/{name}-models-churn.yml"
        written = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert written["name"] == f"{name} models-churn"
        assert written["jobs"][name]["with"]["working-directory"] == "models/churn"
    assert not (below / ".github").exists()


def project_below(root: Path, folder: str) -> Path:
    """Make a further project in a folder of the repository."""
    below = root / folder
    shutil.copytree(root / "data", below / "data")
    shutil.copy(root / "train.py", below)
    return below


def test_two_projects_of_one_folder_name_lie_side_by_side(root: Path) -> None:
    """Each writes its own, and says where as it is seen from the project."""
    for folder in ("eu/a", "us/a"):
        told = begin(project_below(root, folder), model="a")
        own = f"../../.github/workflows/ship-{folder.replace('/', '-')}.yml"
        assert own in told["wrote"]
        assert not [name for name in told["wrote"] if name.startswith(".github")]
        assert (told["kept"], told["proposed"]) == ([], [])
        assert (root / folder / own).is_file()


def test_a_workflow_of_another_is_told_to_be_merged(root: Path) -> None:
    """`eu-a` comes first, and `eu/a` finds its workflows where its own belong."""
    begin(project_below(root, "eu-a"))
    before = files(root / ".github")
    told = begin(project_below(root, "eu/a"))
    for name in ("ship", "review", "rollback"):
        file = f".github/workflows/{name}-eu-a.yml"
        assert f"merge the job of .gates/init/{file} into ../../{file}" in told["plan"]
        assert (root / "eu/a/.gates/init" / file).is_file()
    assert files(root / ".github") == before


@pytest.mark.parametrize(
    "text", ["jobs: {test: {runs-on: x}}\n", "jobs: [\n", "name: mine\n", "jobs: {a: b}\n"]
)
def test_a_workflow_that_calls_nothing_of_ours_is_told_to_be_merged(root: Path, text: str) -> None:
    path = root / ".github/workflows/review.yml"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    told = begin(root)
    assert told["kept"] == [".github/workflows/review.yml"]
    step = "merge the job of .gates/init/.github/workflows/review.yml into .github/workflows/review.yml"
    assert step in told["plan"]


def test_a_workflow_that_was_completed_is_not_told_to_be_merged(root: Path) -> None:
    """Its `review` lines are done; it calls what it called."""
    below = project_below(root, "eu/a")
    begin(below)
    path = root / ".github/workflows/ship-eu-a.yml"
    text = path.read_text(encoding="utf-8").replace("org/ml-gates", "acme/gates").replace("COMMIT", "v1")
    path.write_text(text, encoding="utf-8")
    told = begin(below)
    assert told["proposed"] == [".github/workflows/ship-eu-a.yml"]
    assert not [step for step in told["plan"] if step.startswith("merge")]


# ---------------------------------------------------------------- what it leaves


def test_a_second_run_changes_nothing(root: Path) -> None:
    begin(root)
    before = files(root)
    again = begin(root)
    assert (again["wrote"], again["proposed"], files(root)) == ([], [], before)


@pytest.mark.parametrize("name", ["params.yaml", "dvc.yaml", ".gitignore", "stages/train.py", ".dvc/config"])
def test_a_file_that_is_there_stays_and_is_named(root: Path, name: str) -> None:
    """What would have stood there lies in `.gates/init/`."""
    (root / name).parent.mkdir(exist_ok=True)
    (root / name).write_text("mine: true\n", encoding="utf-8")
    answer = begin(root)
    assert (root / name).read_text(encoding="utf-8") == "mine: true\n"
    assert (answer["kept"], answer["proposed"]) == ([name], [name])
    assert (root / ".gates/init" / name).is_file()


@pytest.mark.parametrize("name", ["params.yaml", ".gitignore"])
def test_the_command_that_it_prints_completes_a_file(root: Path, name: str) -> None:
    (root / name).write_text("mine: true\n", encoding="utf-8")
    (command,) = (step for step in begin(root)["plan"] if name in step)
    subprocess.run(["sh", "-c", command], cwd=root, check=True)
    assert begin(root)["proposed"] == (["params.yaml"] if name == "params.yaml" else [])
    assert parsed(root).project.model == "people"


def test_a_policy_that_is_there_is_not_offered_another(root: Path) -> None:
    begin(root)
    params = root / "params.yaml"
    params.write_text(params.read_text(encoding="utf-8").replace("0.7", "0.8"), encoding="utf-8")
    assert not [step for step in begin(root)["plan"] if "params.yaml" in step]


def test_a_folder_without_git_is_told_to_begin_with_it(root: Path) -> None:
    (root / ".git").rmdir()
    assert begin(root)["plan"][0] == "git init"


# ---------------------------------------------------------------- the label


@pytest.mark.parametrize(
    ("values", "task", "positive"),
    [
        ([0, 1], "binary", 1),
        (["no", "yes"], "binary", "yes"),
        ([False, True], "binary", True),
        ([1, 2], "binary", 2),
        ([1.5, 2.5, 4.0], "regression", None),
        ([*range(21)], "regression", None),
        (["gold", "silver", "bronze"], "multiclass", None),
    ],
)
def test_the_task_is_guessed_from_the_label(values: list[Any], task: str, positive: object) -> None:
    found = survey.label_of(pd.DataFrame({"y": values}), Wishes(DATA, "y"))
    assert (found.task, found.positive) == (task, positive)


def test_the_task_that_is_named_holds() -> None:
    for values in ([0, 1], [3, 1, 2]):
        found = survey.label_of(pd.DataFrame({"y": values}), Wishes(DATA, "y", task="regression"))
        assert found.task == "regression"
    for classes, names in (([3.0, 1.0, 2.0], ("1", "2", "3")), (["c", "a", "b"], ("a", "b", "c"))):
        found = survey.label_of(pd.DataFrame({"y": classes}), Wishes(DATA, "y", task="multiclass"))
        assert (found.task, found.classes) == ("multiclass", names)


@pytest.mark.parametrize("values", [[3, 1, 2], [1.0, 2.0, 3.0], [*range(20)]])
def test_few_whole_numbers_are_not_guessed(values: list[Any]) -> None:
    """A regression of three classes would be judged by the wrong measure, and nobody told."""
    asked = f"--label y has {len(values)} distinct whole numbers; are they numbers to predict"
    with pytest.raises(InvalidError, match=asked) as caught:
        survey.label_of(pd.DataFrame({"y": values}), Wishes(DATA, "y"))
    assert "--task regression" in caught.value.do


# ---------------------------------------------------------------- what it cannot use


def rewritten(change: Callable[[pd.DataFrame], pd.DataFrame]) -> Callable[[Path], object]:
    """Change the table."""
    return lambda root: change(people()).to_csv(root / DATA, index=False)


def bytes_of(name: str | Path, data: bytes) -> Callable[[Path], object]:
    """Write a file."""
    return lambda root: (root / name).write_bytes(data)


BAD: dict[str, tuple[Callable[[Path], object], dict[str, Any], str]] = {
    "no such file": (
        lambda _: None,
        {"data": Path("data/raw/other.csv")},
        "--data data/raw/other.csv is not a",
    ),
    "a folder": (lambda _: None, {"data": Path("data/raw")}, "--data data/raw is not a file"),
    "elsewhere": (
        bytes_of("t.csv", b"a,left\n1,2\n"),
        {"data": Path("t.csv")},
        "--data t.csv does not lie in",
    ),
    "no such label": (
        lambda _: None,
        {"label": "gone"},
        "--label gone: data/raw/people.csv has no such column",
    ),
    "empty label": (lambda _: None, {"label": ""}, "--label is empty"),
    "empty key": (lambda _: None, {"key": ""}, "--key is empty"),
    "empty group": (lambda _: None, {"groups": ("",)}, "--group is empty"),
    "label as group": (lambda _: None, {"groups": ("left",)}, "--group left is the label"),
    "key as group": (lambda _: None, {"key": "id", "groups": ("id",)}, "--key id .* neither label nor group"),
    "group twice": (lambda _: None, {"groups": ("member", "member")}, "--group member stands twice"),
    "no groups": (lambda _: None, {"groups": ("age",)}, "--group age has 60 distinct values; at most 20"),
    "three classes": (
        rewritten(lambda t: t.assign(left=t["id"] % 3)),
        {},
        "--label left has 3 distinct whole numbers; are they numbers to predict",
    ),
    "no such key": (lambda _: None, {"key": "gone"}, "--key gone: .* has no such column"),
    "no such group": (lambda _: None, {"groups": ("gone",)}, "--group gone: .* has no such column"),
    "empty file": (bytes_of(DATA, b""), {}, "--data data/raw/people.csv is not a readable table"),
    "header alone": (bytes_of(DATA, b"age,left\n"), {}, "--data data/raw/people.csv has no rows"),
    "not UTF-8": (
        bytes_of(DATA, b"age,left\n1,\xff\n"),
        {},
        "--data data/raw/people.csv is not a readable table",
    ),
    "one value": (rewritten(lambda t: t.assign(left="no")), {}, "--label left has one value, 'no'"),
    "many words": (
        rewritten(lambda t: t.assign(left=[f"word {each % 21}" for each in range(len(t))])),
        {},
        r"--label left has 21 values \('word 0', 'word 1'",
    ),
    "two classes of many": (lambda _: None, {"task": "multiclass"}, "--label left has 2 values"),
    "broken classes": (
        rewritten(lambda t: t.assign(left=[(1.5, 2.0, 3.0)[each % 3] for each in range(len(t))])),
        {"task": "multiclass"},
        "--label left has 3 values",
    ),
    "no number": (lambda _: None, {"task": "regression"}, "--label left has 2 values"),
    "no two classes": (
        lambda _: None,
        {"label": "age", "task": "binary"},
        "--label age has 60 values",
    ),
    "label missing": (
        rewritten(lambda t: t.assign(left=t["left"].where(t["id"] > 1_003))),
        {},
        "--label left: 4 rows",
    ),
    "doubled key": (rewritten(lambda t: t.assign(id=1)), {"key": "id"}, "--key id: 199 rows repeat"),
    "label as key": (lambda _: None, {"key": "left"}, "--key left names a row"),
    "few rows": (
        rewritten(lambda t: t.head(30)),
        {},
        "the golden set would hold 3 rows of the smallest class",
    ),
    "no model name": (lambda _: None, {"model": "a b"}, "--model 'a b' is not a name"),
    "no function": (
        lambda _: None,
        {"fit": "train:learn"},
        "--fit train:learn: train.py has no function 'learn'",
    ),
    "no module": (lambda _: None, {"fit": "other:fit"}, "--fit other:fit: there is no file other.py"),
    "not a function's name": (lambda _: None, {"fit": "train.py"}, "--fit train.py is not module:function"),
    "not Python": (bytes_of("train.py", b"def fit(:\n"), {}, "--fit train:fit: train.py is not Python"),
    "no default": (
        bytes_of("train.py", b"def fit(x, y, depth, size=1): ...\n"),
        {},
        "--fit train:fit: its argument 'depth' has no default",
    ),
    "no default by name": (
        bytes_of("train.py", b"def fit(x, y, size=1, *, late=True, depth): ...\n"),
        {},
        "--fit train:fit: its argument 'depth' has no default",
    ),
    "no labels": (
        bytes_of("train.py", b"def fit(x): ...\n"),
        {},
        "--fit train:fit does not take features and",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_named_and_nothing_is_written(root: Path, name: str) -> None:
    spoil, wishes, complaint = BAD[name]
    spoil(root)
    before = files(root)
    with pytest.raises(InvalidError, match=complaint):
        begin(root, **wishes)
    assert files(root) == before


@pytest.mark.parametrize(
    ("label", "more", "told"),
    [
        ("gone", (), "--label gone"),
        ("", (), "--label is empty"),
        ("left", ("--key", ""), "--key is empty"),
    ],
)
def test_bad_input_ends_with_code_2(root: Path, label: str, more: tuple[str, ...], told: str) -> None:
    """As every mistake of a user does, and without a project to begin with; the columns are named."""
    arguments = ["init", "--project", str(root), "--data", str(DATA), "--label", label, *more, "--json"]
    answer = CliRunner().invoke(cli, arguments)
    assert answer.exit_code == ExitCode.INVALID
    assert told in answer.output
    assert "age, income" in answer.output


def test_a_table_elsewhere_is_moved_and_one_outside_is_copied(root: Path) -> None:
    """Nobody is told to take a file away from where it belongs to somebody else."""
    outside = root.parent / f"{root.name} outside.csv"
    for place, verb in ((root / "t.csv", "mv"), (outside, "cp")):
        place.write_bytes(b"a,left\n1,2\n")
        with pytest.raises(InvalidError, match="does not lie in data/raw") as caught:
            begin(root, data=place)
        assert f"{verb} {shlex.quote(str(place))} data/raw/" in caught.value.do


@pytest.mark.parametrize("cell", [[1, 2], {"a": 1}])
def test_a_column_of_lists_is_named(root: Path, cell: object) -> None:
    """Parquet holds such; it is a mistake of the table and none of ours."""
    data = DATA.with_suffix(".parquet")
    people().assign(odd=[cell] * ROWS).to_parquet(root / data, index=False)
    with pytest.raises(InvalidError, match="the column odd holds lists or mappings"):
        begin(root, data=data)


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        (pd.Timestamp("2026-01-01"), "datetime"),
        (pd.Timedelta(1, "s"), "timedelta"),
        (date(2026, 1, 1), "date"),
        (Decimal("1.5"), "decimal"),
        (b"x", "bytes"),
    ],
)
@pytest.mark.parametrize("column", ["odd", "left"])
def test_a_column_of_what_no_contract_speaks_about_is_named(
    root: Path, cell: object, kind: str, column: str
) -> None:
    """Label or not, Parquet holds such."""
    data = DATA.with_suffix(".parquet")
    people().assign(**{column: [cell] * ROWS}).to_parquet(root / data, index=False)
    with pytest.raises(InvalidError, match=f"the column {column} holds values of the kind {kind}"):
        begin(root, data=data)


def test_a_link_is_not_the_table(root: Path) -> None:
    """DVC takes none, and who is told to move it would move it onto itself."""
    elsewhere = root / "t.csv"
    (root / DATA).rename(elsewhere)
    (root / DATA).symlink_to(elsewhere)
    with pytest.raises(InvalidError, match="is a symbolic link") as caught:
        begin(root, data=DATA)
    assert "mv" not in caught.value.do


def test_the_help_offers_no_empty_choice() -> None:
    answer = CliRunner().invoke(cli, ["init", "--help"])
    assert "[binary|multiclass|regression]" in answer.output


def test_a_folder_that_is_not_there_is_no_repository(tmp_path: Path) -> None:
    arguments = ["init", "--project", str(tmp_path / "gone"), "--data", "t.csv", "--label", "y"]
    assert CliRunner().invoke(cli, arguments).exit_code == ExitCode.INVALID
    assert list(tmp_path.iterdir()) == []
