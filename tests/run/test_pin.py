"""A policy that is pinned judges, and no other."""

import pytest
import yaml

from gates.digest import of_document
from gates.errors import ExitCode, InvalidError
from gates.run import pin
from gates.run.project import Project
from tests.run.champions import anew


def weakened(project: Project) -> Project:
    """Lower a threshold, as a pull request can."""
    params = yaml.safe_load(project.params.read_text())
    params["gates"]["golden"]["min_auc"] = 0.5
    project.params.write_text(yaml.safe_dump(params, sort_keys=False))
    return anew(project)


def test_nothing_pinned(project: Project) -> None:
    """Any policy judges."""
    pin.require(project)


def test_the_pinned_policy_judges_until_it_is_changed(project: Project) -> None:
    """Exit code 2 then, and how to pin the new one; other parameters are the engineer's own."""
    pin.write(project)
    pin.require(project)
    params = yaml.safe_load(project.params.read_text())
    params["train"]["n_estimators"] = 7
    project.params.write_text(yaml.safe_dump(params, sort_keys=False))
    pin.require(anew(project))
    with pytest.raises(InvalidError, match="not the pinned one") as caught:
        pin.require(weakened(project))
    assert caught.value.code is ExitCode.INVALID
    assert "gates policy --pin" in caught.value.do


def test_a_pin_in_the_environment_is_out_of_a_pull_requests_reach(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever gates.lock says."""
    monkeypatch.setenv(pin.VARIABLE, project.policy.sha256)
    changed = weakened(project)
    pin.write(changed)
    with pytest.raises(InvalidError, match="not the pinned one") as caught:
        pin.require(changed)
    assert f"${pin.VARIABLE}" in caught.value.why


def test_the_digest_is_that_of_the_block(project: Project) -> None:
    """So that it can be computed and compared elsewhere."""
    pinned = pin.write(project).details["policy_sha256"]
    assert pinned == of_document(yaml.safe_load(project.params.read_text())["gates"])


@pytest.mark.parametrize("text", ["{}", "[]", "{"])
def test_a_lock_that_pins_nothing_is_no_free_pass(project: Project, text: str) -> None:
    """Emptied, it does not let every policy in."""
    (project.root / pin.FILE).write_text(text)
    with pytest.raises(InvalidError):
        pin.require(project)
