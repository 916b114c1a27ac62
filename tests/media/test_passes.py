"""An upload can be watched soon and becomes better later: the same pictures at the same moments, nobody is cut off."""

from __future__ import annotations

import io
import subprocess
from types import SimpleNamespace

import pytest
from PIL import Image
from sqlalchemy import select, update
from tests.conftest import make_app, prepare
from tests.factories import instructor, make_person
from tests.media import hls_checker
from tests.media.films import ffmpeg, picture, plain, tone

from guanxue import jobs, media
from guanxue.core import clock, events
from guanxue.core.db import db, session, writing
from guanxue.core.errors import Forbidden
from guanxue.jobs import worker
from guanxue.media import making, probing, queries, tasks
from guanxue.media.errors import BadVideo
from guanxue.media.models import Asset


def upload(actor, path):
    """The asset of a teacher's file."""
    with path.open("rb") as f:
        return media.create_from_upload(actor, path.name, f)


def seen(app, asset_id=1):
    """Everything about an asset as plain values."""
    with app.test_request_context():
        asset = media.get_asset(asset_id)
        folder = queries.folder_of(asset.id, asset.version) if asset.version else None
        return SimpleNamespace(state=asset.state, stage=asset.stage, version=asset.version, facts=asset.facts, duration_ms=asset.duration_ms,
                               permille=asset.progress_permille, failure=asset.failure, folder=folder,
                               play=media.playable(asset) if asset.state == "ready" else None,
                               told=media.describe_making(asset, instructor(int(asset.created_by.split(":")[1]))))


def names_waiting(app) -> list[str]:
    with app.app_context():
        rows = session.execute(select(jobs.Job.name).where(jobs.Job.state == "waiting", jobs.Job.is_heavy).order_by(jobs.Job.priority, jobs.Job.id))
        return [name for (name,) in rows]


def run_next(app) -> None:
    assert worker.run_one(app, heavy=True)


@pytest.fixture(scope="module")
def twice(tmp_path_factory):
    """A portrait upload of 9 s after its first pass and after its second: what was there each time."""
    folder = tmp_path_factory.mktemp("twice")
    ffmpeg(*picture("1080x1920", 30, 9), *tone(9), "-af", "volume=-8dB", "-shortest", "-preset", "ultrafast", folder / "film.mp4")
    app, improved = make_app(folder / "site"), []
    prepare(app)
    with app.app_context():
        events.listen(media.AssetImproved, improved.append)
    with app.test_request_context(), writing():
        upload(make_person("13800000002", "陈志强", "instructor"), folder / "film.mp4")
    run_next(app)
    first = seen(app)
    client = app.test_client()
    held = first.play["hls_url"].rsplit("/", 1)[0]
    run_next(app)
    second = seen(app)
    run_next(app)
    yield SimpleNamespace(app=app, first=first, second=second, last=seen(app), client=client, held=held, improved=improved)
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def test_after_the_first_pass_it_plays_and_says_that_better_will_come(twice):
    first = twice.first
    assert (first.state, first.stage, first.facts["renditions"]) == ("ready", "improving", ["360p"])
    assert first.told["is_watchable"] and str(first.told["stage"]) == "正在做更清晰的画面"
    assert hls_checker.check(first.folder, first.duration_ms) == []
    assert (first.folder / "poster.jpg").stat().st_size > 1000 and (first.folder / "audio.m4a").exists()


def test_after_the_second_pass_every_size_stands_aligned_and_nothing_of_the_length_changed(twice):
    second = twice.second
    assert second.facts["renditions"] == ["240p", "360p", "480p", "720p"] and not second.facts["is_partial"]
    assert second.version != twice.first.version and second.duration_ms == twice.first.duration_ms
    assert hls_checker.check(second.folder, second.duration_ms) == []
    assert probing.scanned_duration_ms(second.folder / "video.mp4") == probing.scanned_duration_ms(twice.first.folder / "video.mp4")
    assert (second.facts["width"], second.facts["height"]) == (720, 1280)
    assert twice.improved == [media.AssetImproved(1)]


def test_pictures_are_the_same_at_the_same_moment_in_both(twice, tmp_path):
    shots = []
    for n, folder in enumerate((twice.first.folder, twice.second.folder)):
        ffmpeg("-ss", "6.5", "-i", folder / "video.mp4", "-frames:v", "1", "-vf", "scale=90:160", tmp_path / f"{n}.png")
        with Image.open(tmp_path / f"{n}.png") as image:
            shots.append(image.convert("L").tobytes())
    assert sum(abs(a - b) for a, b in zip(*shots, strict=True)) / len(shots[0]) < 6


def test_who_plays_the_first_version_goes_on_and_its_files_go_when_nobody_can_hold_an_address(twice):
    assert twice.client.get(f"{twice.held}/360p/00001.m4s").status_code == 200
    jobs.run_waiting(twice.app)
    assert twice.first.folder.exists()
    with clock.advance(12 * 3600):
        jobs.run_waiting(twice.app)
        assert twice.client.get(f"{twice.held}/360p/00001.m4s").status_code == 200, "an address still holds"
    with clock.advance(15 * 3600):
        assert twice.client.get(f"{twice.held}/360p/00001.m4s").status_code == 403
        jobs.run_waiting(twice.app)
    assert not twice.first.folder.exists() and (twice.second.folder / "360p" / "00001.m4s").exists()


def test_what_was_done_is_told_in_words(twice):
    assert {"loudness"} == set(twice.first.facts["done"])
    assert [str(x) for x in twice.second.told["done"]] == ["已调整音量"]
    assert twice.second.told["percent"] is None and not twice.second.told["may_retry"]


def test_the_sound_is_as_loud_as_every_lesson_in_every_size(twice):
    for name in ("240p", "720p"):
        told = subprocess.run(["ffmpeg", "-nostdin", "-allowed_extensions", "ALL", "-i", str(twice.second.folder / name / "index.m3u8"), "-af", "ebur128",
                               "-f", "null", "-"], capture_output=True, text=True, check=True, timeout=60).stderr
        loud = float(told.rsplit("I:", 1)[1].split()[0])
        assert -17.5 < loud < -14.5, (name, loud)


def test_thumbnails_show_each_fourth_second_and_the_vtt_finds_them(twice):
    thumbs, folder = twice.last.play["thumbs"], twice.last.folder
    assert (thumbs["every_ms"], thumbs["count"], thumbs["width"], thumbs["height"]) == (4000, 3, 90, 160)
    with Image.open(folder / "thumbs-1.jpg") as sheet:
        assert sheet.size == (thumbs["width"] * thumbs["side"], thumbs["height"] * thumbs["side"])
        tiles = [sheet.convert("L").crop((n * 90, 0, n * 90 + 90, 160)).tobytes() for n in range(4)]
    assert len({*tiles[:3]}) == 3 and max(tiles[3]) < 60
    lines = (folder / "thumbs.vtt").read_text().split("\n")
    assert lines[:4] == ["WEBVTT", "", "00:00:00.000 --> 00:00:04.000", "thumbs-1.jpg#xywh=0,0,90,160"]
    assert lines[5:7] == ["00:00:04.000 --> 00:00:08.000", "thumbs-1.jpg#xywh=90,0,90,160"]
    assert sum("-->" in line for line in lines) == 3
    assert twice.client.get(thumbs["vtt_url"]).mimetype == "text/vtt" and twice.client.get(thumbs["base"] + "1.jpg").status_code == 200


# ---- order, cancelling, trying again


@pytest.fixture
def studio(bare_app):
    """Two teachers."""
    with bare_app.test_request_context(), writing():
        people = make_person("13800000002", "陈志强", "instructor"), make_person("13800000003", "周工", "instructor")
    return SimpleNamespace(app=bare_app, chen=people[0], zhou=people[1])


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return plain(tmp_path_factory.mktemp("film") / "film.mp4", "320x180", 10, 1)


def ask(studio, actor, name: str) -> int:
    with studio.app.test_request_context(), writing():
        return media.create_from_upload(actor, f"{name}.mp4", io.BytesIO(name.encode())).id


def test_a_teacher_with_many_films_does_not_keep_another_one_waiting(studio):
    for n in range(5):
        ask(studio, studio.chen, f"chen{n}")
    theirs = ask(studio, studio.zhou, "zhou")
    with studio.app.app_context():
        order = [job.payload["asset_id"] for job in session.scalars(
            select(jobs.Job).where(jobs.Job.name == "media.make").order_by(jobs.Job.priority, jobs.Job.id))]
    assert order.index(theirs) == 1


def test_first_passes_come_before_second_ones_and_these_before_what_goes_beside(studio, film, tmp_path):
    larger = plain(tmp_path / "larger.mp4", "640x480", 10, 1)
    with studio.app.test_request_context(), writing():
        upload(studio.chen, larger)
    run_next(studio.app)
    with studio.app.test_request_context(), writing():
        upload(studio.chen, film)
    assert names_waiting(studio.app)[:2] == ["media.make", "media.improve"]
    run_next(studio.app)
    assert names_waiting(studio.app) == ["media.improve", "media.companions"]
    small = seen(studio.app, 2)
    assert small.facts["renditions"] == ["180p"] and not small.facts["is_partial"] and small.stage == ""


def test_cancelling_stops_the_work_and_trying_again_makes_the_film(studio, film, monkeypatch):
    with studio.app.test_request_context(), writing():
        upload(studio.chen, film)
    monkeypatch.setattr(tasks, "LOOK_EVERY_S", 0)
    real = making.begin

    def cancelled_meanwhile(original, out, report, is_lost):
        with writing():
            media.cancel_asset(studio.chen, 1)
        return real(original, out, report, is_lost)

    with monkeypatch.context() as patched:
        patched.setattr(making, "begin", cancelled_meanwhile)
        run_next(studio.app)
    told = seen(studio.app)
    assert told.state == "failed" and told.failure.startswith("已取消") and told.told["may_retry"] and told.folder is None
    assert names_waiting(studio.app) == []
    with studio.app.test_request_context(), writing():
        media.retry_asset(studio.zhou, 1)
        assert media.get_asset(1).state == "waiting"
    run_next(studio.app)
    assert seen(studio.app).state == "ready"


def test_a_film_cancelled_before_its_turn_is_not_made(studio, film):
    with studio.app.test_request_context(), writing():
        upload(studio.chen, film)
        media.cancel_asset(studio.chen, 1)
    jobs.run_waiting(studio.app)
    assert seen(studio.app).state == "failed"


def test_only_who_brought_a_film_cancels_it_and_a_film_that_plays_is_never_cancelled(studio, film):
    with studio.app.test_request_context(), writing():
        upload(studio.chen, film)
    with studio.app.test_request_context(), pytest.raises(Forbidden), writing():
        media.cancel_asset(studio.zhou, 1)
    run_next(studio.app)
    with studio.app.test_request_context(), writing():
        media.cancel_asset(studio.chen, 1)
    assert seen(studio.app).state == "ready"


def test_a_second_pass_that_fails_leaves_the_first_playing_and_can_be_tried_again(studio, tmp_path, monkeypatch):
    with studio.app.test_request_context(), writing():
        upload(studio.chen, plain(tmp_path / "larger.mp4", "640x480", 10, 1))
    run_next(studio.app)
    first = seen(studio.app)

    def fails(*_args, **_more):
        raise BadVideo("坏了")

    with monkeypatch.context() as broken:
        broken.setattr(making, "improve", fails)
        run_next(studio.app)
    told = seen(studio.app)
    assert (told.state, told.version, told.stage) == ("ready", first.version, "") and told.told["is_rough"] and told.told["may_retry"]
    with studio.app.test_request_context(), writing():
        media.retry_asset(studio.chen, 1)
    jobs.run_waiting(studio.app)
    better = seen(studio.app)
    assert better.facts["renditions"] == ["240p", "360p", "480p"] and not better.told["is_rough"]
    assert better.play["sounds"] and better.play["thumbs"]


def test_a_second_pass_whose_worker_died_each_time_leaves_the_first_playing(studio, tmp_path):
    with studio.app.test_request_context(), writing():
        upload(studio.chen, plain(tmp_path / "larger.mp4", "640x480", 10, 1))
    run_next(studio.app)
    with studio.app.app_context(), writing():
        session.execute(update(jobs.Job).where(jobs.Job.name == "media.improve").values(attempts=3))
    run_next(studio.app)
    told = seen(studio.app)
    assert told.state == "ready" and told.told["is_rough"] and names_waiting(studio.app) == ["media.companions"]


def test_a_version_of_another_length_is_not_taken(studio, tmp_path, monkeypatch):
    with studio.app.test_request_context(), writing():
        upload(studio.chen, plain(tmp_path / "larger.mp4", "640x480", 10, 1))
    run_next(studio.app)
    before = seen(studio.app)
    with studio.app.app_context(), writing():
        session.execute(update(Asset).values(duration_ms=before.duration_ms + 400))
    run_next(studio.app)
    assert seen(studio.app).version == before.version and seen(studio.app).told["is_rough"]


def test_what_was_asked_for_while_better_sizes_were_made_is_not_forgotten(studio, tmp_path, monkeypatch):
    with studio.app.test_request_context(), writing():
        upload(studio.chen, plain(tmp_path / "larger.mp4", "640x480", 10, 1))
    run_next(studio.app)
    improve = making.improve

    def meanwhile(*args, **more):
        with studio.app.app_context(), writing():
            media.get_asset(1).facts = {**media.get_asset(1).facts, "transcript": {"state": "waiting"}}
        return improve(*args, **more)

    monkeypatch.setattr(making, "improve", meanwhile)
    run_next(studio.app)
    assert seen(studio.app).facts["renditions"] == ["240p", "360p", "480p"]
    assert seen(studio.app).facts["transcript"] == {"state": "waiting"}


def test_a_second_pass_stands_still_while_another_teachers_film_is_made_watchable(studio, film, tmp_path, monkeypatch):
    with studio.app.test_request_context(), writing():
        upload(studio.chen, plain(tmp_path / "larger.mp4", "640x480", 10, 1))
    run_next(studio.app)
    improve, begin, stages = making.improve, making.begin, []

    def meanwhile(*args, **more):
        with studio.app.test_request_context(), writing():
            upload(studio.zhou, film)
        return improve(*args, **more)

    def seen_from_there(*args):
        stages.append(seen(studio.app, 1).stage)
        return begin(*args)

    monkeypatch.setattr(tasks, "LOOK_EVERY_S", 0)
    monkeypatch.setattr(making, "improve", meanwhile)
    monkeypatch.setattr(making, "begin", seen_from_there)
    run_next(studio.app)
    assert stages == ["improving"], "the other film began while the second pass was going on"
    assert seen(studio.app, 2).state == "ready" and seen(studio.app, 1).facts["renditions"] == ["240p", "360p", "480p"]
    assert set(names_waiting(studio.app)) == {"media.companions"}
