"""What the report of a judgement draws, taken from the files that the gates have judged."""

from gates import exhibits, human_parts
from gates.documents import Document
from gates.errors import InvalidError
from gates.run.project import Project

NAME = "exhibits.json"


def taken(project: Project) -> Document:
    """Return the exhibits of the candidate.

    Raises:
        InvalidError: A file cannot be read.
    """
    shared = project.policy.project
    held = project.policy.block("schema").model_dump()
    lie = {"raw": project.raw, "train": project.root / shared.data.train, "golden": project.features}
    tables = {name: (path, project.root / held[f"{name}_contract"]) for name, path in lie.items()}
    drawn = exhibits.of_candidate(project.golden_files, project.candidate / "latency.json", tables)
    return drawn | _said(project)


def _said(project: Project) -> Document:
    """Return what people say of the model, where they do.

    Where no gate asks for it, a file of that name may be anybody's: what cannot be read is left out.
    """
    path = project.root / human_parts.NAME
    if not path.exists():
        return {}
    try:
        return {"card": human_parts.read(path).model_dump(exclude_defaults=True)}
    except InvalidError as error:
        if "documentation" in project.policy.gates:
            raise
        project.say(f"the report leaves out what people say: {error.what} {error.why}")
        return {}
