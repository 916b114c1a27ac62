"""A real ffmpeg: hostile files are refused with a sentence, real ones become what every phone plays."""

from __future__ import annotations

import subprocess
from pathlib import Path

import ffmpeg as lib
import pytest
from tests.clients import is_chinese

from guanxue.media import encoder, hls, probing
from guanxue.media.errors import BadVideo
from guanxue.media.probing import probe


def ffmpeg(*args) -> None:
    subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *map(str, args)], check=True, capture_output=True, timeout=60)


@pytest.fixture(scope="module")
def videos(tmp_path_factory) -> Path:
    """Small real videos: landscape, portrait, silent, turned, and a picture."""
    folder = tmp_path_factory.mktemp("videos")
    tone = ["-f", "lavfi", "-i", "sine=440:duration=2"]
    ffmpeg("-f", "lavfi", "-i", "testsrc2=640x360:rate=10:duration=2", *tone, "-shortest", folder / "plain.mp4")
    ffmpeg("-f", "lavfi", "-i", "testsrc2=360x640:rate=10:duration=2", *tone, "-shortest", folder / "portrait.mp4")
    ffmpeg("-f", "lavfi", "-i", "testsrc2=640x360:rate=10:duration=2", folder / "silent.mp4")
    ffmpeg("-i", folder / "plain.mp4", "-c", "copy", "-metadata:s:v:0", "rotate=90", folder / "turned.mp4")
    ffmpeg("-f", "lavfi", "-i", "testsrc2=640x360:rate=1:duration=1", "-frames:v", "1", folder / "picture.jpg")
    ffmpeg(*tone, folder / "sound.m4a")
    ffmpeg("-i", folder / "plain.mp4", "-c", "copy", folder / "plain.mkv")
    return folder


def test_a_real_video_is_measured_by_its_packets(videos):
    found = probe(videos / "plain.mp4")
    assert (found.width, found.height, found.has_sound, found.is_portrait) == (640, 360, True, False)
    assert abs(found.duration_ms - 2000) <= 110
    assert probe(videos / "plain.mkv").duration_ms == pytest.approx(found.duration_ms, abs=60)


def test_portrait_and_silence_are_noticed(videos):
    assert probe(videos / "portrait.mp4").is_portrait
    assert not probe(videos / "silent.mp4").has_sound
    turned = probe(videos / "turned.mp4")
    assert turned.is_rotated and turned.is_portrait and (turned.width, turned.height) == (360, 640)


def hostile(videos: Path, folder: Path) -> dict[str, bytes | None]:
    plain = (videos / "plain.mp4").read_bytes()
    secret = folder / "neighbour.mp4"
    secret.write_bytes(plain)
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{secret}\n#EXT-X-ENDLIST\n".encode()
    return {
        "empty.mp4": b"", "text.mp4": "我不是视频。".encode() * 200, "playlist.mp4": playlist,
        "concat.mp4": f"ffconcat version 1.0\nfile {secret}\n".encode(),
        "G-playlist.mp4": b"G" + playlist, "html.mp4": b"<html><script>alert(1)</script></html>",
        "picture.mp4": (videos / "picture.jpg").read_bytes(), "sound.mp4": (videos / "sound.m4a").read_bytes(),
        "cut.mp4": plain[: len(plain) // 3], "head-only.mp4": plain[:64], "magic-only.mp4": b"\0\0\0\x18ftypmp42" + b"\0" * 5000,
        "riff.mp4": b"RIFF" + b"\xff" * 5000, "webm.mp4": b"\x1aE\xdf\xa3" + b"\0" * 500, "elf.mp4": b"\x7fELF" + b"\0" * 100,
        "svg.mp4": b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>",
    }


def test_what_is_no_video_is_refused_with_a_sentence_for_its_teacher(videos, tmp_path):
    for name, content in hostile(videos, tmp_path).items():
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(BadVideo) as problem:
            probe(path)
        assert is_chinese(str(problem.value)) and str(tmp_path) not in str(problem.value), name


def test_two_frames_two_hundred_hours_apart_are_refused_before_anything_is_written(tmp_path, videos):
    path = tmp_path / "apart.mp4"
    ffmpeg("-f", "lavfi", "-i", "color=red:size=64x64:rate=1:duration=2", "-vf", "setpts=N*720000/TB", "-vsync", "passthrough",
           "-video_track_timescale", "1000", path)
    assert path.stat().st_size < 20_000
    with pytest.raises(BadVideo):
        probe(path)


def test_a_name_that_looks_like_an_option_is_only_a_name(tmp_path, videos):
    path = tmp_path / "-h.mp4"
    path.write_bytes((videos / "plain.mp4").read_bytes())
    assert probe(path).width == 640


def _encoded(source: Path, folder: Path) -> list[encoder.Rendition]:
    folder.mkdir()
    found = probe(source)
    sound = encoder.heard(found, source, probing.Loudness(-16.0, -3.0)) if found.has_sound else None
    return encoder.encode(found, encoder.upright(found, source), sound, folder, encoder.heights(found), progress=lambda f: None,
                          is_lost=lambda: False)


def streams(path: Path) -> list[str]:
    told = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "stream=codec_type,width,height", "-of", "csv=p=0", str(path)],
                          capture_output=True, text=True, check=True, timeout=30)
    return told.stdout.split()


@pytest.mark.parametrize("name", ["portrait.mp4", "turned.mp4"])
def test_a_portrait_stays_upright_in_every_rendition(videos, tmp_path, name):
    made = _encoded(videos / name, tmp_path / "out")
    assert all(r.height > r.width and r.width % 2 == r.height % 2 == 0 for r in made)
    assert f"video,{made[-1].width},{made[-1].height}" in streams(tmp_path / "out" / "video.mp4")


def test_a_video_without_sound_becomes_a_video_without_sound(videos, tmp_path):
    _encoded(videos / "silent.mp4", tmp_path / "out")
    assert not (tmp_path / "out" / "audio.m4a").exists()
    assert [s for s in streams(tmp_path / "out" / "video.mp4") if s.startswith("audio")] == []
    assert "mp4a" not in (tmp_path / "out" / "master.m3u8").read_text()


def test_slides_that_stand_keep_their_sound_where_it_was(tmp_path):
    import ffmpeg as graph

    (tmp_path / "out").mkdir()
    picture = graph.input("color=size=640x360:rate=5:duration=50", f="lavfi").video
    sound = graph.input("sine=frequency=440:sample_rate=16000:duration=50", f="lavfi").audio
    encoder.encode(probing.Probe(640, 360, 50_000, True, False, frame_rate="5"), picture, sound, tmp_path / "out", [720],
                   is_still=True, is_synthetic=True, progress=lambda f: None, is_lost=lambda: False)
    for name in ("video.mp4", "audio.m4a"):
        told = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "a", "-show_entries", "stream=start_time,duration",
                               "-of", "csv=p=0", str(tmp_path / "out" / name)], capture_output=True, text=True, check=True, timeout=30)
        starts_s, lasts_s = (float(x) for x in told.stdout.strip().split(","))
        assert starts_s < 0.1 and 49.5 < lasts_s < 50.5, name


def test_work_that_was_taken_away_stops_the_encoder(videos, tmp_path):
    import ffmpeg as graph

    from guanxue.media.errors import Stopped
    (tmp_path / "out").mkdir()
    endless = graph.input("testsrc2=1280x720:rate=25:duration=600", f="lavfi")
    with pytest.raises(Stopped):
        encoder.encode(probing.Probe(1280, 720, 600_000, False, False), endless.video, None, tmp_path / "out", [360, 720],
                       progress=lambda f: None, is_lost=lambda: True)


@pytest.mark.parametrize(("seconds", "at_ms"), [(1, 0), (3, 300), (11, 1100), (11, 5500), (11, 8500), (11, 10900)])
def test_a_poster_is_found_in_the_shortest_film_and_at_any_moment(tmp_path, seconds, at_ms):
    ffmpeg("-f", "lavfi", "-i", f"testsrc2=320x180:rate=5:duration={seconds}", "-g", 20, "-keyint_min", 20, "-sc_threshold", 0,
           "-preset", "ultrafast", tmp_path / "film.mp4")
    encoder.write_poster(tmp_path / "film.mp4", tmp_path / "poster.jpg", at_ms)
    assert streams(tmp_path / "poster.jpg") == ["video,320,180"]


def test_a_bit_rate_that_looks_like_a_description_is_not_taken_for_one(tmp_path):
    told = "03 80 80 80 25 00 01 00 04 80 80 80 17 40 15 00 00 00 00 {} 05 80 80 80 05 12 08 56 e5 00 06 80 80 80 01 02"
    for rates in ("00 05 8e 00 00 05 8e", "00 bb 05 02 10 05 02", "05 02 08 00 05 02 08"):
        (tmp_path / "init.mp4").write_bytes(b"....esds\0\0\0\0" + bytes.fromhex(told.format(rates)))
        assert hls.codecs(tmp_path / "init.mp4") == "mp4a.40.2", rates
    (tmp_path / "init.mp4").write_bytes(b"....esds\0\0\0\0\x03")
    assert hls.codecs(tmp_path / "init.mp4") == "mp4a.40.2"


def test_sound_and_picture_of_long_slides_begin_together_in_every_form(tmp_path):
    """ffmpeg takes a step of ten seconds between two streams' packets for a break and moves the sound: segments stay below."""
    ffmpeg("-f", "lavfi", "-i", "color=white:640x360:rate=1:duration=40", "-f", "lavfi", "-i", "sine=440:duration=40", "-shortest", tmp_path / "in.mp4")
    opened = lib.input(str(tmp_path / "in.mp4"))
    encoder.encode(probing.Probe(1280, 720, 40_000, True, False, frame_rate="5"), opened.video.filter("fps", "5"), opened.audio, tmp_path / "out",
                   [720], is_still=True, is_synthetic=True, progress=lambda _f: None, is_lost=lambda: False)
    for name in ("video.mp4", "audio.m4a"):
        told = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "stream=start_time,duration", "-of", "csv=p=0", str(tmp_path / "out" / name)],
                              check=True, capture_output=True, text=True).stdout.split()
        assert all(abs(float(x.split(",")[0])) < 0.1 and abs(float(x.split(",")[1]) - 40) < 0.5 for x in told), (name, told)
