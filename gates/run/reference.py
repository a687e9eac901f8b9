"""What the code says of itself: a page a gate, one about the statistics, the JSON Schema of params.yaml."""

import importlib
import inspect
import json
import pkgutil
from pathlib import Path

from gates import checks, stats
from gates.documents import Document
from gates.policy_blocks import TASKS
from gates.render import gate_page, params_schema, statistics
from gates.render.failing_examples import EXAMPLES
from gates.render.gate_page import GatePage
from gates.render.statistics import Function, Module
from gates.verdict import Verdict

FOLDER = Path("docs") / "gates"
SCHEMA = Path("docs") / "params.schema.json"
STATISTICS = Path("docs") / "statistics.md"


def pages() -> dict[Path, str]:
    """Return path to text of every page, and of the schema as it is kept in the repository."""
    described = [_page(name) for name in checks.names()]
    written = {FOLDER / f"{each.name}.md": gate_page.render(each) for each in described}
    written[FOLDER / "index.md"] = gate_page.index(described)
    written[STATISTICS] = statistics.render(modules())
    written[SCHEMA] = json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"
    return written


def schema() -> Document:
    """Return the JSON Schema of params.yaml."""
    questions = {name: (checks.load(name).__doc__ or "").partition("\n")[0] for name in checks.names()}
    return params_schema.render(checks.policies(), questions)


def modules() -> list[Module]:
    """Return every module of the statistics with its public functions, in the order of the file."""
    described = []
    for found in sorted(pkgutil.iter_modules(stats.__path__), key=lambda each: each.name):
        module = importlib.import_module(f"{stats.__name__}.{found.name}")
        functions = [
            Function(name, each.__doc__ or "")
            for name, each in vars(module).items()
            if inspect.isfunction(each) and each.__module__ == module.__name__ and not name.startswith("_")
        ]
        described.append(Module(found.name, module.__doc__ or "", functions))
    return described


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
