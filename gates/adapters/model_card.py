"""The model card's file, in the form that huggingface_hub reads: Markdown with YAML metadata."""

from collections.abc import Mapping
from typing import Any


def written(metadata: Mapping[str, Any], body: str) -> str:
    """Return the card.

    Args:
        metadata: As `gates.render.card.metadata` gives it.
        body: The sections, in Markdown.
    """
    from huggingface_hub import EvalResult, ModelCard, ModelCardData

    known = dict(metadata)
    task, metrics = known.pop("task"), known.pop("metrics")
    dataset, digest = known.pop("dataset"), known.pop("dataset_sha256")
    results = [
        EvalResult(
            task_type=task,
            dataset_type="golden",
            dataset_name=dataset,
            dataset_revision=digest,
            metric_type=name,
            metric_value=value,
        )
        for name, value in metrics.items()
    ]
    data = ModelCardData(**known, eval_results=results or None, ignore_metadata_errors=False)
    return str(ModelCard(f"---\n{data.to_yaml()}\n---\n\n{body}"))
