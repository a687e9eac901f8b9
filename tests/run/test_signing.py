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
from gates.digest import of_bytes, of_file
from gates.envelope import signers
from gates.errors import InvalidError, TamperedError, UnavailableError
from gates.public_keys import p256_text
from gates.run import loader, promote, signing
from gates.run.project import LEDGER_VARIABLE, OWN_LEDGER, SIGNER_VARIABLE, Project, now
from gates.run.signing import trusted_signer
from tests import kms, sigstore_instance
from tests.run import judged
from tests.run.champions import entered
from tests.sigstore_instance import Instance

NAME = "alias/ml-gates"
URI = f"awskms:{NAME}"


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[kms.Kms]:
    """A KMS with a key, which boto finds; nothing else is set."""
    with kms.running() as running:
        running.make(NAME)
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def instance(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Instance]:
    """A Sigstore instance, asked by a workflow, and a ledger that its runners share."""
    monkeypatch.setenv(LEDGER_VARIABLE, str(tmp_path / "ledger"))
    with sigstore_instance.running() as running:
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


def keyless(project: Project, instance: Instance, **term: str) -> Project:
    """Let workflows of this instance sign, and trust the one that runs here."""
    (project.root / "sigstore.json").write_bytes(instance.trust_config)
    pinned = {"trust_config": "sigstore.json", "trust_config_sha256": of_bytes(instance.trust_config)}
    signing_here = policy(project, signer="sigstore:", sigstore=pinned)
    listed = yaml.safe_load(signing.key(signing_here, private=False)["public"])
    assert set(listed) == {"identity", "issuer", "repository"}
    return policy(signing_here, trusted_keys=[{**listed, "owner": "CI", **term}])


def test_a_promotion_signed_keyless(
    tmp_path: Path, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what `gates key` prints in the workflow pasted into the policy; an export verifies elsewhere."""
    made = judged.build(tmp_path / "project")
    keyless(made.project, instance)
    judged.commit(made.root)
    assert made.judge().outcome == "pass"
    told = of_file(made.root / "evidence/statement.json")
    assert promote.run(made.project, told, apply=True).outcome == "pass"
    champion = made.project.history().champion
    assert champion is not None
    (signer,) = signers(made.project.store.get(champion.statement))
    assert signer.startswith("sigstore:")
    loader.export(made.project, tmp_path / "image")
    for name in (*instance.environment, LEDGER_VARIABLE):
        monkeypatch.delenv(name)
    asked = len(instance.asked)
    assert load_champion(tmp_path / "image", ledger=OWN_LEDGER).sha == champion.sha
    assert len(instance.asked) == asked


def test_another_trust_config_than_the_pinned(project: Project, instance: Instance) -> None:
    """Whoever changes the file changes whom the ledger believes; so does who removes it."""
    listed = keyless(project, instance)
    (project.root / "sigstore.json").write_bytes(instance.trust_config + b" ")
    with pytest.raises(InvalidError, match="not the trust config that the policy pins"):
        trusted_signer(replace(listed))
    (project.root / "sigstore.json").unlink()
    with pytest.raises(InvalidError, match=r"sigstore\.json"):
        trusted_signer(replace(listed))


def test_who_signs_keyless_has_days_too(project: Project, instance: Instance) -> None:
    """And a workflow that the policy does not list signs nothing, with the lines to list it."""
    today = now().date()
    with pytest.raises(InvalidError, match="was revoked on"):
        trusted_signer(keyless(project, instance, revoked=str(today)))
    listed = keyless(project, instance)
    trusted_signer(listed)
    instance.claims["repository"] = "mallory/churn"
    with pytest.raises(InvalidError, match="not one that the policy trusts") as caught:
        trusted_signer(listed)
    assert '"https://github.com/mallory/churn"' in caught.value.why
    with pytest.raises(InvalidError, match="is not to be had"):
        signing.key(listed, private=True)


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


def test_the_key_of_another_signer_is_made_beside_a_ledger(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who approves a break-glass makes a key of their own, in a project that has its champions."""
    entered(project, 1)
    ours = signing.key(project, private=False)
    monkeypatch.setenv("GATES_SIGNER", "file:ada.pem")
    assert signing.key(project, private=False) != ours
    assert (project.root / "ada.pem").exists()
