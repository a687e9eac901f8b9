"""Records that fit what was planted: as if the jobs had met the defect and handed it on.

Without this every defect would be noticed by its digest, and no limit or contract be put to the test.
"""

from pathlib import Path

from gates import digest, stages
from gates.defects.case import LOCK, PARAMS, PIPELINE, RUN, Case, Changes
from gates.documents import Document

HANDED_LOCK = "candidate/dvc.lock"
JOBS = ("data", "train", "predict")


def pins(case: Case) -> Changes:
    """Return the change that pins the golden files as they are now."""
    text = (case.root / PARAMS).read_text("utf-8")
    golden = case.policy.project.golden_set
    for name, pinned in (("features", golden.features_sha256), ("labels", golden.labels_sha256)):
        text = text.replace(pinned, digest.of_file(case.root / case.place(name)))
    return {PARAMS: text.encode()}


def lock(case: Case) -> Changes:
    """Return the change that lets dvc.lock, and the one that is handed on, name what is here now."""
    document = stages.fitted(case.root / LOCK, case.root / PIPELINE)
    written = case.with_document(LOCK, document)[LOCK]
    return {LOCK: written, HANDED_LOCK: written}


def run(case: Case) -> Changes:
    """Return the change that lets the run's tags and the manifest of `train` tell what is here now.

    The manifests' own lists of files are fitted afterwards, by `manifest`.
    """
    raw, train = case.root / case.place("raw"), case.root / case.place("train")
    data = {"data_sha256": digest.of_file(raw), "data_md5": digest.md5_of_file(raw)}
    facts = {**data, "train_sha256": digest.of_file(train), "lock_sha256": digest.of_file(case.root / LOCK)}
    facts["model_sha"] = _model_sha(case)
    tags = {
        "data_sha256": data["data_sha256"],
        "dvc_data_md5": data["data_md5"],
        "train_rows": str(len(case.table("train"))),
        "model_sha": facts["model_sha"],
    }
    return {
        **case.edited("candidate/data.json", lambda manifest: manifest.update(data)),
        **case.edited("candidate/train.json", lambda manifest: manifest.update(facts)),
        **case.edited(RUN, lambda run: run["tags"].update(tags)),
    }


def _model_sha(case: Case) -> str:
    """Return the digest over the files of the model that the job train handed on."""
    folder = case.policy.project.training.model + "/"
    handed = [each for each in case.document("candidate/train.json")["files"] if each.startswith(folder)]
    return digest.of_listing({name.removeprefix(folder): digest.of_file(case.root / name) for name in handed})


def manifest(case: Case, job: str) -> Changes:
    """Return the change that lets a job's manifest list its files, and the job before, as they are now."""
    before = {"train": "data", "predict": "train"}.get(job)

    def edit(document: Document) -> None:
        document["files"] = {name: digest.of_file(case.root / name) for name in document["files"]}
        if before:
            document[before] = digest.of_file(_place(case.root, before))

    return case.edited(f"candidate/{job}.json", edit)


def told(root: Path) -> dict[str, str]:
    """Return the digest that each job would tell of its manifest."""
    return {job: digest.of_file(_place(root, job)) for job in JOBS}


def _place(root: Path, job: str) -> Path:
    return root / "candidate" / f"{job}.json"
