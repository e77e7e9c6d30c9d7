"""Where the points of trees and networks stand: relations in, coordinates out."""

from collections.abc import Sequence

import networkx as nx
import numpy as np
import pandas as pd

# A node below which so many of all leaves stand is the middle of the drawing, whoever stands above it.
HUB_SHARE = 0.8
# Rings draw closer outwards: most organisations stand in the first ones, which need the room.
CLOSER = 0.6


def radial(parent: pd.Series, order: Sequence[str]) -> pd.DataFrame:
    """Place a forest in circles around its middle: a ring a level, leaves at equal angles.

    Parameters
    ----------
    parent : Series
        Code -> code of its parent; missing for a root. Every parent has a row of its own, and none leads back to
        itself.
    order : sequence of str
        All codes, in the order in which siblings stand.

    Returns
    -------
    DataFrame
        By code: x, y, radius, angle (radians, clockwise from the top), ring. In the middle (ring 0) stands the lowest
        node with four fifths of all leaves below it; those above it stand between it and the first ring. Where there is
        none, roots stand in ring 1.
    """
    below: dict[str, list[str]] = {}
    for code in order:
        below.setdefault(parent[code] if pd.notna(parent[code]) else "", []).append(code)
    level: dict[str, int] = {}
    leaves = []
    stack = [(code, 1) for code in reversed(below.get("", []))]
    while stack:
        code, depth = stack.pop()
        level[code] = depth
        children = below.get(code, [])
        if not children:
            leaves.append(code)
        stack += [(child, depth + 1) for child in reversed(children)]
    angle = {code: 2 * np.pi * (place + 0.5) / len(leaves) for place, code in enumerate(leaves)}
    held = dict.fromkeys(leaves, 1)
    for code in sorted(level, key=lambda code: -level[code]):
        if children := below.get(code):
            angle[code] = float(np.mean([angle[child] for child in children]))
            held[code] = sum(held[child] for child in children)
    hubs = [code for code in below if code and held[code] >= HUB_SHARE * len(leaves)]
    hub = max(hubs, key=lambda code: level[code], default=None)
    above = _ancestors(hub, parent)
    down = level[hub] if hub else 0
    ring = {code: max(1, depth - down) for code, depth in level.items()} | ({hub: 0} if hub else {})
    ring |= {code: (place + 1) / (len(above) + 1) for place, code in enumerate(above)}
    angle |= dict.fromkeys(above, 0.0)
    found = pd.DataFrame({"angle": pd.Series(angle, dtype=float), "ring": pd.Series(ring, dtype=float)})
    found = found.reindex(list(order))
    radius = found["ring"] ** CLOSER
    return found.assign(radius=radius, x=radius * np.sin(found["angle"]), y=radius * np.cos(found["angle"]))


def _ancestors(code: str | None, parent: pd.Series) -> list[str]:
    """Return those above a node, the nearest first."""
    above = []
    while code is not None and pd.notna(parent[code]):
        code = parent[code]
        above.append(code)
    return above


def packed(firms: pd.DataFrame, ties: pd.DataFrame, *, columns: int = 4) -> pd.DataFrame:
    """Place the parts of a network side by side: the largest in a square of its own, the others in a grid beside it.

    Parameters
    ----------
    firms : DataFrame
        uscc and component (0 the largest).
    ties : DataFrame
        firm_a, firm_b.

    Returns
    -------
    DataFrame
        By uscc: x, y; the largest part within 0 to 1, the grid to its right.

    Notes
    -----
    Each part by Kamada and Kawai (1989): distances on the page follow steps in the network.
    """
    graph = nx.from_pandas_edgelist(ties, "firm_a", "firm_b")
    others = int(firms["component"].max()) if len(firms) else 0
    side = 1 / max(1, -(-others // columns))
    places = {}
    for number, codes in firms.groupby("component")["uscc"]:
        inside = nx.kamada_kawai_layout(graph.subgraph(sorted(codes)))
        row, column = divmod(number - 1, columns)
        size = 1.0 if number == 0 else 0.7 * min(side, 0.22)
        left = 0.0 if number == 0 else 1.1 + 0.24 * column
        top = 0.0 if number == 0 else 1 - (row + 0.85) * side
        for code, spot in inside.items():
            places[code] = (left + size * (spot[0] + 1) / 2, top + size * (spot[1] + 1) / 2)
    return pd.DataFrame.from_dict(places, orient="index", columns=["x", "y"]).reindex(firms["uscc"])
