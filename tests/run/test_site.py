"""`gates site`: every model, every decision, made once, from ledgers that verify or are told not to."""

import re
import shutil
from pathlib import Path

import joblib
import pytest

from gates.adapters.workers import REPAYS
from gates.errors import ExitCode, InvalidError, UnavailableError
from gates.render import templates
from gates.run import serving, site
from gates.run.site import record
from tests import decided, ledgers

VERIFIED = "when chain and signatures of the ledger were verified"
ENTRIES = 7  # of which the third and the sixth are refusals


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two projects with a ledger each."""
    folder = tmp_path_factory.mktemp("site")
    decision, drawn = decided.decided(decided.project(folder / "judged"))
    for name in ("churn", "fraud"):
        ledgers.write(folder / name, name, decision, drawn, ENTRIES)
    return folder


@pytest.fixture
def roots(template: Path, tmp_path: Path) -> Path:
    """A copy of both."""
    for name in ("churn", "fraud"):
        shutil.copytree(template / name, tmp_path / name)
    return tmp_path


def built(roots: Path, pictures: int = 1) -> tuple[Path, dict[str, object]]:
    """Build the site of both, and return its folder and what was told."""
    folder = roots / "site"
    result = site.run(ledgers.opened(roots / "churn"), folder, [roots / "fraud"], pictures)
    return folder, dict(result.details)


def footer(page: Path) -> str:
    """Return what a page says of itself."""
    return page.read_text("utf-8").partition("<footer")[2]


def links(page: Path) -> list[Path]:
    """Return every file that a page leads to."""
    text = page.read_text("utf-8")
    return [(page.parent / each).resolve() for each in re.findall(r'<a href="([^"#]+)"', text)]


def test_everything_is_reached_from_the_index(roots: Path) -> None:
    """Models, their decisions, and back; no link leads to nothing, and no page is left aside."""
    folder, told = built(roots)
    reached, ahead = set(), [folder / "index.html"]
    while ahead:
        page = ahead.pop().resolve()
        if page not in reached:
            assert page.is_file(), page
            reached.add(page)
            ahead += links(page)
    assert reached == {each.resolve() for each in folder.rglob("*.html")}
    assert len(reached) == 1 + 2 * (1 + ENTRIES)
    assert (told["models"], told["decisions"], told["new"], told["plain"]) == (2, 14, 14, 13)
    assert (folder / ".nojekyll").exists()


def test_a_model_s_page_is_its_timeline(roots: Path) -> None:
    """Champions and refusals apart, newest first, with who and why; waivers of today's policy."""
    folder, _ = built(roots, 0)
    page = (folder / "churn/index.html").read_text("utf-8")
    assert "Serves: v7 since 2026-06-01T12:07:00Z. Ledger: 7 entries verify." in page
    champions, refused = page[: page.index("<h2>Refused")], page[page.index("<h2>Refused") :]
    assert re.findall(r">(\d): report<", champions) == ["7", "5", "4", "2", "1"]
    assert re.findall(r">(\d): report<", refused) == ["6", "3"]
    assert champions.count("<td>ada</td><td>because</td>") == 5
    assert "No drill yet: gates drill" in page
    assert f"params.yaml, policy {ledgers.opened(roots / 'churn').policy.sha256[:12]}" in page
    assert VERIFIED in footer(folder / "churn/index.html")
    assert VERIFIED in footer(folder / "index.html")


def test_a_page_is_made_once(roots: Path) -> None:
    """Pictures are added, the newest of all models first, as far as a run may.

    With nothing left to do, no file is touched.
    """
    folder, _ = built(roots, 1)
    drawn = {f"{each.parent.name} {each.name[:8]}" for each in folder.rglob("0*.html") if has_pictures(each)}
    assert drawn == {"fraud 00000007"}
    before = {each: each.stat().st_mtime_ns for each in folder.rglob("0*.html")}
    _, again = built(roots, 0)
    assert (again["new"], again["plain"]) == (0, 13)
    assert {each: each.stat().st_mtime_ns for each in folder.rglob("0*.html")} == before
    _, more = built(roots, 2)
    assert (more["new"], more["plain"]) == (2, 11)
    changed = {
        f"{each.parent.name} {each.name[:8]}" for each, at in before.items() if each.stat().st_mtime_ns != at
    }
    assert changed == {"churn 00000007", "fraud 00000006"}


def test_on_more_cores_it_is_the_same_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Byte for byte, with as many pictures."""
    decision, drawn = decided.decided(decided.project(tmp_path / "judged"))
    names = [f"model-{number}" for number in range(2 * REPAYS)]
    for name in names:
        ledgers.write(tmp_path / name, name, decision, drawn, 1)
    sites = []
    for cores in (1, 2):
        monkeypatch.setattr(joblib, "cpu_count", lambda cores=cores: cores)
        folder = tmp_path / f"site on {cores}"
        first, *rest = [tmp_path / name for name in names]
        told = site.run(ledgers.opened(first), folder, rest, 2).details
        assert (told["new"], told["plain"]) == (len(names), len(names) - 2)
        pages = [each for each in folder.rglob("*") if each.is_file()]
        sites.append({each.relative_to(folder): each.read_bytes() for each in pages})
    assert sites[0] == sites[1]


@pytest.mark.parametrize("damage", ["templates", "matplotlib", "gone", "record"])
def test_what_is_out_of_date_is_made_again(roots: Path, monkeypatch: pytest.MonkeyPatch, damage: str) -> None:
    """Pages of other programs, a page that somebody deleted, and all where the record is of another kind."""
    folder, _ = built(roots, 0)
    page = next(folder.rglob("0*.html"))
    page.write_text("stale")
    if damage == "gone":
        page.unlink()
    elif damage == "record":
        (folder / record.MADE).write_text('{"of": 1}')
    else:
        another(monkeypatch, damage)
    _, told = built(roots, 0)
    assert told["decisions"] == 14
    assert page.read_text("utf-8").startswith("<!doctype html>")


def another(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    """Let templates or matplotlib be others than before."""
    if what == "templates":
        monkeypatch.setattr(templates, "sha256", lambda: "0" * 64)
    else:
        monkeypatch.setattr(record, "version", lambda _: "99.0")


@pytest.mark.parametrize("damage", ["templates", "matplotlib", "record"])
def test_pictures_are_never_thrown_away(roots: Path, monkeypatch: pytest.MonkeyPatch, damage: str) -> None:
    """A page that has some stays as it is until it is drawn anew; the others are made again without."""
    folder, _ = built(roots, 1)
    drawn = {each: each.stat().st_mtime_ns for each in folder.rglob("0*.html") if has_pictures(each)}
    assert {each.name[:8] for each in drawn} == {"00000007"}
    if damage == "record":
        (folder / record.MADE).unlink()
    else:
        another(monkeypatch, damage)
    _, told = built(roots, 0)
    assert (told["new"], told["plain"], told["old"]) == (13, 13, 1)
    assert {each: each.stat().st_mtime_ns for each in drawn} == drawn
    _, told = built(roots, 1)
    assert (told["new"], told["plain"], told["old"]) == (1, 13, 0)


def test_what_python_keeps_beside_the_templates_is_none(roots: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiled anew at any moment, it would have every page made again."""
    twin = roots / "templates"
    shutil.copytree(templates.FOLDER, twin, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(templates, "FOLDER", twin)
    before = templates.sha256()
    (twin / "__pycache__").mkdir()
    (twin / "__pycache__/page.cpython-311.pyc").write_bytes(b"1")
    assert templates.sha256() == before
    (twin / "page.css").write_text("")
    assert templates.sha256() != before


def has_pictures(page: Path) -> bool:
    """Return whether a page has pictures."""
    return "<svg" in page.read_text("utf-8")


def test_a_decision_that_does_not_verify_is_told_and_not_shown(roots: Path) -> None:
    """The rest of the model is."""
    project = ledgers.opened(roots / "churn")
    statement = project.history().links[2].entry.evidence
    (path,) = (roots / "churn").rglob(f"objects/{statement}*")
    path.write_bytes(b"{}")
    result = site.run(ledgers.opened(roots / "churn"), roots / "site", [roots / "fraud"], 0)
    assert result.exit_code is ExitCode.TAMPERED
    assert "Does not verify: " in result.sentence
    folder = roots / "site"
    page = (folder / "churn/index.html").read_text("utf-8")
    assert "3: report" not in page
    assert "4: report" in page
    assert "7 entries verify" not in page
    assert "entries verify" in (folder / "fraud/index.html").read_text("utf-8")
    assert VERIFIED in footer(folder / "fraud/index.html")
    for one in ("index.html", "churn/index.html"):
        assert "Not all verifies: what does not is named for churn" in footer(folder / one)


def test_what_is_drawn_does_not_verify(roots: Path) -> None:
    """The decision is still told, without pictures, and the site says that not all verifies."""
    project = ledgers.opened(roots / "churn")
    named = serving.decision_of(project, project.history().links[0]).candidate.exhibits_sha256
    (path,) = (roots / "churn").rglob(f"objects/{named}*")
    path.write_bytes(b"{}")
    result = site.run(project, roots / "site", [roots / "fraud"], ENTRIES + 1)
    assert result.exit_code is ExitCode.TAMPERED
    drawn = [each.parent.name for each in (roots / "site").rglob("0*.html") if has_pictures(each)]
    assert drawn == ["fraud"] * len(drawn) != []
    assert "7: report" in (roots / "site/churn/index.html").read_text("utf-8")
    assert VERIFIED not in footer(roots / "site/churn/index.html")


def test_a_ledger_that_does_not_verify_has_no_timeline(roots: Path) -> None:
    """Its page and the index say so; the other models are shown."""
    (entry,) = (roots / "churn").rglob("00000004.json")
    entry.write_bytes(entry.read_bytes().replace(b"payload", b"pay1oad", 1))
    folder, told = built(roots, 0)
    assert told["decisions"] == ENTRIES
    page = (folder / "churn/index.html").read_text("utf-8")
    assert "Serves: nobody yet" in page
    assert "Entry 4" in page
    assert VERIFIED not in footer(folder / "churn/index.html")
    assert "v7 since" in (folder / "index.html").read_text("utf-8")


def test_a_ledger_that_does_not_answer_is_no_tampering(roots: Path) -> None:
    """Its page says so, and the others are made."""
    (ledger,) = (roots / "churn").rglob("ledger/churn")
    shutil.rmtree(ledger)
    ledger.write_bytes(b"no folder")
    with pytest.raises(UnavailableError, match="cannot be read"):
        built(roots, 0)
    assert "cannot be read" in (roots / "site/churn/index.html").read_text("utf-8")
    assert "v7 since" in (roots / "site/index.html").read_text("utf-8")


@pytest.mark.parametrize("junk", ["{", "[]", "null", ""])
def test_a_record_that_is_junk_is_none(roots: Path, junk: str) -> None:
    """All is made again."""
    folder, _ = built(roots, 0)
    (folder / record.MADE).write_text(junk)
    assert built(roots, 0)[1]["new"] == 2 * ENTRIES


def test_a_folder_of_somebody_s_is_left_alone(roots: Path) -> None:
    """Such as that of the project, where an index may be another's."""
    (roots / "churn/index.html").write_text("mine")
    with pytest.raises(InvalidError, match="holds files that no site has left"):
        site.run(ledgers.opened(roots / "churn"), roots / "churn", [], 0)
    assert (roots / "churn/index.html").read_text() == "mine"
    assert not (roots / "churn" / record.MARK).exists()


def test_two_models_of_one_name(roots: Path) -> None:
    """Their pages would be one another's."""
    with pytest.raises(InvalidError, match="Two projects call their model 'churn'"):
        site.run(ledgers.opened(roots / "churn"), roots / "site", [roots / "churn"], 0)
    assert not (roots / "site").exists()
