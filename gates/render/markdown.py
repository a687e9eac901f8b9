"""The step summary on GitHub: verdict first, one table, then what blocks."""

from collections.abc import Mapping, Sequence
from typing import Any

from gates.render.sentences import every_reason, figure
from gates.verdict import Verdict

MOST_FINDINGS = 20
_MARKS = {"pass": "✅ pass", "fail": "❌ fail", "undecided": "⚠️ undecided"}


def summary(title: str, sentence: str, judged: Sequence[Verdict], policy_changes: Sequence[str] = ()) -> str:
    """Return the summary of a judgement as Markdown."""
    lines = [f"## {title}", "", _text(sentence), ""]
    if judged:
        lines += ["| gate | outcome | decisive figure |", "|---|---|---|", *map(_row, judged), ""]
    reasons = [reason for verdict in judged if verdict.blocks for reason in every_reason(verdict)]
    blocking = [f"- {_text(reason)}" for reason in reasons[:MOST_FINDINGS]]
    if len(reasons) > MOST_FINDINGS:
        blocking.append(f"- … and {len(reasons) - MOST_FINDINGS} more in the verdict's file")
    waived = [
        f"- waived until {finding.waiver.expires} by {_text(finding.waiver.owner)}: "
        f"{_text(finding.name)} {figure(finding)}; {_text(finding.waiver.reason)}"
        for verdict in judged
        for finding in verdict.findings
        if finding.waiver
    ]
    changed = [f"- {_text(change)}" for change in policy_changes]
    for head, items in (
        ("What blocks", blocking),
        ("Waivers in use", waived),
        ("Policy changed since the champion", changed),
    ):
        if items:
            lines += [f"### {head}", "", *items, ""]
    return "\n".join(lines)


def roads(document: Mapping[str, Any]) -> str:
    """Return what the doctor found as Markdown: one row a road, and what to do where something is left."""
    found = document["findings"]
    lines = [f"## doctor: {document['outcome']}", "", _text(document["sentence"]), ""]
    lines += ["| road | word | what was found |", "|---|---|---|"]
    lines += [f"| {each['road']} | {each['word']} | {_text(each['what'])} |" for each in found]
    left = [f"- **{each['road']}**: {each['why']} {_text(each['do'])}" for each in found if "do" in each]
    return "\n".join([*lines, "", *left, ""])


def audit(document: Mapping[str, Any]) -> str:
    """Return the report of an audit as Markdown: who served, every entry, and what does not hold."""
    served = document["served"]
    lines = [f"# Audit of {_text(document['model'])}", "", _text(document["sentence"]), ""]
    if served:
        who = f"put there by {_text(served['actor'])} at {served['time']}: {_text(served['reason'])}"
        lines.append(f"At {document['at']} v{served['version']} served (`{served['sha']}`), {who}.")
        lines.append(f"Evidence: `{served['evidence']}`.")
    else:
        lines.append(f"At {document['at']} nobody served.")
    lines.append("")
    lines += [
        f"- **{each['kind']}**: {_text(each['what'])} {each['known']}" for each in document["deviations"]
    ]
    lines += ["", "| seq | time | kind | version | who | why | evidence |", "|---|---|---|---|---|---|---|"]
    for each in document["entries"]:
        version = f"v{each['version']}" if each["version"] else ""
        cells = (each["time"], each["kind"], version, _text(each["actor"]), _text(each["reason"]))
        lines.append(f"| {each['seq']} | {' | '.join(cells)} | `{(each['evidence'] or '')[:16]}` |")
    waivers = [(each, waiver) for each in document["entries"] for waiver in each.get("waivers", ())]
    if waivers:
        lines += ["", "## Waivers used", ""]
    for each, waiver in waivers:
        lines.append(
            f"- entry {each['seq']}: {_text(waiver['gate'])} {_text(waiver['finding'])}, by "
            f"{_text(waiver['owner'])} until {waiver['expires']}: {_text(waiver['reason'])}"
        )
    return "\n".join(lines) + "\n"


def error(what: str, why: str, do: str) -> str:
    """Return an error as Markdown."""
    return (
        "\n\n".join(["## Stopped", _text(what), _text(why), f"**Next:** {_text(do)}" if do else ""]).strip()
        + "\n"
    )


def _row(verdict: Verdict) -> str:
    finding = verdict.decisive
    shown = f"{_text(finding.name)} {figure(finding)}" if finding else "nothing was checked"
    mode = " (report only: did not block)" if verdict.mode == "report" else ""
    return f"| {verdict.gate} | {_MARKS[verdict.outcome.value]}{mode} | {shown} |"


def _text(text: str) -> str:
    """Keep what comes from data from becoming markup."""
    for character in "\\`*_{}[]<>|#":
        text = text.replace(character, f"\\{character}")
    return " ".join(text.splitlines())
