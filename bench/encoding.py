"""S9: what the encoder costs against one raw ffmpeg run of the same sizes, and how soon a lesson can be watched.

    python bench/encoding.py [--seconds N]

Films are drawn by code: slides with a noisy presenter in a corner, and a picture that moves everywhere. Both sides are
given the same film; processor time is the children's, so it hardly moves when others use the machine.
"""

from __future__ import annotations

import argparse
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from results import Verdict, verdicts, write

from guanxue.media import encoder, making, probing

SIZES = (240, 360, 480, 720)
RAW_SIZES = {240: "426:240", 360: "640:360", 480: "854:480", 720: "1280:720"}
WORST_FIRST = {"slides": 0.15, "motion": 0.30}
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


def _ffmpeg(*words: object, within_s: float = 600) -> str:
    ran = subprocess.run(["nice", "-n", "19", "ffmpeg", "-nostdin", "-y", *map(str, words)], capture_output=True, text=True, timeout=within_s)
    if ran.returncode:
        raise RuntimeError(ran.stderr[-2000:])
    return ran.stderr


def draw(folder: Path, kind: str, seconds: int) -> Path:
    """The film of that kind."""
    path = folder / f"{kind}.mp4"
    speech = f"anoisesrc=d={seconds}:a=0.2:c=pink,tremolo=f=4:d=0.9,aresample=44100"
    if kind == "slides":
        slides = ";".join(
            f"color=0xFAF9F5:s=1280x720:r=25:d={seconds / 6:.3f},drawgrid=w={60 + 17 * n}:h={36 + 5 * n}:t=2:c=0x1B2420@0.7,"
            f"drawbox=x={80 + 40 * n}:y=120:w=600:h=80:c=0x1F6B4A:t=fill[s{n}]" for n in range(6))
        graph = (f"{slides};{''.join(f'[s{n}]' for n in range(6))}concat=n=6[slides];"
                 f"testsrc2=s=240x240:r=25:d={seconds},noise=alls=14:allf=t[face];[slides][face]overlay=1010:450[v]")
        quality = ["-crf", "20"]
    else:
        graph = f"testsrc2=s=1280x720:r=25:d={seconds},rotate=t/3:c=gray,noise=alls=10:allf=t[v]"
        quality = ["-crf", "24"]
    _ffmpeg("-v", "error", "-f", "lavfi", "-i", speech, "-filter_complex", graph, "-map", "[v]", "-map", "0:a", "-t", seconds,
            "-c:v", "libx264", "-preset", "ultrafast", *quality, "-pix_fmt", "yuv420p", "-c:a", "aac", path)
    return path


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
        _ffmpeg("-v", "error", "-threads", 2, "-i", film, "-filter_complex", graph, *outputs)
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
    begun = clock.cost
    duration_ms = probing.scanned_duration_ms(first / "video.mp4")
    with _Clock() as clock:
        making.improve(film, facts, first, duration_ms, whole, _say_nothing, _never)
    return begun, Cost(begun.cpu_s + clock.cost.cpu_s, begun.wall_s + clock.cost.wall_s)


def _say_nothing(_stage: str, _fraction: float) -> None:
    pass


def _never() -> bool:
    return False


def likeness(film: Path, playlist: Path) -> float:
    """SSIM (luma and chroma together) of a size, enlarged again, with its source."""
    told = _ffmpeg("-v", "info", "-i", film, "-allowed_extensions", "ALL", "-i", playlist, "-filter_complex",
                   "[0:v]fps=25,format=yuv420p[a];[1:v]scale=1280:720:flags=bicubic,format=yuv420p[b];[a][b]ssim=shortest=1",
                   "-an", "-f", "null", "-")
    return float(re.findall(r"SSIM .*All:([\d.]+)", told)[-1])


def _bytes(folder: Path) -> int:
    return sum(p.stat().st_size for p in folder.iterdir())


def measure(folder: Path, kind: str, seconds: int) -> tuple[list[Verdict], list[str], str]:
    """Verdicts, rows by size, and a line about the whole."""
    film = draw(folder, kind, seconds)
    bare = raw(film, folder / f"raw-{kind}")
    first, whole = ours(film, folder / f"ours-{kind}")
    made, rows, worst = folder / f"ours-{kind}" / "whole", [], [0.0, 0.0]
    for height in SIZES:
        bare_folder, our_folder = folder / f"raw-{kind}" / f"{height}", made / f"{height}p"
        seen = [likeness(film, f / "index.m3u8") for f in (our_folder, bare_folder)]
        sizes = [_bytes(f) for f in (our_folder, bare_folder)]
        worst = [max(worst[0], seen[1] - seen[0]), max(worst[1], sizes[0] / sizes[1] - 1)]
        rows.append(f"| {kind} {height}p | {seen[0]:.4f} | {seen[1]:.4f} | {sizes[0] / 1e6:.2f} | {sizes[1] / 1e6:.2f} |")
    stored = sum(_bytes(made / f"{h}p") for h in SIZES)
    sound = _bytes(made / "audio")
    once = (stored - sound * (len(SIZES) - 1)) / 1e6 / seconds * 60
    goals = [
        Verdict(f"S9 {kind}, CPU of all sizes", f"{whole.cpu_s:.1f} s", f"{bare.cpu_s:.1f} s", whole.cpu_s / bare.cpu_s, 1.10),
        Verdict(f"S9 {kind}, first watchable", f"{first.wall_s:.1f} s of {seconds} s", "–", first.wall_s / seconds, WORST_FIRST[kind]),
        Verdict(f"S9 {kind}, SSIM lost", "see below", "see below", worst[0], 0.005, unit=""),
        Verdict(f"S9 {kind}, bytes more", "see below", "see below", worst[1] * 100, 5, unit="%")]
    if kind == "slides":
        goals.append(Verdict("S9 slides, pictures of all sizes and the sound once", f"{once:.2f} MB", "–", once, MB_A_MINUTE, unit="MB/min"))
    total = sum(p.stat().st_size for p in made.rglob("*") if p.is_file()) / 1e6 / seconds * 60
    note = (f"{kind}: first pass {first.cpu_s:.1f} s of CPU, both {whole.cpu_s:.1f} s ({seconds / whole.cpu_s:.2f} × real time a core); "
            f"raw {bare.cpu_s:.1f} s. Stored: {stored / 1e6 / seconds * 60:.2f} MB a minute in the sizes with their sound, "
            f"{total:.2f} with the film as a file and sound alone.")
    return goals, rows, note


def main() -> int:
    """Measure both kinds and write the section."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--seconds", type=int, default=60, help="how long the slides last; the motion lasts half as long")
    options = asked.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="guanxue-encoding-"))
    try:
        goals, rows, notes = [], [], []
        for kind, seconds in (("slides", options.seconds), ("motion", options.seconds // 2)):
            print(kind, flush=True)
            found = measure(folder, kind, seconds)
            goals, rows, notes = goals + found[0], rows + found[1], [*notes, found[2]]
        table = ["| size | SSIM ours | SSIM raw | MB ours | MB raw |", "|---|---|---|---|---|", *rows]
        how = ("Ours: probing, loudness, both passes, posters, playlists, the film as a file. Raw: one run, loudness as it is. "
               "SSIM against the source at its own size; bytes with the sound inside.")
        write("S9 encoding", "\n\n".join([verdicts(goals), "\n".join(table), *notes, how]))
        print("\n".join(v.line() for v in goals))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
