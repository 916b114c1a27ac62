"""Two short sentences narrated for real: every file a phone needs, subtitles that fit the sound, and who may fetch them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import Image, ImageChops, ImageStat
from sqlalchemy import select, update
from tests.conftest import make_app, prepare
from tests.factories import make_person

from guanxue import jobs, media
from guanxue.core import clock
from guanxue.core.actor import SYSTEM
from guanxue.core.db import db, session, writing
from guanxue.media import companions, queries, rules
from guanxue.media.models import Asset

SENTENCES = ["主轴停稳以后再伸手。", "卡尺要垂直于轴线。"]
SPEC = media.NarrationSpec("先停机", "安全测量", "equipment", [media.SlideSpec("停机", SENTENCES[:1]), media.SlideSpec("测量", SENTENCES[1:])])


@pytest.fixture(scope="module")
def narrated(tmp_path_factory):
    """A site with one narrated video, made once: app, asset's facts, its folder, its signed addresses."""
    app = make_app(tmp_path_factory.mktemp("narrated"))
    prepare(app)
    with app.test_request_context(), writing():
        make_person()
        media.create_narrated(SYSTEM, SPEC)
        assert media.create_narrated(SYSTEM, SPEC).id == 1  # the same narration is the same video
    jobs.run_waiting(app)
    with app.test_request_context():
        asset = session.scalar(select(Asset))
        assert asset.state == "ready", asset.failure
        made = SimpleNamespace(app=app, id=asset.id, version=asset.version, duration_ms=asset.duration_ms, facts=asset.facts,
                               cues=media.cues(asset), play=media.playable(asset), folder=queries.folder_of(asset.id, asset.version))
    yield made
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def probed(path: Path, entries: str, *more: str) -> str:
    run = subprocess.run(["ffprobe", "-v", "error", *more, "-show_entries", entries, "-of", "csv=p=0", str(path)],
                         capture_output=True, text=True, check=True, timeout=30)
    return run.stdout.strip()


def test_the_picture_the_sound_the_film_and_the_poster_are_there_and_nothing_twice(narrated):
    master = (narrated.folder / "master.m3u8").read_text()
    assert master.count("#EXT-X-STREAM-INF") == 1 and "720p/index.m3u8" in master and "RESOLUTION=1280x720" in master
    playlist = (narrated.folder / "720p" / "index.m3u8").read_text()
    assert "#EXT-X-ENDLIST" in playlist and 'URI="init.mp4"' in playlist
    for segment in re.findall(r"^[^#\s].*$", playlist, re.M):
        assert (narrated.folder / "720p" / segment).stat().st_size > 0
    assert (narrated.folder / "small.mp4").samefile(narrated.folder / "video.mp4")
    assert probed(narrated.folder / "video.mp4", "stream=codec_name").split() == ["h264", "aac"]
    assert probed(narrated.folder / "audio.m4a", "stream=codec_name") == "aac"
    assert probed(narrated.folder / "poster.jpg", "stream=codec_name,width,height") == "mjpeg,1280,720"


def test_the_duration_is_the_films_own_in_every_form(narrated):
    for name in ("video.mp4", "720p/index.m3u8", "audio.m4a"):
        seconds = float(probed(narrated.folder / name, "format=duration", "-allowed_extensions", "ALL") if name.endswith("m3u8")
                        else probed(narrated.folder / name, "format=duration"))
        assert seconds * 1000 == pytest.approx(narrated.duration_ms, abs=300), name


def test_the_sound_is_not_silent(narrated):
    told = subprocess.run(["ffmpeg", "-nostdin", "-i", str(narrated.folder / "audio.m4a"), "-af", "volumedetect", "-f", "null", "-"],
                          capture_output=True, text=True, check=True, timeout=60).stderr
    assert float(re.search(r"mean_volume: (-?[\d.]+) dB", told)[1]) > -35
    assert float(re.search(r"max_volume: (-?[\d.]+) dB", told)[1]) > -15


def loud_stretches(path: Path, floor: int = 300, rest_ms: int = 180) -> list[tuple[int, int]]:
    """When something is heard, in ms: stretches of sound between rests, from the decoded samples."""
    raw = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-i", str(path), "-ac", "1", "-ar", "8000", "-f", "s16le", "-"],
                         capture_output=True, check=True, timeout=60).stdout
    samples, step, found = memoryview(raw).cast("h"), 80, []
    for n in range(0, len(samples) - step, step):
        if max(abs(s) for s in samples[n:n + step]) > floor:
            at = n // 8
            if found and at - found[-1][1] <= rest_ms:
                found[-1] = (found[-1][0], at + 10)
            else:
                found.append((at, at + 10))
    return found


def test_subtitles_stand_within_three_tenths_of_a_second_of_the_speech(narrated):
    text = (narrated.folder / "zh-Hans.vtt").read_text("utf-8")
    assert text.startswith("WEBVTT\n\n")
    cues = re.findall(r"(\d+):(\d+):(\d+)\.(\d+) --> (\d+):(\d+):(\d+)\.(\d+)\n(.+)", text)
    times = [tuple(int(a) * 3_600_000 + int(b) * 60_000 + int(c) * 1000 + int(d) for a, b, c, d in (cue[:4], cue[4:8])) for cue in cues]
    assert [cue[8] for cue in cues] == SENTENCES == [c.text for c in narrated.cues]
    assert times == [(c.start_ms, c.end_ms) for c in narrated.cues]
    heard = loud_stretches(narrated.folder / "audio.m4a")
    for begin, end in times:
        inside = [(a, b) for a, b in heard if b > begin - 300 and a < end + 300]
        assert inside and abs(inside[0][0] - begin) <= 300 and abs(inside[-1][1] - end) <= 300, (begin, end, heard)
    assert times[-1][1] <= narrated.duration_ms


def test_making_it_again_changes_nothing(narrated):
    with narrated.app.app_context(), writing():
        jobs.enqueue("media.make", {"asset_id": narrated.id})
    jobs.run_waiting(narrated.app)
    assert [p.name for p in narrated.folder.parent.iterdir()] == [narrated.version]


# ---- what goes beside the film


def test_sound_and_pictures_stand_beside_the_film_and_weigh_a_small_part_of_it(narrated):
    shown, best = narrated.play["pictures"], narrated.play["sounds"][0]
    assert [s["type"] for s in narrated.play["sounds"]] == ['audio/webm; codecs="opus"', "audio/mpeg"]
    assert probed(narrated.folder / "sound.webm", "stream=codec_name,channels") == "opus,1"
    assert probed(narrated.folder / "sound.mp3", "stream=codec_name") == "mp3"
    for name in ("sound.webm", "sound.mp3", "small.mp4"):
        assert float(probed(narrated.folder / name, "format=duration")) * 1000 == pytest.approx(narrated.duration_ms, abs=300), name
    assert best["bytes"] == (narrated.folder / "sound.webm").stat().st_size
    assert best["bytes"] <= narrated.facts["bytes"]["mp4"] * 0.25 and shown["bytes"]["720.avif"] < 15_000 * 2
    assert media.Sizes(1, 2, 3) + media.Sizes(10, 20, None) == media.Sizes(11, 22, None)


def test_pictures_change_when_the_narration_turns_to_the_next_slide(narrated):
    shown = narrated.play["pictures"]
    assert shown["starts_ms"][0] == 0 and len(shown["starts_ms"]) == 2
    assert narrated.cues[0].end_ms < shown["starts_ms"][1] < narrated.cues[1].start_ms
    frame = narrated.folder.parent / "frame.png"
    for second, number in ((0.5, 1), (shown["starts_ms"][1] / 1000 + 0.4, 2)):  # as the film shows them
        subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", "-ss", str(second), "-i", str(narrated.folder / "video.mp4"),
                        "-frames:v", "1", str(frame)], check=True, timeout=60)
        with Image.open(frame) as film:
            seen = film.convert("L").resize((160, 90))
        apart = [_apart(narrated.folder / "pictures" / f"{n}-360.{kind}", seen) for n in (1, 2) for kind in ("avif", "webp", "jpg")]
        assert max(apart[:3] if number == 1 else apart[3:]) < min(apart[3:] if number == 1 else apart[:3]), apart
    frame.unlink()


def _apart(path, seen) -> float:
    with Image.open(path) as image:
        assert image.size == (360, 202)
        return ImageStat.Stat(ImageChops.difference(image.convert("L").resize((160, 90)), seen)).mean[0]


def test_a_film_from_before_gets_what_lacks_and_is_itself_left_alone(narrated):
    film = (narrated.folder / "video.mp4").read_bytes()
    with narrated.app.app_context(), writing():
        asset = media.get_asset(narrated.id)
        asset.facts = {k: v for k, v in asset.facts.items() if k != "companions"}
    for path in (narrated.folder / "sound.webm", *(narrated.folder / "pictures").iterdir()):
        path.unlink()
    with narrated.app.test_request_context(), writing():
        assert media.playable(media.get_asset(narrated.id))["pictures"] is None and media.sizes(media.get_asset(narrated.id)).sound is None
        assert media.want_companions() == 1
    jobs.run_waiting(narrated.app)
    with narrated.app.test_request_context(), writing():
        assert media.list_without_companions() == [] and media.want_companions() == 0
        made = media.get_asset(narrated.id)
        assert made.version == narrated.version and made.facts["companions"] == narrated.facts["companions"]
    assert (narrated.folder / "video.mp4").read_bytes() == film
    assert list((narrated.folder.parents[2] / "work").iterdir()) == []


def test_what_was_cut_off_in_the_middle_is_made_whole_the_next_time(narrated, monkeypatch):
    with narrated.app.app_context(), writing():
        asset = media.get_asset(narrated.id)
        asset.facts = {k: v for k, v in asset.facts.items() if k != "companions"}
        media.want_companions()

    def killed(work, made):
        (made / "sound.webm").write_bytes(b"half")
        raise MemoryError

    with monkeypatch.context() as broken:
        broken.setattr(companions, "put_in_place", killed)
        jobs.run_waiting(narrated.app)
    with narrated.app.test_request_context(), writing():
        assert media.playable(media.get_asset(narrated.id))["sounds"] == [], "offered before it was whole"
        session.execute(update(jobs.Job).where(jobs.Job.state == "waiting").values(run_at=clock.now()))
    jobs.run_waiting(narrated.app)
    with narrated.app.test_request_context():
        told = media.playable(media.get_asset(narrated.id))["sounds"][0]
        assert (narrated.folder / "sound.webm").stat().st_size == told["bytes"] > 4


# ---- delivery


def test_signed_addresses_play_with_ranges_and_are_kept_by_the_browser_alone(narrated):
    client, film = narrated.app.test_client(), (narrated.folder / "video.mp4").read_bytes()
    for url in (narrated.play["hls_url"], narrated.play["mp4_url"], narrated.play["audio_url"], narrated.play["poster_url"],
                narrated.play["subtitles"][0]["url"]):
        assert client.get(url).status_code == 200, url
    whole = client.get(narrated.play["mp4_url"])
    assert whole.mimetype == "video/mp4" and whole.headers["Accept-Ranges"] == "bytes" and whole.data == film
    assert "private" in whole.headers["Cache-Control"] and "Set-Cookie" not in whole.headers
    part = client.get(narrated.play["mp4_url"], headers={"Range": "bytes=100-199"})
    assert part.status_code == 206 and part.data == film[100:200] and part.headers["Content-Range"] == f"bytes 100-199/{len(film)}"
    assert client.get(narrated.play["mp4_url"], headers={"Range": "bytes=-50"}).data == film[-50:]
    assert client.get(narrated.play["mp4_url"], headers={"Range": f"bytes={len(film)}-"}).status_code == 416
    assert client.get(narrated.play["hls_url"]).mimetype == "application/vnd.apple.mpegurl"


def test_forged_foreign_and_expired_addresses_are_refused(narrated):
    client = narrated.app.test_client()
    _empty, _media, token, asset, version, name = narrated.play["mp4_url"].split("/")
    until, mac = token.split("-", 1)
    later = f"{int(until, 16) + 3600:x}-{mac}"
    with narrated.app.app_context():
        other = rules.sign(narrated.app.extensions["guanxue.settings"].derive_key("media"), 2, version, clock.now_ms() // 1000)
    for forged in ("x", "", "-", f"{until}-", f"{until}-{mac[:-1]}", later, other, f"zz-{mac}", f"-{mac}", token.upper(), "%00"):
        answer = client.get(f"/media/{forged}/{asset}/{version}/{name}")
        assert answer.status_code in (403, 404) and (answer.status_code == 403 or forged in ("", "%00")), forged
    assert client.get(f"/media/{token}/2/{version}/{name}").status_code == 403
    assert client.get(f"/media/{token}/{asset}/other/{name}").status_code == 403
    with clock.advance(14 * 3600):
        assert client.get(narrated.play["mp4_url"]).status_code == 403


def test_a_signed_address_opens_nothing_outside_its_folder(narrated):
    client, root = narrated.app.test_client(), narrated.play["mp4_url"].rsplit("/", 1)[0]
    for name in ("../../../../guanxue.db", "..%2f..%2f..%2f..%2fguanxue.db", "%2e%2e/%2e%2e/%2e%2e/%2e%2e/keys/secret", "/etc/passwd",
                 "%2fetc%2fpasswd", "360p", "", "nothing.mp4", "360p/../../x", "video.mp4%00.txt", "..", "."):
        answer = client.get(f"{root}/{name}")
        assert answer.status_code in (404, 308) and b"SQLite" not in answer.data and b"root:" not in answer.data, name
