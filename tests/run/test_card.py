"""The model card: written and logged at every promotion, and the same bytes from the ledger a year later."""

from pathlib import Path

import pytest
from huggingface_hub import ModelCard

from gates import digest, human_parts
from gates.adapters.registry import CARD, LONGEST_TAG
from gates.errors import InvalidError
from gates.human_parts import NAME
from gates.run import card, promote
from tests.checks.project import Project
from tests.run import judged
from tests.run.judged import Judged

PARTS = {
    "intended_use": "To *rank* customers.\n# no heading",
    "owner": "Ada",
    "limits": "Old.",
    "license": "mit",
    "tags": ["x"],
}


@pytest.fixture(scope="module")
def promoted(tmp_path_factory: pytest.TempPathFactory) -> Judged:
    """A project whose model was promoted with what people say of it."""
    root = tmp_path_factory.mktemp("card") / "project"
    made = judged.build(root, lambda project: project.write_document(NAME, PARTS))
    made.judge()
    promote.run(made.project, "", apply=True)
    return made


def text(made: Judged) -> str:
    """Return the card that the promotion left."""
    return (made.root / "evidence/model_card.md").read_text("utf-8")


def test_it_is_logged_to_the_version(promoted: Judged) -> None:
    """The whole of it, where people look at the version, and a sentence that says where it is."""
    version = promoted.registry.client.get_model_version("churn", "1")
    assert version.tags[CARD] == text(promoted)
    assert "model card" in str(version.description)


def test_it_is_made_again_from_the_ledger_alone(promoted: Judged, tmp_path: Path) -> None:
    """Whatever became of the evidence and of what people say today."""
    twin = promoted.copy(tmp_path / "twin")
    before = text(twin)
    for path in (twin.root / "evidence").iterdir():
        path.unlink()
    (twin.root / "model_card.yaml").write_text("owner: Grace\n")
    result = card.run(twin.project, "", None)
    assert text(twin) == before
    assert result.digest == digest.of_bytes(before.encode())
    with pytest.raises(InvalidError, match="No champion has"):
        card.run(twin.project, "v9", None)


def test_machines_read_it(promoted: Judged) -> None:
    """huggingface_hub finds name, licence, tags, and the golden set's figures with the digest of its rows."""
    data = vars(ModelCard(text(promoted)).data)
    assert (data["license"], data["tags"], data["library_name"]) == ("mit", ["x", "ml-gates"], "sklearn")
    figures = {each.metric_type: each.metric_value for each in data["eval_results"]}
    golden = next(each for each in promoted.decision.verdicts if each.gate == "golden")
    assert figures["auc"] == golden.measurements["auc"]
    assert {each.dataset_revision for each in data["eval_results"]} == {
        promoted.decision.candidate.golden_sha256
    }


def test_people_read_it(promoted: Judged) -> None:
    """What they said stays text, what they did not say is told, and it names the statement."""
    page = text(promoted)
    assert digest.of_file(promoted.root / "evidence/statement.json") in page
    assert "To \\*rank\\* customers.\n\\# no heading" in page
    assert page.count("*Nobody has said.*") == 3
    for title in ("Data", "Training", "Evaluation", "On slices", "Fairness", "Latency", "Lineage"):
        assert f"# {title}\n" in page
    assert "| disparate\\_impact/female |" in page


def test_a_card_that_the_registry_refuses_stops_no_promotion(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What people may say is more than MLflow takes: the tag is cut, and says where the rest is."""
    longest = dict.fromkeys(human_parts.PARTS, "*" * 10_000)
    made = judged.build(tmp_path / "project", lambda project: project.write_document(NAME, longest))
    made.judge()
    with monkeypatch.context() as patch:
        patch.setattr(card, "LONGEST_TAG", 10**6)
        assert promote.run(made.project, "", apply=True).exit_code == 0
    assert made.registry.champion_version() == "1"
    assert "v1 is promoted, but its model card is not logged" in " ".join(capsys.readouterr().err.split())
    assert "no model card" in caplog.messages
    assert "exceeds the maximum length" in caplog.text
    assert CARD not in made.registry.client.get_model_version("churn", "1").tags
    assert promote.run(made.project, "", apply=True).exit_code == 0
    tag = made.registry.client.get_model_version("churn", "1").tags[CARD]
    assert len(text(made)) > LONGEST_TAG >= len(tag) > LONGEST_TAG * 0.75
    assert tag.endswith("\n\n*Cut here. The whole card: gates card v1*\n")
    assert text(made).startswith(tag.partition("\n\n*Cut here.")[0] + "\n")


def without_people(project: Project) -> None:
    """Take away what people say, and the gate that asks for it."""
    project.path(NAME).unlink()
    project.edit("params.yaml", lambda params: params["gates"].pop("documentation"))


def test_a_model_of_which_nobody_says_anything_has_a_card(tmp_path: Path) -> None:
    """Whether it may serve so is the gate's to say."""
    made = judged.build(tmp_path / "project", without_people)
    made.judge()
    promote.run(made.project, "", apply=True)
    assert text(made).count("*Nobody has said.*") == 6
