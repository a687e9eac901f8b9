"""The figures that the policy asks for by name, taken before the gates judge them."""

from gates.adapters import scorer
from gates.documents import Document
from gates.golden_rows import WeighedFiles
from gates.run.project import Project


def taken(project: Project) -> Document | None:
    """Return the figures of all golden rows and of each slice; None where the policy names no metric.

    Raises:
        InvalidError: A metric is not there, fails, or has no figure on these rows; a file cannot be read.
        UnavailableError: They took too long.
    """
    policy = project.policy
    names, shared = policy.named_metrics, policy.project
    if not names:
        return None
    project.say(f"taking {', '.join(names)}")
    files = WeighedFiles(
        predictions=project.candidate / "predictions.parquet",
        labels=project.labels,
        features=project.features,
        key=shared.data.key,
        label=shared.data.label,
        task=shared.task,
        group=shared.golden_set.group,
        weight=shared.golden_set.weight,
        class_weights=shared.golden_set.class_weights,
    )
    asked = [
        scorer.Asked(
            name=name,
            function=own.function if (own := shared.metrics.get(name)) else "",
            larger_is_better=own is None or own.better == "larger",
            slices=policy.slices_of(name),
        )
        for name in names
    ]
    return scorer.figures(project.root, files, asked, project.log)
