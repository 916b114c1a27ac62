"""Pictures that weigh nothing: a cover woven by code from a name, in its industry's colours, with its pictogram.

The same name always gives the same weave, so people know "their" course and town again.
"""

from __future__ import annotations

import hashlib

from flask import Blueprint, Response, abort

blueprint = Blueprint("covers", __name__)
MONTH = "public, max-age=2592000"

# ground, first strand, second strand, ink: per industry
COLOURS = {
    "equipment": ("#E8EDF0", "#B9CAD4", "#8BA5B4", "#2F4C5C"), "smart": ("#E9ECF2", "#BCC6DC", "#8F9FC2", "#34446E"),
    "electronics": ("#E6EEF4", "#B4CDE0", "#86ABC9", "#245580"), "textiles": ("#F5EAE7", "#E3C2BB", "#CB9990", "#7E3B3F"),
    "light": ("#F3EDE4", "#DECDB0", "#C3AA80", "#6B522A"), "food": ("#F7EFDF", "#E8D0A0", "#D1AE6A", "#7C5313"),
    "services": ("#F3EAF0", "#DDC0D2", "#BF97B1", "#6B3B5C"), "care": ("#F7EAE5", "#EBC3B5", "#D69C89", "#8E3D2D"),
    "commerce": ("#F5EFE0", "#E2CF9E", "#C7AC68", "#6E5211"), "logistics": ("#EEF0E3", "#CDD6A8", "#A8B477", "#4C5C24"),
    "automotive": ("#EAEBEC", "#C4C9CE", "#99A2AB", "#3A444E"), "digital": ("#E5EFF1", "#AFD3DA", "#7FB1BB", "#1D5963"),
    "construction": ("#F3ECE3", "#E0C6A4", "#C49F72", "#6F4B1E"), "environment": ("#E5F0E8", "#B3D6BE", "#82B593", "#1F6B4A"),
    "quality": ("#E6F0ED", "#B3D3CA", "#83B0A4", "#22594D"), "safety": ("#F7EEDA", "#EBCF8E", "#D5AC4F", "#7A4F00"),
    "management": ("#ECEBF1", "#C8C5DC", "#A09BC0", "#443D6B"), "culture": ("#F5E9EA", "#E5BEC0", "#CE9194", "#8A2B33"),
    "foundation": ("#EAF0EC", "#C1D5C9", "#95B4A2", "#2B5540"), "career": ("#EFEEE5", "#D5D1B3", "#B4AE83", "#565025"),
    "emerging": ("#E5F1F0", "#ACDAD4", "#79BAB2", "#15605A"), "town": ("#E6F0EA", "#B5D5C3", "#86B69C", "#134A33"),
}
# Line drawings on a 24 px grid, 1.75 px strokes.
PICTOGRAMS = {
    "equipment": "M3 19h18M5 19v-7h8v7M13 14h4v5M7 12V8h4v4M17 14V7l-4-2M9 8V5",
    "smart": "M7 20h10M12 20v-4M8 16h8l1-5-3-2 1-4M10 9a2 2 0 1 0 4 0 2 2 0 0 0-4 0M15 5h4v3",
    "electronics": "M7 7h10v10H7zM10 10h4v4h-4zM9 7V3M15 7V3M9 21v-4M15 21v-4M7 9H3M7 15H3M21 9h-4M21 15h-4",
    "textiles": "M8 4l4 2 4-2 5 4-3 3-2-1v10H8V10l-2 1-3-3z",
    "light": "M5 10V5h14v5M3 10h18v5H3zM5 15v5M19 15v5",
    "food": "M4 11h16a8 8 0 0 1-16 0zM9 20h6M9 8c0-2 2-2 2-4M13 8c0-2 2-2 2-4",
    "services": "M4 11l8-7 8 7M6 10v10h12V10M10 20v-6h4v6",
    "care": "M12 20s-8-4.6-8-10.4A4.4 4.4 0 0 1 12 7a4.4 4.4 0 0 1 8 2.6C20 15.4 12 20 12 20zM8 12h2l1.5-2.5 2 5L15 12h1",
    "commerce": "M4 9l1-5h14l1 5M4 9v11h16V9M4 9c0 3 4 3 4 0 0 3 4 3 4 0 0 3 4 3 4 0 0 3 4 3 4 0M9 20v-5h6v5",
    "logistics": "M3 17V6h9v11M12 10h4l4 4v3M3 17h3M10 17h5M6 17a2 2 0 1 0 4 0 2 2 0 0 0-4 0M15 17a2 2 0 1 0 4 0 2 2 0 0 0-4 0",
    "automotive": "M3 16v-4l2-1 2-5h9l3 5 2 1v4h-2M9 16h6M5 16a2 2 0 1 0 4 0 2 2 0 0 0-4 0"
                  "M15 16a2 2 0 1 0 4 0 2 2 0 0 0-4 0M7 11h11",
    "digital": "M4 5h16v11H4zM9 20h6M12 16v4M9 9l-2 2 2 2M15 9l2 2-2 2",
    "construction": "M4 20h16M6 20V8h7v12M13 12h5v8M9 11v1M9 15v1M15 15v1M6 8l3-4h1l3 4",
    "environment": "M5 19c0-9 5-14 15-14 0 10-5 15-13 13M5 21c1-5 4-9 9-11",
    "quality": "M4 4h10v4M4 4v16h10v-3M8 9h3M8 13h2M13 13a4 4 0 1 0 8 0 4 4 0 0 0-8 0M20 16l2 3",
    "safety": "M12 3l8 3v6c0 5-3.5 8-8 9-4.5-1-8-4-8-9V6zM8.5 12l2.5 2.5 4.5-5",
    "management": "M4 20V10M10 20V4M16 20v-7M21 20H3M20 9l-4-4-3 3",
    "culture": "M4 5h7a1 1 0 0 1 1 1v13a2 2 0 0 0-2-1H4zM20 5h-7a1 1 0 0 0-1 1v13a2 2 0 0 1 2-1h6z",
    "foundation": "M3 9l9-4 9 4-9 4zM7 11v5c2 2 8 2 10 0v-5M21 9v6",
    "career": "M4 8h16v11H4zM9 8V5h6v3M4 13h16M12 12v2",
    "emerging": "M12 12m-2 0a2 2 0 1 0 4 0 2 2 0 0 0-4 0M12 10V5M12 14v5M10 12H5M14 12h5M3 5h4M17 5h4M3 19h4M17 19h4"
                "M5 5l5 5M19 5l-5 5M5 19l5-5M19 19l-5-5",
    "town": "M4 20h16M6 20v-8l3-2 3 2v8M12 20V7l3-3 3 3v13M9 15v1M15 10v1M15 14v1",
}


# Knitted where people knit, turned as on a lathe where they cut metal, woven everywhere else.
KNITTED = frozenset({"textiles"})
TURNED = frozenset({"equipment", "automotive"})


def cover_svg(name: str, industry: str) -> str:
    """A cover of at most 2 KB, 320×200: a pattern seeded by the name, the industry's colours and pictogram."""
    colours = COLOURS.get(industry, COLOURS["foundation"])
    seed = hashlib.sha256(name.encode()).digest()
    draw = _knitted if industry in KNITTED else _turned if industry in TURNED else _woven
    ground, _first, _second, ink = colours
    mark = PICTOGRAMS.get(industry, PICTOGRAMS["foundation"])
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 200" width="320" height="200">'
        f'<rect width="320" height="200" fill="{ground}"/>{draw(seed, *colours)}'
        f'<circle cx="160" cy="100" r="45" fill="{ground}" stroke="{ink}" stroke-opacity=".3"/>'
        f'<g transform="translate(127 67) scale(2.75)" fill="none" stroke="{ink}" stroke-width="1.6" '
        f'stroke-linecap="round" stroke-linejoin="round"><path d="{mark}"/></g></svg>'
    )


def _tiled(width: float, height: float, turn: int, body: str) -> str:
    """The whole picture covered with one tile."""
    return (
        f'<defs><pattern id="w" width="{width:g}" height="{height:g}" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate({turn})">{body}</pattern></defs><rect width="320" height="200" fill="url(#w)"/>'
    )


def _woven(seed: bytes, ground: str, first: str, second: str, ink: str) -> str:
    """Strands across, strands along over them, then the crossings where the first come up again; edges in fine ink."""
    step = 18 + seed[0] % 4 * 3
    thick = step - 3 - seed[1] % 4
    over, shift, turn = 2 + seed[2] % 3, 1 + seed[3] % 2, (-30, -18, 0, 18, 30, 45)[seed[4] % 6]
    size, off = step * over, (step - thick) / 2
    rows = [n * step + off for n in range(over)]
    lifted = [(n * step, rows[row]) for row in range(over) for n in range(over) if (row * shift + n) % over == 0]

    def strands(fill: str, shapes: str, edges: str) -> str:
        return f'<path fill="{fill}" d="{shapes}"/><path stroke="{ink}" stroke-opacity=".28" stroke-width=".8" d="{edges}"/>'

    across = strands(first, "".join(f"M0 {y:g}h{size}v{thick}H0z" for y in rows),
                     "".join(f"M0 {y:g}h{size}M0 {y + thick:g}h{size}" for y in rows))
    along = strands(second, "".join(f"M{x:g} 0v{size}h{thick}V0z" for x in rows),
                    "".join(f"M{x:g} 0v{size}M{x + thick:g} 0v{size}" for x in rows))
    again = strands(first, "".join(f"M{x:g} {y:g}h{step}v{thick}h-{step}z" for x, y in lifted),
                    "".join(f"M{x:g} {y:g}h{step}m0 {thick}h-{step}" for x, y in lifted))
    return _tiled(size, size, turn, across + along + again)


def _knitted(seed: bytes, ground: str, first: str, second: str, ink: str) -> str:
    """Columns of stitches, each a V of two slanted loops; some rows are in the second yarn."""
    wide, tall, rows = 18 + seed[0] % 4 * 3, 13 + seed[1] % 4, 3 + seed[2] % 4
    half, fat = wide / 2, 5.2 + seed[3] % 3 * 0.7
    striped = {seed[4] % rows, seed[5] % rows}

    def stitches(numbers: list[int]) -> str:
        return "".join(f"M1.5 {y}L{half - 1:g} {y + tall - 1}M{wide - 1.5:g} {y}L{half + 1:g} {y + tall - 1}"
                       for y in (n * tall for n in numbers))

    plain, other = ([n for n in range(-1, rows + 1) if (n % rows in striped) is wish] for wish in (False, True))
    body = "".join(
        f'<g fill="none" stroke-linecap="round"><path stroke="{ink}" stroke-opacity=".4" stroke-width="{fat + 1.4:g}" d="{d}"/>'
        f'<path stroke="{colour}" stroke-width="{fat:g}" d="{d}"/></g>'
        for colour, d in ((first, stitches(plain)), (second, stitches(other))) if d
    )
    return _tiled(wide, rows * tall, (0, 0, 90, -8, 8)[seed[6] % 5], body)


def _turned(seed: bytes, ground: str, first: str, second: str, ink: str) -> str:
    """Rings as a lathe leaves them, about a centre somewhere off the middle, with a few fine scribed lines."""
    x, y = (40, 90, 230, 280)[seed[0] % 4], 10 + seed[1] % 180
    step, every = 17 + seed[2] % 4 * 3, 2 + seed[3] % 3
    rings = "".join(
        f'<circle cx="{x}" cy="{y}" r="{n * step}" stroke="{second if n % every == 0 else first}"/>'
        for n in range(1, 330 // step + 1)
    )
    scribed = "".join(f"M{x} {y}m-{r} 0a{r} {r} 0 1 0 {2 * r} 0a{r} {r} 0 1 0-{2 * r} 0"
                      for r in (step * (2 + seed[n] % 12) + step // 2 for n in (4, 5, 6)))
    return (f'<g fill="none" stroke-width="{step - 4 - seed[7] % 4}">{rings}</g>'
            f'<path fill="none" stroke="{ink}" stroke-opacity=".55" stroke-width=".8" '
            f'd="{scribed}M{x} 0V200M0 {y}H320"/>')


@blueprint.get("/covers/<industry>/<name>.svg")
def cover(industry: str, name: str) -> Response:
    """A cover as a picture browsers keep."""
    if industry not in COLOURS or len(name) > 100:
        abort(404)
    response = Response(cover_svg(name, industry), mimetype="image/svg+xml")
    response.headers["Cache-Control"] = MONTH
    return response
