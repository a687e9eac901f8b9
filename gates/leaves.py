"""A document as dotted addresses with plain values: how it is shown, and how two of them differ."""

import json
from collections.abc import Iterator, Mapping
from typing import Any


def leaves(value: Any, address: str = "") -> Iterator[tuple[str, Any]]:  # noqa: ANN401 - plain JSON data
    """Yield every value below a document with its address; a list of plain values is one value."""
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from leaves(each, f"{address}.{key}" if address else str(key))
    elif isinstance(value, list) and any(isinstance(each, dict | list) for each in value):
        for place, each in enumerate(value):
            yield from leaves(each, f"{address}.{place}")
    else:
        yield address, value


def differences(before: Mapping[str, Any], after: Mapping[str, Any], address: str) -> tuple[str, ...]:
    """Return what one document says otherwise than another, one line an address, sorted."""
    old, new = dict(leaves(before, address)), dict(leaves(after, address))
    return tuple(
        f"{each}: {shown(old, each)} → {shown(new, each)}"
        for each in sorted(old.keys() | new.keys())
        if shown(old, each) != shown(new, each)
    )


def shown(found: Mapping[str, Any], address: str) -> str:
    """Return the value at an address as people read it, or that there is none."""
    return json.dumps(found[address], ensure_ascii=False) if address in found else "absent"
