"""Who is to act on a red run: one table, by the command that stopped and its exit code."""

from gates.errors import ExitCode

AUTHOR = "the author of the change"
ANYWHERE = {
    ExitCode.UNAVAILABLE: "nobody, if a second run passes; else who keeps the system that did not answer",
    ExitCode.CONFLICT: "nobody: somebody else moved the champion meanwhile; run all jobs again",
    ExitCode.TAMPERED: "security; run nothing again until it is known who wrote there",
}
_SAYS_NO, _INVALID, _UNDECIDED = ExitCode.FAIL, ExitCode.INVALID, ExitCode.UNDECIDED
_ALL = (_SAYS_NO, _INVALID, _UNDECIDED)
_JUDGES = ("judge", "promote", "behaviour", "champion", "fairness", "golden", "latency", "lineage")
_COUNTS_ROWS = ("judge", "promote", "champion", "fairness", "golden")
TABLE = (
    (("data",), _ALL, "the owner of the data, or of its contract"),
    (("schema",), (_SAYS_NO, _UNDECIDED), "the owner of the data, or of its contract"),
    (_JUDGES, (_SAYS_NO,), "the author of the change, or the owner of a waiver for it"),
    (_COUNTS_ROWS, (_UNDECIDED,), "the author of the change; of too few rows, the owner of the golden set"),
    (("documentation",), _ALL, "the owner of the model"),
    (("freshness",), _ALL, "the owner of the golden set"),
    (("promote",), (_INVALID,), "who keeps the environment `production`"),
    (("alert", "rollback", "drill", "drift", "canary"), _ALL, "who is on call for the model"),
    (("selftest",), (_SAYS_NO,), "who reviews policy and contracts"),
    (("reconcile", "audit", "doctor"), _ALL, "the administrator of repository and cloud"),
)


def who_acts(command: str, code: ExitCode) -> str:
    """Return who is to act, for the end of the sentence "To act: …".

    Args:
        command: The job, gate or other command that stopped.
        code: Its exit code.

    Returns:
        The author of the change where the table says nobody else; nothing where the run is green.
    """
    if code is ExitCode.PASS:
        return ""
    if code in ANYWHERE:
        return ANYWHERE[code]
    return next((who for commands, codes, who in TABLE if command in commands and code in codes), AUTHOR)
