"""What only people can say of a model: `model_card.yaml`, a reviewed file, as its card shows it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, TypeAlias, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gates.documents import Document, read_yaml
from gates.errors import InvalidError

NAME = "model_card.yaml"
Part: TypeAlias = Literal["intended_use", "out_of_scope", "owner", "contact", "limits", "ethics"]
TITLES: Mapping[Part, str] = {
    "intended_use": "Intended use",
    "out_of_scope": "What it is not for",
    "owner": "Owner",
    "contact": "Contact",
    "limits": "Limits",
    "ethics": "Ethical considerations",
}
PARTS: tuple[Part, ...] = get_args(Part)
Text: TypeAlias = Annotated[str, Field(max_length=10_000)]


class HumanParts(BaseModel):
    """Each part is plain text; one that is left out is shown as not said.

    Attributes:
        intended_use: What the model is for, and for whom.
        out_of_scope: What it is not to be used for.
        owner: Who answers for it.
        contact: How to reach them.
        limits: Where it is known to be wrong.
        ethics: Who may be harmed, and what was done about it.
        license: Name of its licence, such as apache-2.0.
        language: Languages of the data, such as en.
        tags: Words by which it is found.
    """

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    intended_use: Text = ""
    out_of_scope: Text = ""
    owner: Text = ""
    contact: Text = ""
    limits: Text = ""
    ethics: Text = ""
    license: str = ""
    language: list[str] = []
    tags: list[str] = []

    def said(self, part: Part) -> str:
        """Return a part; empty where nobody has said it."""
        text: str = getattr(self, part).strip()
        return text


def read(path: Path) -> HumanParts:
    """Return what people say in a file.

    Raises:
        InvalidError: It cannot be read, or holds anything else; every mistake is named.
    """
    return from_document(read_yaml(path), str(path))


def from_document(document: Document, name: str = NAME) -> HumanParts:
    """Return what people say in a document.

    Raises:
        InvalidError: As for `read`.
    """
    try:
        return HumanParts.model_validate(document)
    except ValidationError as error:
        mistakes = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
        raise InvalidError(
            f"{name} is not what people say of a model.",
            why=f"{'; '.join(mistakes)}.",
            do=f"It may hold {', '.join(HumanParts.model_fields)}.",
        ) from error
