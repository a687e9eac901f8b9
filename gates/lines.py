"""In which line of a YAML document an address stands."""

from collections.abc import Mapping

import yaml

from gates.documents import PlainLoader


def lines(text: str) -> dict[str, int]:
    """Return every address in a document with its line, from 1.

    Args:
        text: A document that `documents.parse_yaml` takes: bounded, and with no alias in itself.

    Returns:
        Addresses as `leaves.leaves` has them, such as ``gates.waivers.0.owner``, those of mappings and lists
        included. What an alias stands for has the lines of its anchor.
    """
    found: dict[str, int] = {}
    root = yaml.compose(text, Loader=PlainLoader)
    stack = [("", root)] if root is not None else []
    while stack:
        address, node = stack.pop()
        if isinstance(node, yaml.MappingNode):
            below = [(str(key.value), key, value) for key, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            below = [(str(place), value, value) for place, value in enumerate(node.value)]
        else:
            continue
        for name, mark, value in below:
            each = f"{address}.{name}" if address else name
            found[each] = mark.start_mark.line + 1
            stack.append((each, value))
    return found


def line(found: Mapping[str, int], address: str) -> int:
    """Return the line of an address, or of what it would stand in; 0 where not even that is there."""
    while address and address not in found:
        address = address.rpartition(".")[0]
    return found.get(address, 0)
