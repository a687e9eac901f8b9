"""Checkpoints as a git note: one line a model, the farthest that its ledger was seen to come.

The note stands on the empty tree, which every clone knows, however shallow. It travels only where somebody
pushes and fetches its ref; without a `+` in front, git refuses a ref that was put back or written anew.
"""

from pathlib import Path

from gates.adapters import git
from gates.adapters.store import taken
from gates.documents import parse_json
from gates.errors import InvalidError, TamperedError, UnavailableError

SCHEME = "git:"
ATTEMPTS = 20
_IDENTITY = ("-c", "user.name=ml-gates", "-c", "user.email=ml-gates@localhost", "-c", "commit.gpgSign=false")


class GitNotes:
    """The checkpoints of one model in a notes ref of the project's repository."""

    def __init__(self, root: Path, place: str, model: str) -> None:
        """Use ``git:refs/notes/NAME``; the ref is made on the first write.

        Raises:
            InvalidError: It is not a notes ref, or the project is not in a git repository.
        """
        self._root, self._model = root, model
        self.ref = place.removeprefix(SCHEME)
        wellformed = not git.run(root, "check-ref-format", self.ref).returncode
        if not self.ref.startswith("refs/notes/") or not wellformed:
            raise InvalidError(
                f"gates.checkpoints: {place!r} is no place for git notes.",
                do="Write it as git:refs/notes/ml-gates",
            )
        if git.run(root, "rev-parse", "--git-dir").returncode:
            raise InvalidError(
                f"{root} is not in a git repository, which gates.checkpoints names.",
                do="git init, or name a folder or s3://bucket/prefix there.",
            )
        self._object = self._git("hash-object", "-t", "tree", "--stdin").decode().strip()

    @property
    def place(self) -> str:
        """The ref, as git's own commands take it."""
        return self.ref

    def entries(self) -> dict[int, bytes]:
        """Return sequence number and bytes of this model's farthest checkpoint, if there is one.

        Raises:
            TamperedError: The note holds what no ledger leaves.
            UnavailableError: Git cannot read it.
        """
        return _farthest(self._kept(self._tip()).get(self._model, {}))

    def append(self, seq: int, data: bytes) -> None:
        """Keep a checkpoint, unless a farther one is kept; of racing writers none is lost.

        Raises:
            ConflictError: Another checkpoint with this number is kept.
            TamperedError: The note holds what no ledger leaves.
            UnavailableError: Git cannot read or write it.
        """
        for attempt in range(1, ATTEMPTS + 1):
            tip = self._tip()
            kept = self._kept(tip)
            ours = kept.get(self._model, {})
            if ours.get(seq, data) != data:
                raise taken(seq)
            if max(ours, default=0) >= seq:
                return
            kept[self._model] = {seq: data}
            commit = self._commit(tip, [line for each in kept.values() for line in _farthest(each).values()])
            try:  # only from the tip that we have read: who was faster stays, and is read again
                self._git("update-ref", self.ref, commit, tip or "0" * len(commit))
            except UnavailableError:
                if attempt == ATTEMPTS:
                    raise
            else:
                return

    def _tip(self) -> str:
        """Return the commit of the notes; empty before the first one."""
        listed = git.run(self._root, "for-each-ref", "--format=%(objectname)", self.ref)
        if listed.returncode or listed.stderr:  # it only warns of a broken ref, which is not an absent one
            raise self._unavailable(listed.stderr)
        return listed.stdout.decode().strip()

    def _kept(self, tip: str) -> dict[str, dict[int, bytes]]:
        """Return model to sequence number to line of every checkpoint in the note."""
        kept: dict[str, dict[int, bytes]] = {}
        for line in filter(None, self._note(tip).splitlines()):
            name = f"A line of {self.ref}"
            try:
                told = parse_json(line, name)
                model, seq = str(told["model"]), told["seq"]
                if type(seq) is not int:
                    raise TypeError
            except (InvalidError, KeyError, TypeError) as error:
                raise TamperedError(
                    f"{name} is no checkpoint: {line[:80]!r}.", do=f"Find who wrote it: git log {self.ref}"
                ) from error
            if kept.setdefault(model, {}).setdefault(seq, line) != line:
                raise TamperedError(
                    f"{self.ref} holds two checkpoints {seq} of {model}.",
                    do=f"Find who wrote them: git log {self.ref}",
                )
        return kept

    def _note(self, tip: str) -> bytes:
        if not tip:
            return b""
        # Git spreads a ref with many notes over folders; the name without slashes is the object's.
        names = self._git("ls-tree", "-r", "--name-only", tip).decode().split()
        found = [name for name in names if name.replace("/", "") == self._object]
        return b"\n".join(self._git("cat-file", "blob", f"{tip}:{name}") for name in found)

    def _commit(self, tip: str, lines: list[bytes]) -> str:
        note = self._git("hash-object", "-w", "--stdin", given=b"\n".join(sorted(lines)) + b"\n")
        others = self._git("ls-tree", tip).splitlines() if tip else []
        rows = [row for row in others if row.split(b"\t")[1] != self._object.encode()]
        rows.append(b"100644 blob %s\t%s" % (note.strip(), self._object.encode()))
        tree = self._git("mktree", given=b"\n".join(rows) + b"\n").decode().strip()
        parents = ("-p", tip) if tip else ()
        message = f"Checkpoint of the ledger of {self._model}"
        return self._git(*_IDENTITY, "commit-tree", tree, *parents, "-m", message).decode().strip()

    def _git(self, *arguments: str, given: bytes = b"") -> bytes:
        ended = git.run(self._root, *arguments, given=given)
        if ended.returncode:
            raise self._unavailable(ended.stderr)
        return ended.stdout

    def _unavailable(self, said: bytes) -> UnavailableError:
        return UnavailableError(
            f"Git could not read or write the checkpoints in {self.ref}.",
            why=said.decode(errors="replace").strip() + ".",
            do="Check space and rights of the repository, then run the same command again.",
        )


def _farthest(kept: dict[int, bytes]) -> dict[int, bytes]:
    return {max(kept): kept[max(kept)]} if kept else {}
