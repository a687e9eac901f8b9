"""The text of an action, as it is rendered from a command."""

import yaml
from hypothesis import given
from hypothesis import strategies as st

from gates.render.action import Action, Input, render, variable

PRINTABLE = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=60)
PREDICT = Action(
    "predict",
    "Score the golden features",
    (
        Input("expect", "SHA-256 of the manifest", required=True),
        Input("max-rows", "At most so many"),
    ),
)


def test_an_input_reaches_the_command_through_the_variable_that_click_reads() -> None:
    (step,) = yaml.safe_load(render(PREDICT))["runs"]["steps"]
    assert step == {
        "id": "gates",
        "shell": "bash",
        "working-directory": "${{ inputs.project }}",
        "env": {
            "GATES_PREDICT_EXPECT": "${{ inputs.expect }}",
            "GATES_PREDICT_MAX_ROWS": "${{ inputs.max-rows }}",
        },
        "run": "gates predict",
    }


def test_an_input_keeps_its_description_and_whether_it_is_required() -> None:
    inputs = yaml.safe_load(render(PREDICT))["inputs"]
    assert list(inputs) == ["project", "expect", "max-rows"]
    assert inputs["expect"] == {"description": "SHA-256 of the manifest", "required": True}
    assert inputs["max-rows"] == {"description": "At most so many", "required": False, "default": ""}


def test_every_action_has_the_same_outputs() -> None:
    names = ("outcome", "sentence", "verdict", "digest", "model")
    for action in (PREDICT, Action("status", "Who serves")):
        outputs = yaml.safe_load(render(action))["outputs"]
        assert {name: each["value"] for name, each in outputs.items()} == {
            name: f"${{{{ steps.gates.outputs.{name} }}}}" for name in names
        }


def test_an_action_without_inputs_has_no_empty_environment() -> None:
    (step,) = yaml.safe_load(render(Action("status", "Who serves")))["runs"]["steps"]
    assert "env" not in step


def test_dashes_of_command_and_flag_become_underscores() -> None:
    assert variable("dry-run", "max-rows") == "GATES_DRY_RUN_MAX_ROWS"


@given(text=PRINTABLE)
def test_any_text_is_read_back_as_it_was(text: str) -> None:
    loaded = yaml.safe_load(render(Action("show", text, (Input("sha", text),))))
    assert loaded["description"] == text
    assert loaded["inputs"]["sha"] == {"description": text, "required": False, "default": ""}
