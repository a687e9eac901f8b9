"""The step summary on GitHub: verdict first, why, and what to do; then one table and what it rests on."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from gates.render import chart
from gates.render.red import Red
from gates.render.sentences import against_champion, figure, reason, worst_first
from gates.verdict import Verdict

MOST_FINDINGS = 20
FIRST = 3  # of the findings, before the table
MOST_LETTERS = 500  # of one of many texts
LONGEST = 10_000  # letters of any text
_MARKS = {"pass": "✅ pass", "fail": "❌ fail", "undecided": "⚠️ undecided"}


def summary(
    title: str,
    sentence: str,
    judged: Sequence[Verdict],
    policy_changes: Sequence[str] = (),
    *,
    against: Sequence[str] = (),
    lineage: Sequence[str] = (),
    links: Mapping[str, str] | None = None,
    red: Red | None = None,
) -> str:
    """Return the summary of a judgement as Markdown.

    Args:
        title: Command and outcome.
        sentence: What was decided.
        judged: The verdicts.
        policy_changes: How the policy differs from the champion's.
        against: Figures of champion and challenger, where there are no verdicts to take them from.
        lineage: A graph in mermaid.
        links: Text to address.
        red: Who is to act, where it is red.
    """
    blocking = worst_first(judged)
    reasons = _listed([reason(*each) for each in blocking[:MOST_FINDINGS]], len(blocking))
    first, rest = reasons[:FIRST], reasons[FIRST:]
    lines = [f"## {title}", ""]
    for part in ([escaped(sentence)] if sentence else [], first, advice(red) if red else []):
        lines += [*part, ""] if part else []
    if judged:
        lines += ["| gate | outcome | decisive figure |", "|---|---|---|", *map(_row, judged), ""]
    told = against or against_champion(judged)
    compared = _listed(told[:MOST_FINDINGS], len(told))
    for head, items in (
        ("What else blocks", rest),
        ("Against the champion", [*compared, *_drawn(judged)] if compared else []),
        ("Waivers in use", _waivers(judged)),
        ("Policy changed since the champion", _listed(policy_changes[:MOST_FINDINGS], len(policy_changes))),
        ("Lineage", _fenced(lineage, "mermaid")),
    ):
        if items:
            lines += [f"### {head}", "", *items, ""]
    if links:
        lines += [" · ".join(f"[{escaped(name)}](<{address}>)" for name, address in links.items()), ""]
    return "\n".join(lines)


def advice(red: Red) -> list[str]:
    """Return who is to act, and the command to paste."""
    who = f"**To act:** {escaped(red.who)}."
    if not red.laptop:
        return [who]
    return [f"{who} **On a laptop,** at this commit:", "", *_fenced([red.laptop], "sh")]


def error(what: str, why: str, do: str, title: str = "Stopped", red: Red | None = None) -> str:
    """Return an error as Markdown."""
    parts = [f"## {title}", escaped(what), escaped(why), f"**Next:** {escaped(do)}" if do else ""]
    return "\n\n".join([*filter(None, parts), *(["\n".join(advice(red))] if red else [])]) + "\n"


def roads(document: Mapping[str, Any], red: Red | None = None) -> str:
    """Return what the doctor found as Markdown: one row a road, and what to do where something is left."""
    found = document["findings"]
    lines = [f"## doctor: {document['outcome']}", "", escaped(document["sentence"]), ""]
    lines += [*advice(red), ""] if red else []
    lines += ["| road | word | what was found |", "|---|---|---|"]
    lines += [f"| {each['road']} | {each['word']} | {escaped(each['what'])} |" for each in found]
    left = [f"- **{each['road']}**: {each['why']} {escaped(each['do'])}" for each in found if "do" in each]
    return "\n".join([*lines, "", *left, ""])


def audit(document: Mapping[str, Any], red: Red | None = None) -> str:
    """Return the report of an audit as Markdown: who served, every entry, and what does not hold."""
    served = document["served"]
    lines = [f"# Audit of {escaped(document['model'])}", "", escaped(document["sentence"]), ""]
    lines += [*advice(red), ""] if red else []
    if served:
        who = f"put there by {escaped(served['actor'])} at {served['time']}: {escaped(served['reason'])}"
        lines.append(f"At {document['at']} v{served['version']} served (`{served['sha']}`), {who}.")
        lines.append(f"Evidence: `{served['evidence']}`.")
    else:
        lines.append(f"At {document['at']} nobody served.")
    lines.append("")
    lines += [
        f"- **{each['kind']}**: {escaped(each['what'])} {each['known']}" for each in document["deviations"]
    ]
    lines += ["", "| seq | time | kind | version | who | why | evidence |", "|---|---|---|---|---|---|---|"]
    for each in document["entries"]:
        version = f"v{each['version']}" if each["version"] else ""
        cells = (each["time"], each["kind"], version, escaped(each["actor"]), escaped(each["reason"]))
        lines.append(f"| {each['seq']} | {' | '.join(cells)} | `{(each['evidence'] or '')[:16]}` |")
    waivers = [(each, waiver) for each in document["entries"] for waiver in each.get("waivers", ())]
    if waivers:
        lines += ["", "## Waivers used", ""]
    for each, waiver in waivers:
        lines.append(
            f"- entry {each['seq']}: {escaped(waiver['gate'])} {escaped(waiver['finding'])}, by "
            f"{escaped(waiver['owner'])} until {waiver['expires']}: {escaped(waiver['reason'])}"
        )
    return "\n".join(lines) + "\n"


def _row(verdict: Verdict) -> str:
    finding = verdict.decisive
    shown = _short(f"{finding.name} {figure(finding)}") if finding else "nothing was checked"
    mode = " (report only: did not block)" if verdict.mode == "report" else ""
    return f"| {_short(verdict.gate)} | {_MARKS[verdict.outcome.value]}{mode} | {shown} |"


def _waivers(judged: Sequence[Verdict]) -> list[str]:
    waived = [(each, each.waiver) for verdict in judged for each in verdict.findings if each.waiver]
    told = [
        f"waived until {waiver.expires} by {waiver.owner}: {finding.name} {figure(finding)}; {waiver.reason}"
        for finding, waiver in waived[:MOST_FINDINGS]
    ]
    return _listed(told, len(waived))


def _drawn(judged: Sequence[Verdict]) -> list[str]:
    """Draw the paired difference against its limit."""
    for finding in (each for verdict in judged if verdict.gate == "champion" for each in verdict.findings):
        if finding.name == "delta" and (drawn := chart.interval(finding)):
            return ["", *_fenced(drawn, "text")]
    return []


def _listed(shown: Sequence[str], there: int) -> list[str]:
    """Return a list, with a line that says how many more there are."""
    more = [f"- … and {there - len(shown)} more in the answer's files"] if there > len(shown) else []
    return [*(f"- {_short(each)}" for each in shown), *more]


def _fenced(lines: Sequence[str], language: str) -> list[str]:
    """Keep lines as they are, in a fence that none of them can end."""
    if not lines:
        return []
    longest = max((len(run) for run in re.findall("`+", "\n".join(lines))), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}{language}", *lines, fence]


def _short(text: str) -> str:
    """Keep one of many texts from becoming markup, or longer than people read."""
    return escaped(text if len(text) <= MOST_LETTERS else f"{text[: MOST_LETTERS - 1]}…")


def escaped(text: str) -> str:
    """Keep what comes from data from becoming markup."""
    text = text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
    for character in "\\`*_{}[]<>|#":
        text = text.replace(character, f"\\{character}")
    return " ".join(text.splitlines())
