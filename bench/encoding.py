"""S9: what the encoder costs against one raw ffmpeg run of the same sizes, and how soon a lesson can be watched.

    python bench/encoding.py [--seconds N] [--rounds N]

Films are drawn by code: Chinese slides with a presenter in a corner, the same with a camera that is much worse, and a
picture that moves everywhere. Both sides are given the same film in turn, several rounds; processor time (user and
system, of all children) is the median's, so it hardly moves when others use the machine.
"""

from __future__ import annotations

import argparse
import re
import resource
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from films import draw, run_ffmpeg
from results import Verdict, verdicts, write

from guanxue.media import companions, encoder, making, probing

SIZES = (240, 360, 480, 720)
RAW_SIZES = {240: "426:240", 360: "640:360", 480: "854:480", 720: "1280:720"}
WORST_FIRST = {"slides": 0.15, "noisy slides": 0.15, "motion": 0.30}
MB_A_MINUTE = 2.6


@dataclass(frozen=True)
class Cost:
    """Processor seconds and seconds on the clock."""

    cpu_s: float
    wall_s: float


class _Clock:
    def __enter__(self) -> _Clock:
        self._began, self._cpu = time.monotonic(), _children_s()
        return self

    def __exit__(self, *_fault) -> None:
        self.cost = Cost(_children_s() - self._cpu, time.monotonic() - self._began)


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def raw(film: Path, folder: Path) -> Cost:
    """The yardstick: the four sizes and sound alone in one plain split run, one thread each, same qualities."""
    graph = f"[0:v]fps=25,split={len(SIZES)}" + "".join(f"[p{h}]" for h in SIZES) + "".join(
        f";[p{h}]scale={RAW_SIZES[h]},format=yuv420p[v{h}]" for h in SIZES)
    outputs: list[object] = []
    for height in SIZES:
        crf, most = encoder.LADDER[height]
        (folder / f"{height}").mkdir(parents=True)
        outputs += ["-map", f"[v{height}]", "-map", "0:a", "-c:v", "libx264", "-preset", "veryfast", "-crf", crf, "-maxrate", f"{most}k",
                    "-bufsize", f"{most * 2}k", "-profile:v", "main", "-bf", 2, "-sc_threshold", 0, "-g", 200, "-threads", 1,
                    "-force_key_frames", "expr:gte(t,n_forced*4)", *_aac(), *_hls(folder / f"{height}")]
    (folder / "a").mkdir()
    outputs += ["-map", "0:a", *_aac(), *_hls(folder / "a")]
    with _Clock() as clock:
        run_ffmpeg("-v", "error", "-threads", 2, "-i", film, "-filter_complex", graph, *outputs)
    return clock.cost


def _aac() -> list[object]:
    return ["-c:a", "aac", "-b:a", "48k", "-ac", 1, "-ar", 44100]


def _hls(folder: Path) -> list[object]:
    return ["-f", "hls", "-hls_time", 4, "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4", "-hls_segment_filename",
            folder / "%05d.m4s", folder / "index.m3u8"]


def ours(film: Path, folder: Path) -> tuple[Cost, Cost]:
    """Both passes as the worker runs them: (until it can be watched, all)."""
    first, whole = folder / "first", folder / "whole"
    first.mkdir(parents=True)
    with _Clock() as clock:
        facts = making.begin(film, first, _say_nothing, _never)
        duration_ms = probing.scanned_duration_ms(first / "video.mp4")
    begun = clock.cost
    with _Clock() as clock:
        making.improve(film, facts, first, duration_ms, whole, _say_nothing, _never)
    return begun, Cost(begun.cpu_s + clock.cost.cpu_s, begun.wall_s + clock.cost.wall_s)


def beside(whole: Path, folder: Path, duration_ms: int) -> Cost:
    """What the site makes afterwards, which the yardstick does not: Opus and MP3, pictures, thumbnails."""
    folder.mkdir()
    facts = {"has_sound": True, "width": 1280, "height": 720}
    with _Clock() as clock:
        companions.make("upload", {}, facts, duration_ms, whole, folder, _never)
    return clock.cost


def _say_nothing(_stage: str, _fraction: float) -> None:
    pass


def _never() -> bool:
    return False


def likeness(film: Path, playlist: Path) -> float:
    """SSIM (luma and chroma together) of a size, enlarged again, with its source, picture by picture from the first.

    In segments the first picture is shown some hundredths of a second after 0: by moments it would meet its neighbour.
    """
    told = run_ffmpeg("-v", "info", "-i", film, "-allowed_extensions", "ALL", "-i", playlist, "-filter_complex",
                   "[0:v]fps=25:start_time=0,setpts=PTS-STARTPTS,format=yuv420p[a];"
                   "[1:v]setpts=PTS-STARTPTS,scale=1280:720:flags=bicubic,format=yuv420p[b];[a][b]ssim=shortest=1",
                   "-an", "-f", "null", "-")
    return float(re.findall(r"SSIM .*All:([\d.]+)", told)[-1])


def _bytes(folder: Path) -> int:
    return sum(p.stat().st_size for p in folder.iterdir())


def measure(folder: Path, kind: str, seconds: int, rounds: int) -> tuple[list[Verdict], list[str], str]:
    """Verdicts, rows by size, and a line about the whole."""
    film = draw(folder, kind, seconds)
    bares, firsts, wholes = [], [], []
    for n in range(rounds):
        for old in ("raw", "ours"):
            shutil.rmtree(folder / old, ignore_errors=True)
        sides = [lambda: bares.append(raw(film, folder / "raw")), lambda: wholes.append(ours(film, folder / "ours"))]
        for side in sides if n % 2 == 0 else sides[::-1]:
            side()
    firsts, wholes = [f for f, _w in wholes], [w for _f, w in wholes]
    bare_s, whole_s, first_s = (median(c.cpu_s for c in costs) for costs in (bares, wholes, firsts))
    made, rows, worst = folder / "ours" / "whole", [], [0.0, 0.0]
    for height in SIZES:
        bare_folder, our_folder = folder / "raw" / f"{height}", made / f"{height}p"
        seen = [likeness(film, f / "index.m3u8") for f in (our_folder, bare_folder)]
        sizes = [_bytes(f) for f in (our_folder, bare_folder)]
        worst = [max(worst[0], seen[1] - seen[0]), max(worst[1], sizes[0] / sizes[1] - 1)]
        rows.append(f"| {kind} {height}p | {seen[0]:.4f} | {seen[1]:.4f} | {sizes[0] / 1e6:.2f} | {sizes[1] / 1e6:.2f} |")
    stored = sum(_bytes(made / f"{h}p") for h in SIZES)
    once = (stored - _bytes(made / "audio") * (len(SIZES) - 1)) / 1e6 / seconds * 60
    goals = [
        Verdict(f"S9 {kind}, CPU of all sizes", f"{whole_s:.1f} s", f"{bare_s:.1f} s", whole_s / bare_s, 1.10),
        Verdict(f"S9 {kind}, first watchable, on one core", f"{first_s:.1f} s of {seconds} s", "–", first_s / seconds, WORST_FIRST[kind]),
        Verdict(f"S9 {kind}, SSIM lost", "see below", "see below", worst[0], 0.005, unit=""),
        Verdict(f"S9 {kind}, bytes more", "see below", "see below", worst[1] * 100, 5, unit="%")]
    if kind == "slides":
        goals.append(Verdict("S9 slides, pictures of all sizes and the sound once", f"{once:.2f} MB", "–", once, MB_A_MINUTE, unit="MB/min"))
    total = sum(p.stat().st_size for p in made.rglob("*") if p.is_file()) / 1e6 / seconds * 60
    after = beside(made, folder / "beside", seconds * 1000)
    note = (f"{kind} ({seconds} s, {rounds} rounds): a round's ratio {_spread([w.cpu_s / b.cpu_s for w, b in zip(wholes, bares, strict=True)])}; "
            f"first pass {first_s:.1f} s of CPU, on this busy machine {median(c.wall_s for c in firsts):.1f} s on the clock; "
            f"{seconds / whole_s:.2f} × real time a core, raw {seconds / bare_s:.2f}. A minute: {once:.2f} MB with the sound counted once, "
            f"{stored / 1e6 / seconds * 60:.2f} in the sizes as they lie, {total:.2f} with the film as a file and sound alone. "
            f"Afterwards, not in the ratio: thumbnails, pictures, Opus and MP3, {after.cpu_s:.1f} s.")
    return goals, rows, note


def _spread(ratios: list[float]) -> str:
    return f"{min(ratios):.3f}–{max(ratios):.3f}"


def main() -> int:
    """Measure both kinds and write the section."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--seconds", type=int, default=60, help="how long the slides last; the motion lasts half as long")
    asked.add_argument("--rounds", type=int, default=3)
    options = asked.parse_args()
    goals, rows, notes = [], [], []
    for kind, seconds, rounds in (("slides", options.seconds, options.rounds), ("motion", options.seconds // 2, options.rounds),
                                  ("noisy slides", options.seconds // 2, 1)):
        print(kind, flush=True)
        with tempfile.TemporaryDirectory(prefix="guanxue-encoding-") as folder:
            found = measure(Path(folder), kind, seconds, rounds)
        goals, rows, notes = goals + found[0], rows + found[1], [*notes, found[2]]
        print("\n".join([*(v.line() for v in found[0]), *found[1], found[2]]), flush=True)
    table = ["| size | SSIM ours | SSIM raw | MB ours | MB raw |", "|---|---|---|---|---|", *rows]
    how = ("Ours: probing, loudness, both passes, posters, playlists, the film as a file, its scan. Raw: four sizes and sound alone in one "
           "run, each with its sound encoded, loudness as it is. SSIM against the source at its own size; bytes with the sound inside.")
    write("S9 encoding", "\n\n".join([verdicts(goals), "\n".join(table), *notes, how]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
