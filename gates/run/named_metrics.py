"""The figures that the policy asks for by name, taken before the gates judge them."""

from dataclasses import asdict

from gates.adapters import scorer
from gates.documents import Document
from gates.run.project import Project


def taken(project: Project) -> Document | None:
    """Return the figures of all golden rows and of each slice; None where the policy names no metric.

    Raises:
        InvalidError: A metric is not there, fails, or has no figure on these rows; a file cannot be read.
        UnavailableError: They took too long.
    """
    names = project.policy.named_metrics
    if not names:
        return None
    project.say(f"taking {', '.join(names)}")
    asked = _asked(project)
    # The team's functions share a process neither with one another nor with scikit-learn's.
    theirs = [each for each in asked if not each.function]
    documents = [
        scorer.figures(project.root, project.golden_files, part, project.log)
        for part in ([theirs] if theirs else []) + [[each] for each in asked if each.function]
    ]
    metrics = {name: figures for each in documents for name, figures in each["metrics"].items()}
    return {**documents[0], "metrics": metrics, "asked": asked_of(project)}


def asked_of(project: Project) -> list[Document]:
    """Return what is asked of whom, in the form in which the figures' file remembers it."""
    return [{**asdict(each), "slices": list(each.slices)} for each in _asked(project)]


def _asked(project: Project) -> list[scorer.Asked]:
    policy, own = project.policy, project.policy.project.metrics
    return [
        scorer.Asked(
            name=name,
            function=own[name].function if name in own else "",
            larger_is_better=name not in own or own[name].better == "larger",
            slices=policy.slices_of(name),
        )
        for name in policy.named_metrics
    ]
