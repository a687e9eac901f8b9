"""The report as bytes: complete, self-contained, the same each time, and safe against what the data holds."""

import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from gates.render.report import html
from gates.render.report.drawing import drawn
from gates.render.report.page import MOST_BLOCKING, MOST_FINDINGS, WORDS
from gates.render.report.pictures import of_decision
from gates.render.sentences import number
from gates.verdict import Finding, Outcome
from tests import decided
from tests.checks.project import Project
from tests.shell import ROOT

HOSTILE = "<script>alert(1)</script>\"'&$x^2$"
OF_GATES, OF_GROUPS, OF_SCORES = ["difference"], ["fairness", "groups"], ["calibration", "distribution"]
PICTURES = {
    "binary": [*OF_GATES, "slices-auc", *OF_GROUPS, "roc", *OF_SCORES, "latency"],
    "multiclass": [*OF_GATES, "slices-accuracy", *OF_GROUPS, *OF_SCORES, "latency"],
    "regression": [*OF_GATES, "slices-rmse", *OF_GROUPS, *OF_SCORES, "latency"],
    "ranking": [*OF_GATES, *OF_GROUPS, "places", "latency"],
}
AGAIN = """
import hashlib, sys
from pathlib import Path
from gates.render.report import html
from tests import decided
from tests.checks.project import Project
print(hashlib.sha256(html(decided.report(Project(Path(sys.argv[1])))).encode()).hexdigest())
"""


class Elements(HTMLParser):
    """Every element of a page, and whether each was closed where it should be."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in {"meta", "link"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project that is judged beside a champion."""
    return decided.project(tmp_path_factory.mktemp("report") / "project")


@pytest.mark.parametrize("task", decided.TASKS)
def test_every_task_is_drawn(tmp_path: Path, task: str) -> None:
    """Each picture has its figures in a table, and how many rows, by which method and from where."""
    decision, drawn = decided.decided(decided.project(tmp_path, task))
    pictures = of_decision(decision, drawn)
    assert [each.name for each in pictures] == PICTURES[task]
    for each in pictures:
        assert all(len(row) == len(each.head) for row in each.rows)
        assert each.rows
        assert all((each.question, each.answer, each.method, each.rests_on, each.source))


def test_the_file_needs_nothing_else(made: Project) -> None:
    """No address but names of XML, no script, no source; every reference within it is there, once."""
    page = html(decided.report(made))
    parsed = Elements(page)
    assert parsed.open == []
    assert {*re.findall(r"\w+://[^\"'\s<)]+", page)} == {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
        "s3://bucket/churn",
    }
    assert not {tag for tag, _ in parsed.seen} & {"script", "img", "iframe", "object"}
    ids = [attributes["id"] for _, attributes in parsed.seen if "id" in attributes]
    assert len(ids) == len({*ids})
    referred = {*re.findall(r"url\(#([^)]+)\)", page), *re.findall(r'href="#([^"]+)"', page)}
    assert referred <= {*ids}
    assert len(page.encode()) < 1_000_000


def test_the_first_screen_says_it_all(made: Project) -> None:
    """The word, the sentence, each gate with its decisive figure, and champion against challenger."""
    report = decided.report(made)
    page = html(report)
    figures = [finding for each in report.decision.verdicts if (finding := each.decisive)]
    marks = ["Promoted", report.sentence]
    marks += [f'<th scope="row">{each.gate}</th>' for each in report.decision.verdicts]
    places = [page.index(each) for each in [*marks, 'id="champion"', 'id="pictures"']]
    assert places == sorted(places)
    assert all(f"{each.name} {number(each.observed)}" in page for each in figures)


def test_what_came_of_it_is_its_title(made: Project) -> None:
    """For who has many of them open."""
    report = replace(decided.report(made), drawn=False)
    for state, (word, _) in WORDS.items():
        assert f"<title>{word}: churn</title>" in html(replace(report, state=state))


def test_the_same_evidence_gives_the_same_bytes(made: Project) -> None:
    """In another process, with another hash seed, and beside a matplotlibrc of the user's."""
    (made.root / "matplotlibrc").write_text("lines.linewidth: 9\nfont.size: 30\naxes.facecolor: red\n")
    ends = [
        subprocess.run(
            [sys.executable, "-c", AGAIN, str(made.root)],
            env={"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed, "HOME": str(made.root)},
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, folder in (("1", made.root), ("2", ROOT))
    ]
    assert ends[0] == ends[1]
    assert len(ends[0].strip()) == 64


def test_what_stands_in_the_data_stays_text(tmp_path: Path) -> None:
    """A column, a category, a slice, a note and a reason that are markup; a dollar sign is no formula."""
    made = decided.project(tmp_path)
    made.change("train", lambda table: table.assign(**{HOSTILE: "a"}))
    made.change("features", lambda table: table.assign(contract=HOSTILE))
    made.pin()
    made.policy(golden={"min_slice_auc": {f"contract={HOSTILE}": 0.6}})
    report = decided.report(made)
    finding = Finding(HOSTILE, Outcome.FAIL, 1.0, 0.0, "at most", note=HOSTILE)
    verdict = replace(report.decision.verdicts[0], findings=(finding,))
    decision = replace(report.decision, verdicts=(verdict, *report.decision.verdicts[1:]))
    page = html(replace(report, decision=decision, sentence=HOSTILE, facts=(HOSTILE,)))
    parsed = Elements(page)
    assert "script" not in {tag for tag, _ in parsed.seen}
    assert "".join(parsed.text).count("<script>alert(1)</script>") > 5


def test_a_broken_rule_stands_first_and_open(tmp_path: Path) -> None:
    """Its column leads its table, and the table is open."""
    made = decided.project(tmp_path)
    made.change("train", lambda table: table.assign(tenure=table["tenure"].where(table.index != 3, 999)))
    page = html(decided.report(made, "refused"))
    table = page[page.index("train: 400 rows, 1 broken rule") :]
    assert page[: page.index("train: 400 rows")].endswith("<details open><summary>")
    assert table.index('<th scope="row">tenure</th>') < table.index('<th scope="row">churn</th>')
    assert "in_range(13, 120): 1 rows" in table


def test_a_rule_is_that_of_the_column_whose_name_has_a_slash(tmp_path: Path) -> None:
    """And not of one that nobody knows."""
    made = decided.project(tmp_path)
    made.change("train", lambda table: table.assign(**{"mean/tenure": -1.0}))
    contract = "contracts/train.yaml"
    made.edit(contract, lambda held: held["columns"].update({"mean/tenure": {"dtype": "float64", "ge": 0}}))
    page = html(decided.report(made, "refused"))
    assert "not in the table" not in page
    row = page[page.index('<th scope="row">mean/tenure</th>') :]
    assert row.index("400 rows") < row.index("</tr>")


def test_a_decision_without_exhibits_has_its_verdicts(made: Project) -> None:
    """One of before they were kept: what the statement holds is drawn, and all of its findings are listed."""
    report = replace(decided.report(made), exhibits={})
    page = html(report)
    drawn = [
        name
        for name in ("difference", "slices-auc", "fairness", "groups", "roc", "latency")
        if f'<figure id="{name}"' in page
    ]
    assert drawn == ["difference", "slices-auc", "fairness", "groups"]
    assert all(each.name in page for verdict in report.decision.verdicts for each in verdict.findings)


def test_a_long_list_is_cut(made: Project) -> None:
    """What does not pass stays; the file holds the rest."""
    report = decided.report(made)
    of = report.decision.verdicts[0]
    many = [
        Finding(f"case {place}", Outcome.PASS, 1.0, 1.0, "at least") for place in range(MOST_FINDINGS + 7)
    ]
    failed = [replace(each, name=f"broken {each.name}", outcome=Outcome.FAIL) for each in many[:150]]
    verdict = replace(of, findings=(*many, *failed))
    decision = replace(report.decision, verdicts=(verdict, *report.decision.verdicts[1:]))
    text = "".join(Elements(html(replace(report, decision=decision))).text)
    assert text.count("broken case 149") == 1
    assert f"{150 - MOST_BLOCKING} more" in text
    assert f"{150 + 7} more" in text
    assert f"case {MOST_FINDINGS - 151}" in text
    assert f"case {MOST_FINDINGS + 6}" not in text


def test_a_label_that_looks_like_markup_of_the_drawing_stays_what_it_is() -> None:
    """An id, a reference and a colour are changed where they are ones."""
    label = ' id="x" #0b57d0 url(#y)'
    svg = drawn("name", "title", 2.0, lambda axes: axes.set_xlabel(label))
    assert "#0b57d0 url(#y)" in "".join(Elements(svg).text)
    assert 'id="x"' in "".join(Elements(svg).text)
