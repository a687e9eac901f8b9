"""MLflow's registry: one registered version a champion, and the alias that serving reads.

MLflow has no compare-and-swap and answers an error on a write that it has carried out, so every write here
searches before it creates or reads back what it wrote.
"""

import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gates.adapters.connection import Connection
from gates.errors import UnavailableError

ALIAS = "champion"
CARD = "model_card"
LONGEST_TAG = 100_000  # letters of a version's tag: MLflow refuses a longer one


class ContestedError(UnavailableError):
    """The alias is not what we have just set it to: somebody else was quicker, or the server forgot it."""


@dataclass(frozen=True)
class Version:
    """A registered version as MLflow tells it.

    Attributes:
        version: Its number.
        stage: The stage that somebody put it into; empty for none.
        user: Who made it, where the server knows.
        changed: When something of it was last changed, in UTC.
    """

    version: str
    stage: str
    user: str
    changed: str


class Registry(Connection):
    """The registered versions of one model."""

    def register(self, sha: str, run_id: str) -> str:
        """Return the version of this run's model, registering it if there is none."""
        with self.answering("register the model"):
            from mlflow.exceptions import MlflowException

            try:
                self.client.create_registered_model(self.model)
            except MlflowException as error:
                if error.error_code != "RESOURCE_ALREADY_EXISTS":
                    raise
            found = self.client.search_model_versions(f"name = '{self.model}' and tags.model_sha = '{sha}'")
            known = [int(version.version) for version in found if version.run_id == run_id]
            if known:
                return str(max(known))
            model_id = self.model_id(run_id)
            made = self.client.create_model_version(
                self.model, f"models:/{model_id}", run_id, tags={"model_sha": sha}, model_id=model_id
            )
            return str(made.version)

    def describe(self, version: str, sentence: str, card: str) -> None:
        """Log the model card of a version at that version; what it had before is replaced.

        Raises:
            UnavailableError: MLflow did not take it, as it takes no tag over `LONGEST_TAG`.
        """
        with self.answering("log the model card"):
            self.client.update_model_version(self.model, version, sentence)
            self.client.set_model_version_tag(self.model, version, CARD, card)

    def fetch(self, version: str, target: Path) -> str:
        """Download a registered version into an empty folder and return the digest of all of it.

        Raises:
            InvalidError: The registry has no such version, or its files are gone.
        """
        return self.download(f"models:/{self.model}/{version}", f"version {version} of {self.model}", target)

    def versions(self) -> list[Version]:
        """Return every registered version."""
        with self.answering("list the versions"):
            return [
                Version(
                    str(each.version),
                    each.current_stage if each.current_stage not in {None, "None"} else "",
                    each.user_id or "",
                    _moment(each.last_updated_timestamp or each.creation_timestamp),
                )
                for each in self.client.search_model_versions(f"name = '{self.model}'")
            ]

    def clear_stage(self, version: str) -> None:
        """Take a version out of its stage: a second road to production, which nobody here uses."""
        with self.answering("clear the stage"), warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # stages still work
            self.client.transition_model_version_stage(self.model, version, "None")

    def remove_alias(self) -> None:
        """Let the alias name nobody."""
        with self.answering("remove the alias"):
            self.client.delete_registered_model_alias(self.model, ALIAS)

    def delete_version(self, version: str) -> None:
        """Delete a version, and with it an alias that names it."""
        with self.answering("delete the version"):
            self.client.delete_model_version(self.model, version)

    def delete_model(self) -> None:
        """Delete every version and alias of the model; nothing where there is none."""
        with self.answering("delete the model"):
            from mlflow.exceptions import MlflowException

            try:
                self.client.delete_registered_model(self.model)
            except MlflowException as error:
                if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                    raise

    def champion_version(self) -> str | None:
        """Return the version that the alias names, if it names one."""
        with self.answering("read the alias"):
            from mlflow.exceptions import MlflowException

            try:
                return str(self.client.get_model_version_by_alias(self.model, ALIAS).version)
            except MlflowException as error:
                if error.error_code in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}:
                    return None
                raise

    def point_champion(self, version: str) -> None:
        """Set the alias and read it back.

        Raises:
            ContestedError: It reads back as something else.
        """
        with self.answering("set the alias"):
            self.client.set_registered_model_alias(self.model, ALIAS, version)
        seen = self.champion_version()
        if seen != version:
            raise ContestedError(
                f"The alias {ALIAS} of {self.model} reads back as version {seen}, not {version}.",
                why="Somebody else set it a moment ago, or the server did not keep the write.",
                do="Run the same command again; the ledger decides.",
            )


def _moment(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
