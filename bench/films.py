"""Films drawn by code: slides with a presenter, the same with a poor camera, a picture that moves all the time."""

from __future__ import annotations

import subprocess
from pathlib import Path

from guanxue.media import slides

SAID = ("先停机，再测量。主轴停稳以后再伸手，卡尺要垂直于轴线。", "每一件都要量三次，记下最大的和最小的。", "毛刺会让读数偏大，测量之前先擦干净。",
        "读数的时候，眼睛要正对刻线。", "量完以后，卡尺放回盒里，不压在工件下面。", "有一件不合格，就停下来找原因。")
GRAIN = {"slides": 5, "noisy slides": 14}


def run_ffmpeg(*words: object, within_s: float = 600) -> str:
    """Run it behind everything else; what it said. RuntimeError where it failed."""
    ran = subprocess.run(["nice", "-n", "19", "ffmpeg", "-nostdin", "-y", *map(str, words)], capture_output=True, text=True, timeout=within_s)
    if ran.returncode:
        raise RuntimeError(ran.stderr[-2000:])
    return ran.stderr


def draw(folder: Path, kind: str, seconds: int) -> Path:
    """The film of that kind."""
    path = folder / f"{kind.replace(' ', '-')}.mp4"
    (folder / "said.txt").write_text("".join(SAID) * (1 + seconds // 20), "utf-8")
    subprocess.run(["espeak-ng", "-v", "cmn", "-s", "250", "-f", folder / "said.txt", "-w", folder / "said.wav"], check=True, timeout=120)
    if kind == "motion":
        inputs: list[object] = []
        graph, quality = f"testsrc2=s=1280x720:r=25:d={seconds},rotate=t/3:c=gray,noise=alls=10:allf=t[v]", 24
    else:
        inputs, graph = _slides(folder, seconds, GRAIN[kind])
        quality = 20
    run_ffmpeg("-v", "error", "-i", folder / "said.wav", *inputs, "-filter_complex", graph, "-map", "[v]", "-map", "0:a", "-t", seconds,
            "-c:v", "libx264", "-preset", "ultrafast", "-crf", quality, "-pix_fmt", "yuv420p", "-c:a", "aac", path)
    return path


def _slides(folder: Path, seconds: int, grain: int) -> tuple[list[object], str]:
    """Six slides as the site draws them, and a presenter who moves in a corner, seen by a camera with that much grain."""
    inputs: list[object] = []
    for n, said in enumerate(SAID, 1):
        slides.draw_slide(slides.SlideFace("精密测量", "卡尺", said[:12], "equipment", n, len(SAID), slides.LABEL), folder / f"{n}.png")
        inputs += ["-loop", 1, "-framerate", 25, "-t", f"{seconds / len(SAID):.3f}", "-i", folder / f"{n}.png"]
    shown = "".join(f"[{n}:v]" for n in range(1, len(SAID) + 1))
    face = (f"color=0x8A6A55:s=240x240:r=25:d={seconds},drawbox=x=40:y=150:w=160:h=90:c=0x31506B:t=fill[back];"
            f"color=0xD9B59A:s=90x110:r=25:d={seconds},drawbox=x=18:y=38:w=14:h=8:c=0x33241C:t=fill,"
            "drawbox=x=58:y=38:w=14:h=8:c=0x33241C:t=fill,drawbox=x=28:y=80:w=34:h=8:c=0x8C3F3A:t=fill[head];"
            "[back][head]overlay=x=75+9*sin(2*t):y=45+6*sin(5*t):eval=frame,gblur=sigma=1.5,"
            f"noise=alls={grain}:allf=t[face]")
    return inputs, f"{shown}concat=n={len(SAID)}[slides];{face};[slides][face]overlay=1010:450[v]"
