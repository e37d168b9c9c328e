#!/usr/bin/env python3
"""A flame graph from `perf script`: flame.py TITLE < perf.txt > flame.svg

    perf record -F 499 --call-graph dwarf,16384 -- PROGRAM ...
    perf script -F comm,ip,sym | scripts/flame.py 'TITLE' > docs/profiles/NAME.svg

Widths are samples; a frame below 0.3 % of them is left out, so that the file stays small. Hover for the
whole name and its share.
"""

import html
import re
import sys

WIDTH, HEIGHT, LEAST = 1200, 15, 0.003


def stacks(lines):
    """Each sample as (thread, outermost frame, ..., innermost frame)."""
    name, frames = None, []
    for line in lines:
        if not line.strip():
            if name:
                yield (name, *reversed(frames))
            name, frames = None, []
        elif line[0].isspace() and name:
            frames.append(short(line.split(None, 1)[1].strip() if len(line.split(None, 1)) > 1 else "?"))
        else:
            name = line.split()[0]
    if name:
        yield (name, *reversed(frames))


def short(symbol):
    symbol = symbol.removesuffix(" (inlined)")
    return re.sub(r"::h[0-9a-f]{16}$", "", symbol)


def main():
    root, total = [0, {}], 0
    for stack in stacks(sys.stdin):
        total += 1
        node = root
        for frame in stack:
            node = node[1].setdefault(frame, [0, {}])
            node[0] += 1
    boxes = []

    def lay(node, x, depth):
        for name, child in sorted(node[1].items()):
            if child[0] / total >= LEAST:
                boxes.append((x, depth, child[0], name))
                lay(child, x, depth + 1)
            x += child[0]

    lay(root, 0, 0)
    deepest = max((depth for _, depth, _, _ in boxes), default=0)
    height = (deepest + 3) * HEIGHT
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" font-family="monospace" '
        f'font-size="10"><text x="4" y="11">{html.escape(sys.argv[1])}: {total} samples</text>'
    ]
    for x, depth, count, name in boxes:
        left, width = x / total * WIDTH, count / total * WIDTH
        y = height - (depth + 1) * HEIGHT
        hue = 20 + sum(name.encode()) % 40
        shown = html.escape(name[: int(width / 6.2)]) if width > 20 else ""
        out.append(
            f'<g><title>{html.escape(name)} {count / total:.1%}</title><rect x="{left:.1f}" y="{y}" width="{width:.1f}" '
            f'height="{HEIGHT - 1}" fill="hsl({hue},80%,65%)"/><text x="{left + 2:.1f}" y="{y + 11}">{shown}</text></g>'
        )
    print("\n".join(out) + "\n</svg>")


main()
