"""A crowd on one project, and what must hold when it has gone."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests import servers
from tests.faults import crowd, scene
from tests.faults.crowd import Crowd
from tests.faults.scene import Scene
from tests.servers import S3

PEOPLE = 50


@dataclass(frozen=True)
class Place:
    """A project with three champions, an S3 server, and a crowd."""

    scene: Scene
    s3: S3
    client: Any
    crowd: Crowd

    def wrong(self, ledger: str, seed: int) -> list[str]:
        """Let everybody move at once, from the same three champions; return what does not hold afterwards."""
        self.scene.restore()
        # Fifty at once are slow on two cores; that the server is silent is not what is tested.
        where, environment = "", {"GATES_LEDGER": "", "GATES_PATIENCE_S": "120"}
        if ledger == "S3":
            where = self.scene.upload(self.client, f"seed-{seed}")
            environment |= self.s3.environment | {"GATES_LEDGER": where}
        done = self.crowd.move(self.scene.root, seed, PEOPLE, environment)
        history = self.scene.history(self.client, where)  # raises where the chain is broken
        moves = [link.entry for link in history.links[scene.CHAMPIONS :]]
        head = history.champion.version if history.champion else ""
        # Two who roll back from and to the same do one operation; each is there once, and nothing else is.
        once = Counter(entry.operation for entry in moves) == Counter(set(done))
        return [
            *([] if len(done) == PEOPLE else [f"{len(done)} of {PEOPLE} came to an end"]),
            *([] if once else [f"{len(moves)} entries of {len(set(done))} operations"]),
            *([] if {entry.kind for entry in moves} == {"promote", "rollback"} else ["one kind only"]),
            *([] if head == self.scene.alias() else [f"head v{head}, alias v{self.scene.alias()}"]),
        ]


@contextmanager
def start(folder: Path) -> Iterator[Place]:
    """Start the server and the crowd, and build the project; everything ends with the block."""
    with servers.any_s3(folder) as s3, crowd.start() as people:
        s3.bucket(scene.BUCKET)
        yield Place(scene.build(folder / "project", {}), s3, s3.client(), people)
