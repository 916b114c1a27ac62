"""Pictures of a filmed lesson: at intervals, upright, none twice."""

from __future__ import annotations

import subprocess

import pytest
from PIL import Image

from guanxue.media import companions
from guanxue.media.narration import Cue, slide_starts_ms
from guanxue.media.rules import Sizes, sizes_of


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """A portrait film of 60 s as we encode them: red for 38 s, then blue; a key frame every 4 s."""
    folder = tmp_path_factory.mktemp("film")
    graph = "color=red:s=180x320:r=5:d=38[a];color=blue:s=180x320:r=5:d=22[b];[a][b]concat"
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", graph, "-g", "20", "-keyint_min", "20",
                    "-sc_threshold", "0", "-pix_fmt", "yuv420p", str(folder / "video.mp4")], check=True, timeout=60)
    return folder / "video.mp4"


def test_what_shows_the_same_is_kept_once_and_its_moment_is_the_films(film, tmp_path):
    (tmp_path / "pictures").mkdir()
    told = companions._frames(film, 60_000, tmp_path, lambda: False)
    assert told["starts_ms"] == [0, 40_000]
    assert (told["width"], told["height"]) == (360, 640)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["pictures"]
    for n, colour in ((1, "red"), (2, "blue")):
        for ending in companions.FORMATS:
            with Image.open(tmp_path / "pictures" / f"{n}-360.{ending}") as image:
                red, _green, blue = image.convert("RGB").getpixel((180, 320))
            assert (red > blue) == (colour == "red"), (n, ending)
    assert told["bytes"]["360.jpg"] == sum(p.stat().st_size for p in (tmp_path / "pictures").glob("*-360.jpg"))


def test_a_slide_appears_half_a_pause_before_its_first_sentence():
    cues = [Cue(700, 2000, "一"), Cue(2220, 4000, "二"), Cue(4920, 6000, "三")]
    assert slide_starts_ms([2, 1], cues) == [0, 4920 - 350]


def test_sizes_are_those_of_the_files_a_phone_fetches():
    facts = {"renditions": ["360p", "720p"], "bytes": {"360p": 17, "720p": 22, "mp4": 23, "audio": 9}}
    assert sizes_of(facts) == Sizes(17, 22, None)
    beside = {"sounds": [{"bytes": 2}, {"bytes": 3}], "pictures": {"bytes": {"360.avif": 1, "720.avif": 4}}}
    assert sizes_of({**facts, "companions": beside}) == Sizes(17, 22, 6)
    assert sizes_of({**facts, "companions": {**beside, "sounds": []}}).sound is None
    assert sizes_of({}) == Sizes()
