"""`gates selftest` on the demo: every defect is caught by the policy that it ships with."""

from collections.abc import Callable

from gates import defects
from gates.run.project import now
from tests.chain.project import Project

LEAST = 25


def test_every_defect_is_caught(judged: Project, branch: Callable[[Project], Project]) -> None:
    """The demo's limit of the ratio is held as well: in the copy a challenger is timed against itself."""
    project = branch(judged)
    project.edit("params.yaml", "    requests: 300\n", "    requests: 400\n    max_p99_ratio: 1.4\n")
    project.edit("params.yaml", "    version: v1\n", f'    version: v1\n    made: "{now().date()}"\n')
    project.edit("params.yaml", "  drift:", "  freshness: {mode: block}\n  drift:")
    project.commit()
    project.must("gates", "predict")
    project.must("gates", "judge")
    before = project.kept()
    answer = project.gates("selftest", "--retrain", "--json")
    assert answer.code == 0, answer.out + answer.err
    found = {each["name"]: each for each in answer.json["defects"]}
    assert list(found) == [each.name for each in defects.ALL]
    assert {each["outcome"] for each in found.values()} == {"caught"}
    assert len(found) >= LEAST
    assert [name for name, each in found.items() if not {*each["expected"]} & {*each["by"]}] == []
    gates = {each["gate"]: each["outcome"] for each in answer.json["gates"]}
    assert {*gates.values()} == {"caught"}
    assert {*gates} <= {each["by"][0] for each in found.values() if len(each["by"]) == 1}  # no other vouches
    assert answer.json["sentence"].startswith(f"All {len(found)} defects were caught")
    assert project.kept() == before
