#!/usr/bin/env python3
"""Draws a network that `save_onnx` wrote: a column for each layer, a box for each node.

    tools/draw_onnx.py FILE.onnx FILE.svg
"""
import sys
from xml.sax.saxutils import escape

import onnx

WIDTH, HEIGHT, ACROSS, DOWN, LEFT, TOP = 124, 34, 160, 54, 12, 44
COLOURS = {"Conv": "#dbe9f6", "Gemm": "#dbe9f6", "Add": "#fde3c8", "BatchNormalization": "#e8e0f3"}


def detail(node, constants):
    """What of a node is worth a second line."""
    values = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    text = ""
    if node.op_type in ("Conv", "Gemm"):
        text = " x ".join(str(d) for d in constants[node.input[1]])
    elif "kernel_shape" in values:
        text = " x ".join(str(k) for k in values["kernel_shape"])
    if values.get("strides", [1, 1]) != [1, 1]:
        text += f", stride {values['strides'][0]}"
    return text


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    graph = onnx.load(sys.argv[1]).graph
    constants = {c.name: list(c.dims) for c in graph.initializer}
    layers, places, makers = [], {}, {}
    for node in graph.node:
        layer = node.name.partition(".")[0] if ".op" not in node.name else node.name.partition(".step")[0]
        if not layers or layers[-1][0] != layer:
            layers.append((layer, []))
        places[node.name] = (LEFT + (len(layers) - 1) * ACROSS, TOP + len(layers[-1][1]) * DOWN)
        layers[-1][1].append(node)
        makers[node.output[0]] = node.name
    boxes, lines = [], []
    for layer, nodes in layers:
        for node in nodes:
            x, y = places[node.name]
            second = detail(node, constants)
            boxes.append(f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="5" '
                         f'fill="{COLOURS.get(node.op_type, "#eeeeee")}" stroke="#555"/>')
            for line, (text, size) in enumerate([(node.op_type, 12), (second, 10)][:2 if second else 1]):
                at = y + (HEIGHT / 2 + 4 if not second else 15 + 13 * line)
                boxes.append(f'<text x="{x + WIDTH / 2}" y="{at}" font-size="{size}" text-anchor="middle">{escape(text)}</text>')
            for name in node.input:
                if name not in makers:
                    continue
                from_x, from_y = places[makers[name]]
                if from_x == x and y - from_y == DOWN:
                    path = f"M{x + WIDTH / 2} {from_y + HEIGHT}V{y - 2}"
                elif from_x == x:  # over the nodes between
                    path = (f"M{x + WIDTH} {from_y + HEIGHT / 2}h10V{y + HEIGHT / 2}h-8")
                else:
                    path = f"M{from_x + WIDTH} {from_y + HEIGHT / 2}h18V{y + HEIGHT / 2}H{x - 2}"
                lines.append(f'<path d="{path}" fill="none" stroke="#555" marker-end="url(#tip)"/>')
        x, y = places[nodes[0].name]
        boxes.append(f'<text x="{x + WIDTH / 2}" y="{TOP - 22}" font-size="12" font-weight="bold" text-anchor="middle">'
                     f"{escape(layer)}</text>")
    width = LEFT + len(layers) * ACROSS
    height = max(y for _, y in places.values()) + HEIGHT + 12
    with open(sys.argv[2], "w", encoding="utf-8") as svg:
        svg.write(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif">\n'
                  '<defs><marker id="tip" viewBox="0 0 6 6" refX="5" refY="3" markerWidth="6" markerHeight="6" '
                  'orient="auto"><path d="M0 0L6 3L0 6z" fill="#555"/></marker></defs>\n'
                  f'<rect width="{width}" height="{height}" fill="white"/>\n' + "\n".join(lines + boxes) + "\n</svg>\n")


if __name__ == "__main__":
    main()
