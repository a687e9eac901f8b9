"""What GitHub Actions reads; what comes from data cannot write a second command into it."""

from pathlib import Path

import pytest

from gates.adapters import github


@pytest.fixture
def output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of a step's outputs, in a step of a workflow."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"):
        monkeypatch.setenv(name, str(tmp_path / name))
    return tmp_path / "GITHUB_OUTPUT"


@pytest.fixture
def summary(output: Path) -> Path:
    """The file of a step's summary."""
    return output.with_name("GITHUB_STEP_SUMMARY")


def test_outputs_are_appended(output: Path) -> None:
    """One line a value; what other programs wrote stays."""
    output.write_text("before=1\n")
    github.write_outputs({"outcome": "pass", "digest": "", "verdict": "a=b"})
    assert output.read_text() == "before=1\noutcome=pass\ndigest=\nverdict=a=b\n"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\u2028", "\x85", "\x0b"])
def test_a_value_cannot_bring_another_output(output: Path, end: str) -> None:
    """Whatever some program takes for the end of a line ends the value."""
    github.write_outputs({"verdict": f"path{end}outcome=pass", "digest": f"{end}outcome=pass"})
    assert output.read_text() == "verdict=path\ndigest=\n"


def test_a_value_cannot_open_a_block(output: Path) -> None:
    """`name<<END` in a value is text, since the name and its sign come first."""
    github.write_outputs({"verdict": "x<<END"})
    assert output.read_text() == "verdict=x<<END\n"


def test_summaries_are_appended(summary: Path) -> None:
    """Two commands of one step both show."""
    github.write_summary("# One")
    github.write_summary("# Two")
    assert summary.read_text() == "# One\n# Two\n"


def test_a_cut_ends_with_a_whole_paragraph(summary: Path) -> None:
    """Half a table or an open fence would swallow the line that says so; what came first stays."""
    github.write_summary(f"## judge: fail\n\nRefused.\n\n```text\n{'x' * github.SUMMARY_LIMIT}\n```\n")
    assert summary.read_text() == "## judge: fail\n\nRefused.\n\n… cut at 1 MiB.\n\n"


def test_several_long_summaries_of_one_step_stay_below_the_limit(summary: Path) -> None:
    """GitHub drops them all at once."""
    for _ in range(5):
        github.write_summary("é" * 300_000)
    assert github.SUMMARY_LIMIT * 0.99 < summary.stat().st_size < github.SUMMARY_LIMIT


@pytest.fixture
def run(output: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run of a workflow, and its checkout."""
    told = {"SERVER_URL": "https://github.com", "REPOSITORY": "org/model", "RUN_ID": "7", "SHA": "c" * 40}
    for name, value in (told | {"WORKSPACE": str(output.parent)}).items():
        monkeypatch.setenv(f"GITHUB_{name}", value)
    return output.parent


@pytest.mark.usefixtures("run")
def test_links_lead_to_commit_and_run() -> None:
    """By the names that a person knows them by."""
    assert github.links() == {
        "commit ccccccc": f"https://github.com/org/model/commit/{'c' * 40}",
        "run 7": "https://github.com/org/model/actions/runs/7",
    }
    assert github.run_id() == "7"


@pytest.mark.usefixtures("run")
@pytest.mark.parametrize(
    ("name", "value", "left"),
    [
        ("SERVER_URL", "javascript:alert(1)//", 0),
        ("REPOSITORY", "org/model>) [x](y", 0),
        ("REPOSITORY", "", 0),
        ("SHA", "HEAD", 1),
        ("RUN_ID", "7/../8", 1),
        ("ACTIONS", "false", 0),
    ],
)
def test_no_link_is_made_of_anything_else(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, left: int
) -> None:
    """An address is written as it is, so it has to be one."""
    monkeypatch.setenv(f"GITHUB_{name}", value)
    assert len(github.links()) == left


def test_a_project_lies_in_a_folder_of_the_checkout(
    run: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing for the checkout itself, for another place, and on a laptop."""
    assert github.folder(run / "models" / "churn") == "models/churn"
    assert github.folder(run) == ""
    assert github.folder(tmp_path_factory.mktemp("elsewhere")) == ""
    monkeypatch.delenv("GITHUB_ACTIONS")
    assert github.folder(run / "models") == ""


@pytest.mark.parametrize("character", ["x", "é", "❌"])
def test_a_long_summary_is_cut_below_the_limit(summary: Path, character: str) -> None:
    """In bytes, at a whole character, with a line that says so; GitHub would drop all of it."""
    github.write_summary(character * (github.SUMMARY_LIMIT // len(character.encode()) + 10))
    written = summary.read_bytes()
    assert github.SUMMARY_LIMIT * 0.99 < len(written) <= github.SUMMARY_LIMIT == 1024 * 1024
    assert written.decode().endswith(f"{character}\n\n… cut at 1 MiB.\n\n")


@pytest.mark.usefixtures("output")
def test_annotations_are_one_escaped_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Percent and line ends everywhere; colon and comma in properties, where they separate."""
    github.annotate("error", "a,b:c%\n", "50 %, of:\r\n::set-output")
    assert capsys.readouterr().err == "::error title=a%2Cb%3Ac%25%0A::50 %25, of:%0D%0A::set-output\n"


@pytest.mark.parametrize(
    ("file", "line", "place"),
    [
        ("models/a,b/params.yaml", 7, ",file=models/a%2Cb/params.yaml,line=7"),
        ("params.yaml", 0, ",file=params.yaml"),
        ("../elsewhere.yaml", 7, ""),
    ],
)
@pytest.mark.usefixtures("output")
def test_an_annotation_names_its_file_from_the_top_of_the_workspace(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    file: str,
    line: int,
    place: str,
) -> None:
    """Wherever the command runs; what lies elsewhere is in no diff."""
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    github.annotate("error", "title", "message", tmp_path / file, line)
    assert capsys.readouterr().err == f"::error title=title{place}::message\n"


@pytest.mark.usefixtures("output")
def test_annotations_leave_stdout_alone(capsys: pytest.CaptureFixture[str]) -> None:
    """It may hold one JSON document, which another program reads."""
    github.annotate("warning", "title", "message")
    assert capsys.readouterr() == ("", "::warning title=title::message\n")


@pytest.mark.parametrize("value", [None, "", "false", "1"])
def test_silent_elsewhere(
    output: Path,
    summary: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    value: str | None,
) -> None:
    """On a laptop nothing is written, even where the files' variables are set."""
    monkeypatch.delenv("GITHUB_ACTIONS")
    if value is not None:
        monkeypatch.setenv("GITHUB_ACTIONS", value)
    github.write_outputs({"outcome": "pass"})
    github.write_summary("# One")
    github.annotate("error", "title", "message")
    assert not output.exists()
    assert not summary.exists()
    assert capsys.readouterr() == ("", "")


def test_a_step_without_files_is_no_error(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some runners set neither."""
    monkeypatch.delenv("GITHUB_OUTPUT")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "")
    github.write_outputs({"outcome": "pass"})
    github.write_summary("# One")
    assert not output.exists()


@pytest.mark.usefixtures("output")
def test_the_actor_on_github(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who started which run of which repository."""
    for name, value in (("ACTOR", "ada"), ("RUN_ID", "7"), ("REPOSITORY", "org/model")):
        monkeypatch.setenv(f"GITHUB_{name}", value)
    assert github.actor() == "ada (run 7 of org/model)"


def test_the_actor_on_a_laptop(monkeypatch: pytest.MonkeyPatch) -> None:
    """The user of the machine."""
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    monkeypatch.setenv("LOGNAME", "ada")
    assert github.actor() == "ada"
