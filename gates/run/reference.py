"""What the gates say of themselves: a page a gate, and the JSON Schema of params.yaml."""

import json
from pathlib import Path

from gates import checks
from gates.documents import Document
from gates.policy_blocks import TASKS
from gates.render import gate_page, params_schema
from gates.render.gate_page import GatePage
from gates.run.failures import EXAMPLES
from gates.verdict import Verdict

FOLDER = Path("docs") / "gates"
SCHEMA = Path("docs") / "params.schema.json"


def pages() -> dict[Path, str]:
    """Return path to text of every page, and of the schema as it is kept in the repository."""
    described = [_page(name) for name in checks.names()]
    written = {FOLDER / f"{each.name}.md": gate_page.render(each) for each in described}
    written[FOLDER / "index.md"] = gate_page.index(described)
    written[SCHEMA] = json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"
    return written


def schema() -> Document:
    """Return the JSON Schema of params.yaml."""
    questions = {name: (checks.load(name).__doc__ or "").partition("\n")[0] for name in checks.names()}
    return params_schema.render(checks.policies(), questions)


def _page(name: str) -> GatePage:
    check = checks.load(name)
    inputs = [
        (f"--{field.name.replace('_', '-')}", f"{field.help[0].upper()}{field.help[1:]}.")
        for field in checks.input_fields(check)
    ]
    forms = {task: checks.form(check, task) for task in TASKS}
    return GatePage(name, check.__doc__ or "", forms, inputs, example(name))


def example(name: str) -> Verdict:
    """Return the verdict of a gate on its example, under the policy of a binary model."""
    check, (block, measurements) = checks.load(name), EXAMPLES[name]
    policy = checks.form(check, "binary").model_validate_json(json.dumps(block))
    findings = tuple(check.judge(policy, dict(measurements)))
    return Verdict(name, policy.mode, findings, measurements)
