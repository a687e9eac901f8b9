"""Who signs, from the policy to the ledger: the whole way of a promotion, and what stops it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from gates import load_champion
from gates.adapters import keys
from gates.envelope import signers
from gates.errors import InvalidError, TamperedError, UnavailableError
from gates.public_keys import p256_text
from gates.run import promote, signing
from gates.run.project import SIGNER_VARIABLE, Project, now
from gates.run.signing import trusted_signer
from tests import kms
from tests.run import judged
from tests.run.champions import entered
from tests.run.conftest import OURS

NAME = "alias/ml-gates"
URI = f"awskms:{NAME}"


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[kms.Kms]:
    """A KMS with a key, which boto finds; nothing else is set."""
    for name in OURS:
        monkeypatch.delenv(name, raising=False)
    with kms.running() as running:
        running.make(NAME)
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        yield running


def public(cloud: kms.Kms, name: str = NAME) -> str:
    """Return the text of the public half of a key."""
    return p256_text(cloud.keys[name].public_key())  # type: ignore[arg-type]  # of P-256 here


def policy(project: Project, **gates: Any) -> Project:  # noqa: ANN401 - any part of the policy
    """Return the project with other lines in its policy."""
    params = yaml.safe_load(project.params.read_text())
    params["gates"].update(gates)
    project.params.write_text(yaml.safe_dump(params, sort_keys=False))
    return replace(project)


def test_a_promotion_signed_in_kms(tmp_path: Path, cloud: kms.Kms) -> None:
    """Decision and entry carry its signature, and no key was made here; whoever serves needs no KMS."""
    made = judged.build(tmp_path / "project")
    policy(made.project, signer=URI, trusted_keys=[{"key": public(cloud), "owner": "platform team"}])
    judged.commit(made.root)
    made = judged.Judged(made.root, made.told)
    assert made.judge().outcome == "pass"
    assert promote.run(made.project, "", apply=True).outcome == "pass"
    assert not (made.root / keys.KEY_FILE).exists()
    champion = made.project.history().champion
    assert champion is not None
    entry, decision = made.project.store.entries()[1], made.project.store.get(champion.statement)
    assert signers(entry) == signers(decision) == [public(cloud)]
    asked = len(cloud.calls)
    assert load_champion(made.root).sha == champion.sha
    assert len(cloud.calls) == asked
    cloud.make(NAME)
    policy(made.project, trusted_keys=[public(cloud)])
    with pytest.raises(TamperedError, match="Entry 1"):
        made.project.history()


def test_the_environment_names_another_signer(
    project: Project, cloud: kms.Kms, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over the policy, which has to trust it all the same; empty stands for unset."""
    local = signing.key(project, private=False)["public"]
    monkeypatch.setenv(SIGNER_VARIABLE, URI)
    assert signing.key(project, private=False)["public"] == public(cloud)
    with pytest.raises(InvalidError, match="not one that the policy trusts") as caught:
        trusted_signer(project)
    assert public(cloud) in caught.value.why
    assert trusted_signer(policy(project, trusted_keys=[public(cloud)])).public_key.keyid == public(cloud)
    monkeypatch.setenv(SIGNER_VARIABLE, "")
    assert signing.key(project, private=False)["public"] == local


def test_what_is_signed_outside_the_days_of_a_key(project: Project, cloud: kms.Kms) -> None:
    """Revoked, run out or not begun: it signs nothing, as a key in a file."""
    today = now().date()
    for days in (
        {"revoked": str(today)},
        {"until": str(today - timedelta(days=1))},
        {"from": str(today + timedelta(days=1))},
    ):
        with pytest.raises(InvalidError, match="The key that would sign"):
            trusted_signer(policy(project, signer=URI, trusted_keys=[{"key": public(cloud), **days}]))
    assert "kms:Sign" not in [name for name, _ in cloud.calls]
    trusted_signer(policy(project, signer=URI, trusted_keys=[{"key": public(cloud), "until": str(today)}]))


def test_a_key_in_a_file_elsewhere(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    """Made where the policy says, told by that name, and trusted as this machine's own."""
    elsewhere = policy(project, signer="file:kept/key.pem")
    public_half = signing.key(elsewhere, private=False)["public"]
    assert "made a signing key in kept/key.pem:" in capsys.readouterr().err
    assert [key.keyid for key in elsewhere.trusted_keys] == [public_half]
    assert signing.key(elsewhere, private=True)["private"] == (project.root / "kept/key.pem").read_text()


@pytest.mark.usefixtures("cloud")
def test_a_ledger_of_this_machine_s_key_is_not_left_behind(project: Project) -> None:
    """Before KMS signs, the policy has to list who signed so far."""
    entered(project, 1)
    with pytest.raises(InvalidError, match="no public key to verify the ledger with") as caught:
        trusted_signer(policy(project, signer=URI))
    assert keys.own(project.root)[0] in caught.value.do


def test_a_kms_that_says_no_writes_nothing(project: Project, cloud: kms.Kms) -> None:
    """Exit code 4 with the permission, and an empty ledger."""
    listed = policy(project, signer=URI, trusted_keys=[public(cloud)])
    cloud.denied.add("kms:Sign")
    with pytest.raises(UnavailableError) as caught:
        trusted_signer(listed).sign(b"x")
    assert "kms:Sign" in caught.value.do
    assert not listed.history().links
