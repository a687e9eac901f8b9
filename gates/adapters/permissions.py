"""What an identity may do in MLflow, asked of its permission API, which changes nothing."""

import json
from typing import Any

from gates.adapters.connection import Connection
from gates.errors import UnavailableError

_CURRENT = "/api/2.0/mlflow/users/current"
_PERMISSION = "/api/3.0/mlflow/users/permissions/get"
_ABSENT = 404


class Permissions(Connection):
    """The permissions of who is asking, on the registered model and on the experiment of its name."""

    def facts(self) -> dict[str, Any]:
        """Return who is asking, whether as an administrator, and the permissions; empty without accounts.

        Raises:
            UnavailableError: The server did not answer, or did not let us ask.
        """
        with self.answering("tell who is asking"):
            who = self._get(_CURRENT)
        if not who:
            return {}
        user, admin = str(who["user"]["username"]), bool(who["user"]["is_admin"])
        with self.answering("tell what it permits"):
            from mlflow.exceptions import MlflowException

            try:
                self.client.get_registered_model(self.model)
                on_model = self._permission(user, "registered_model", self.model)
            except MlflowException as error:
                if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                    raise
                on_model = ""
            experiment = self.client.get_experiment_by_name(self.model)
            on_experiment = experiment and self._permission(user, "experiment", experiment.experiment_id)
        return {"user": user, "admin": admin, "on_model": on_model, "on_experiment": on_experiment or ""}

    def _permission(self, user: str, kind: str, name: str) -> str:
        answer = self._get(_PERMISSION, username=user, resource_type=kind, resource_id=name)
        if not answer:
            raise UnavailableError(
                "MLflow does not tell permissions.",
                why="This server is older than its permission API.",
                do="Upgrade the server to MLflow 3.17, or look yourself.",
            )
        return str(answer["permission"])

    def _get(self, path: str, **parameters: str) -> dict[str, Any]:
        """Return an answer; empty where the server knows no such question."""
        import mlflow
        from mlflow.utils.credentials import get_default_host_creds
        from mlflow.utils.rest_utils import http_request

        credentials: Any = get_default_host_creds
        request: Any = http_request
        here = credentials(mlflow.get_registry_uri())
        answer = request(here, path, "GET", params=parameters, raise_on_status=False)
        if answer.status_code == _ABSENT:
            return {}
        try:
            answer.raise_for_status()
            return dict(json.loads(answer.text))
        except (OSError, ValueError, TypeError) as error:
            raise UnavailableError(
                "MLflow did not let us ask who may do what.",
                why=f"It answered {answer.status_code}: {answer.text[:200].strip()}",
                do="Check MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD.",
            ) from error
