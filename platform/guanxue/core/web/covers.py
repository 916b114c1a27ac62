"""Pictures that weigh nothing: a cover made by code from a name, in its industry's colours, with its pictogram.

The same name always gives the same weave, so people know "their" course and town again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from flask import Blueprint, Response, abort

from guanxue.core.web import pictograms

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
KNITTED = frozenset({"textiles", "knit"})
TURNED = frozenset({"equipment", "automotive", "hardware"})
ENGRAVED = frozenset({"mould", "print3d", "plastics"})
ROUTED = frozenset({"electronics", "digital", "phone", "screen", "cable", "power"})
GRAINED = frozenset({"furniture", "paper"})


def cover_svg(name: str, subject: str) -> str:
    """A cover of at most 2 KB, 320×200: a pattern seeded by the name, in the subject's colours, with its pictogram.

    The subject is an industry or a craft of pictograms.py; one nobody knows is drawn as "foundation".
    """
    subject = subject if subject in pictograms.DRAWINGS else "foundation"
    colours = COLOURS[pictograms.industry_of(subject)]
    seed = hashlib.sha256(name.encode()).digest()
    ground, _first, _second, ink = colours
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 200" width="320" height="200">'
        f'<rect width="320" height="200" fill="{ground}"/>{_hand_of(subject)(seed, *colours)}'
        f'<circle cx="160" cy="100" r="45" fill="{ground}" stroke="{ink}" stroke-opacity=".3"/>'
        f'<g transform="translate(127 67) scale(2.75)" fill="none" stroke="{ink}" stroke-width="1.6" '
        f'stroke-linecap="round" stroke-linejoin="round"><path d="{pictograms.DRAWINGS[subject]}"/></g></svg>'
    )


def _hand_of(subject: str) -> Callable[..., str]:
    """Knitted where people knit, turned as on a lathe where they cut metal, engraved where they make moulds, laid like a
    circuit's traces where they make what thinks, grained where they work wood; woven everywhere else."""
    if subject in KNITTED:
        return _knitted
    if subject in TURNED:
        return _turned
    if subject in ENGRAVED:
        return _engraved
    if subject in ROUTED:
        return _routed
    return _grained if subject in GRAINED else _woven


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


def _engraved(seed: bytes, ground: str, first: str, second: str, ink: str) -> str:
    """A cavity's outline repeated outwards as a mill leaves it, over fine hatching."""
    x, y, step = 60 + seed[0] % 200, 20 + seed[1] % 160, 12 + seed[2] % 4 * 2
    wide, tall, corner = 16 + seed[3] % 40, 10 + seed[4] % 24, 6 + seed[5] % 10
    hatching = _tiled(5 + seed[6] % 3, 8, (30, 45, -45, -30)[seed[7] % 4],
                      f'<path d="M0 0v8" stroke="{first}" stroke-width="2.4"/>')

    def way(out: int) -> str:
        return (f'<rect x="{x - wide - out}" y="{y - tall - out}" width="{2 * (wide + out)}" height="{2 * (tall + out)}" '
                f'rx="{corner + out // 2}"/>')

    ways = "".join(way(n * step) for n in range(0, 300 // step, 2))
    return (f'{hatching}<g fill="none" stroke="{second}" stroke-width="{step * 0.55:g}">{ways}</g>'
            f'<path d="M{x} 0v200M0 {y}h320" stroke="{ink}" stroke-opacity=".5" stroke-width=".8" '
            'stroke-dasharray="14 4 2 4"/>')


def _routed(seed: bytes, ground: str, first: str, second: str, ink: str) -> str:
    """Traces of a circuit: parallel runs that bend by 45 degrees together, pads where they end."""
    step, thick = 13 + seed[0] % 3 * 2, 5 + seed[1] % 3
    bend, fall, is_up = 50 + seed[2] % 150, 40 + seed[3] % 60, seed[4] % 2
    down = -fall if is_up else fall
    lines: dict[str, list[str]] = {first: [], second: []}
    pads = []
    for n in range(-4, 200 // step + 8):
        y, shift = n * step, n * step * (0.42 if is_up else -0.42)
        left, chance = bend + shift, seed[5 + n % 24]
        if chance % 5 == 0:  # ends in a pad before the bend
            lines[second].append(f"M0 {y}H{left - 24:.0f}")
            pads.append(f"M{left - 24:.0f} {y}h0")
        else:
            lines[second if chance % 3 == 0 else first].append(f"M0 {y}H{left:.0f}l{fall} {down}H320")

    def drawn(shape: str, colour: str, width: int) -> str:
        return f'<path d="{shape}" stroke="{colour}" stroke-width="{width}"/>'

    dots = "".join(pads)
    return ('<g fill="none" stroke-linecap="round" stroke-linejoin="round">'
            f'{drawn("".join(lines[first]), first, thick)}{drawn("".join(lines[second]), second, thick)}'
            f'{drawn(dots, second, thick + 6)}{drawn(dots, ground, thick - 1)}</g>')


def _grained(seed: bytes, ground: str, first: str, second: str, ink: str) -> str:
    """Wood planed along: grain that bends about a knot."""
    x, y, step = 60 + seed[0] % 200, 40 + seed[1] % 120, 11 + seed[2] % 3 * 2
    lines = []
    for n in range(-3, 200 // step + 4):
        line = n * step
        away = line - y
        push = round((1 if away >= 0 else -1) * 26 / (1 + abs(away) / 22))
        lines.append(f"M0 {line}C{x - 70} {line} {x - 60} {line + push} {x} {line + push}S{x + 70} {line} 320 {line}")
    knot = "".join(f'<ellipse cx="{x}" cy="{y}" rx="{r * 2}" ry="{r}"/>' for r in (5, 11))
    every = 2 + seed[3] % 2
    return (f'<g fill="none" stroke-width="{step * 0.5:g}"><path d="{"".join(lines[::every])}" stroke="{second}"/>'
            f'<path d="{"".join(d for n, d in enumerate(lines) if n % every)}" stroke="{first}"/></g>'
            f'<g fill="none" stroke="{ink}" stroke-opacity=".45" stroke-width="1.2">{knot}</g>')


@blueprint.get("/covers/<industry>/<name>.svg")
def cover(industry: str, name: str) -> Response:
    """A cover as a picture browsers keep; a craft may stand where the industry does."""
    if industry not in pictograms.DRAWINGS or len(name) > 100:
        abort(404)
    response = Response(cover_svg(name, industry), mimetype="image/svg+xml")
    response.headers["Cache-Control"] = MONTH
    return response
