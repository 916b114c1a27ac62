"""Subtitle files from everywhere: what is read, what is left out and why, what is written back; lines cut, joined and moved."""

from __future__ import annotations

import random
import stat
import sys
import wave
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from tests.factories import make_film

from guanxue import jobs, media
from guanxue.config import Settings, UnsafeSettings
from guanxue.core.actor import SYSTEM
from guanxue.core.db import session, writing
from guanxue.core.errors import Conflict, Invalid
from guanxue.media import lines, listening, subtitles
from guanxue.media.lines import problems, read_time, show_time
from guanxue.media.narration import Cue
from guanxue.media.subtitles import as_srt, as_vtt, read_subtitles, read_text

SRT = "1\r\n00:00:01,000 --> 00:00:03,500\r\n先停机。\r\n\r\n2\r\n00:00:04,000 --> 00:00:06,000\r\n再测量，\r\n看两遍。\r\n"
CUES = [Cue(1000, 3500, "先停机。"), Cue(4000, 6000, "再测量，\n看两遍。")]


@pytest.mark.parametrize("said", ["<v." * 60_000, "<rt>" * 60_000, "<v" + " " * 200_000], ids=["voices", "rubies", "blanks"])
def test_tags_that_never_end_are_answered_in_a_moment(said):
    report = read_text("WEBVTT\n\n00:01.000 --> 00:02.000\n" + said)
    assert len(report.cues) + len(report.left_out) == report.total == 1


def told(pairs) -> dict[int, str]:
    return {line: str(why) for line, why in pairs}


# ---- what is read


@pytest.mark.parametrize(("encoding", "name"), [
    ("utf-8", "UTF-8"), ("utf-8-sig", "UTF-8"), ("gb18030", "GB18030"), ("utf-16", "UTF-16"), ("utf-16-le", "UTF-16"), ("utf-16-be", "UTF-16"),
])
def test_srt_is_read_in_every_encoding_people_save_it_in(app, encoding, name):
    report = read_subtitles(SRT.encode(encoding))
    assert (report.cues, report.left_out, report.noted, report.form, report.encoding) == (CUES, [], [], "srt", name)


def test_hours_may_miss_points_stand_for_commas_and_signs_may_be_chinese():
    report = read_text("1\n00:01.5 --> 00:02.25\n一\n\n2\n00：00：03，000 --> 00：00：04，000\n二\n\n3\n75:10,000 --> 75:11,000\n三\n")
    assert [(c.start_ms, c.end_ms) for c in report.cues] == [(1500, 2250), (3000, 4000), (4_510_000, 4_511_000)]


def test_styles_places_and_moments_are_taken_off_and_named(app):
    text = ("WEBVTT\nKind: captions\n\nSTYLE\n::cue { color: red }\n\nNOTE 备注\n\n00:01.000 --> 00:02.000 line:0 align:start\n"
            "<c.red>先</c><b>停机</b> &lt;3&gt; A&amp;B\n\n00:03.000 --> 00:04.000\n<v 陈师傅>再<00:03.500>测量</v>\n")
    report = read_text(text)
    assert [c.text for c in report.cues] == ["先停机 <3> A&B", "陈师傅：再测量"]
    assert [(line, str(what)[:4]) for line, what in report.noted] == [
        (4, "样式表没"), (7, "注释没有"), (9, "样式（斜"), (9, "位置和对"), (12, "说话人的"), (12, "逐字的时")]
    assert (report.total, len(report.left_out)) == (2, 0)
    report = read_text("1\n00:00:01,000 --> 00:00:02,000 X1:10\n{\\an8}<font color='red'>上<i>面</i></font> 1 < 2 > 0 <开>\n")
    assert report.cues[0].text == "上面 1 < 2 > 0 <开>" and len(report.noted) == 2


def test_what_cannot_be_a_cue_is_left_out_with_its_line_and_a_sentence(app):
    text = ("WEBVTT\n\n00:02.000 --> 00:01.000\n倒着\n\n00:02.000 --> 00:03.000\n\n没有时间的话\n两行\n\n00:61.000 --> 00:62.000\n六十一秒\n\n"
            "00:04.000 --> 00:05.000\n好\n\n01:30.000 --> 01:40.000\n太晚\n\n00:58.000 --> 01:10.000\n跨过结尾\n\n00:04.500 --> 00:06.000\n重叠\n")
    report = read_text(text, duration_ms=60_000)
    assert [c.text for c in report.cues] == ["好", "重叠", "跨过结尾"] and report.cues[-1].end_ms == 60_000
    assert told(report.left_out) == {3: "结束时间不在开始时间之后。", 6: "没有文字。", 8: str(subtitles.NO_TIME), 11: str(subtitles.NO_TIME),
                                     17: "开始时间在视频结束以后。"}
    assert [(line, what) for line, what in report.noted] == [
        (20, subtitles.CUT_AT_THE_END), (23, subtitles.OUT_OF_ORDER), (23, subtitles.OVERLAPS)]
    assert report.total == len(report.cues) + len(report.left_out) == 8


def test_cues_without_a_blank_line_between_them_are_still_two():
    report = read_text("1\n00:00:01,000 --> 00:00:02,000\n一\n2\n00:00:03,000 --> 00:00:04,000\n二\n")
    assert [c.text for c in report.cues] == ["一", "二"] and report.total == 2


@pytest.mark.parametrize("data", [
    b"", b"WEBVTT\n", b"WEBVTTX\n\n00:00.000 --> 00:01.000\nx", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)), b"hello\n" * 9,
    b"\xff\xfe\0W", b"x" * 2_000_001, b"WEBVTT\n\n" + b"9" * 6000 + b":00:00.000 --> 00:01.000\nx\n",
])
def test_what_is_no_subtitle_file_is_refused_with_a_sentence(app, data):
    assert any("\u4e00" <= c <= "\u9fff" for c in str(read_subtitles(data).fault))


PIECES = ["WEBVTT", "NOTE x", "STYLE", "1", "42", "", "  ", "\t", "00:01.000 --> 00:02.000", "00:00:03,000 --> 00:00:04,000", "先停机", "-->", "<i>x</i>",
          "00:05.000 --> 00:04.000", "NOTE --> x", "\u3000", "x --> y", "00:01:02.000-->00:01:03.000 line:1"]


@settings(max_examples=400, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=25), st.booleans())
def test_read_and_left_out_is_what_was_counted_apart(parts, is_vtt):
    report = read_text("\n".join((["WEBVTT"] if is_vtt else []) + parts))
    assert report.total == len(report.cues) + len(report.left_out)


# ---- what is written


WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp", "Cf")), max_size=40)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10**7), st.integers(1, 10**5), WORDS), min_size=1, max_size=8))
def test_out_and_in_again_changes_nothing_that_is_not_named(rows):
    cues = media.tidied(Cue(start, start + length, said) for start, length, said in rows)
    wanted = subtitles.spoken(cues)
    again = read_text(as_vtt(cues))
    assert again.cues == wanted and not again.left_out
    report = read_text(as_srt(cues))
    assert report.cues == wanted or report.noted or report.left_out


def test_what_looks_like_markup_stays_text():
    cues = [Cue(0, 1000, "<b>不是样式</b> & 1 < 2"), Cue(1000, 2000, "a → b")]
    assert "&lt;b&gt;" in as_vtt(cues) and read_text(as_vtt(cues)).cues == cues


def test_srt_begins_with_the_mark_that_tells_players_its_encoding():
    assert as_srt(CUES).startswith("\ufeff1\n00:00:01,000 --> 00:00:03,500\n")


# ---- lines in the editor


@pytest.mark.parametrize(("written", "ms"), [
    ("0:00.0", 0), ("1:05.5", 65_500), ("65.25", 65_250), ("1:02:03.004", 3_723_004), ("１:05", 65_000), ("1:65", None), ("", None), ("-1", None),
    ("0：01，5", 1500), ("x", None), ("90:00", 5_400_000),
])
def test_times_are_read_as_people_type_them(written, ms):
    assert read_time(written) == ms


@given(st.integers(0, 5 * 3_600_000))
def test_a_time_that_is_shown_is_read_back_the_same(ms):
    assert read_time(show_time(ms)) == ms


def test_lines_that_are_hard_to_read_are_marked(app):
    cues = [Cue(0, 4000, "先停机。"), Cue(3000, 6000, "一"), Cue(6000, 7000, "一秒里写了太多的字谁也看不完"), Cue(5000, 9000, "字" * 33),
            Cue(9000, 61_000, "晚"), Cue(61_000, 62_000, "")]
    marked = [[str(p)[:4] for p in one] for one in problems(cues, 60_000)]
    assert marked == [[], ["和上一行"], ["太快：一"], ["比上一行", "太长：手"], ["超出了视"], ["还没有文", "超出了视"]]


def test_latin_letters_count_half_of_a_character():
    assert lines.weigh("G71 外圆") == 3.5


def test_splitting_keeps_every_character_and_the_whole_time():
    first, second = lines.split(Cue(1000, 5000, "先停机，主轴停稳。再伸手去量。"))
    assert (first.text, second.text) == ("先停机，主轴停稳。", "再伸手去量。")
    assert first.start_ms == 1000 and first.end_ms == second.start_ms and second.end_ms == 5000 and 3000 < first.end_ms < 4000
    assert [c.text for c in lines.split(Cue(0, 9, "先停机"), 1)] == ["先", "停机"]
    assert lines.split(Cue(0, 9, "停")) == [Cue(0, 9, "停")]
    assert lines.join(first, second) == Cue(1000, 5000, "先停机，主轴停稳。再伸手去量。")


def test_a_new_line_takes_the_gap_and_no_line_begins_before_the_film():
    assert lines.after(CUES, 0) == Cue(3500, 4000, "") and lines.after(CUES, 1) == Cue(6000, 8000, "") and lines.after([], -1).start_ms == 0
    moved = lines.shift(CUES, -2000)
    assert [(c.start_ms, c.end_ms) for c in moved] == [(0, 1500), (2000, 4000)]
    assert all(c.end_ms > c.start_ms >= 0 for c in lines.shift(CUES, -60_000))


def test_a_script_is_laid_over_the_film_by_its_length():
    cues = lines.spread(["先停机。", "字" * 40 + "，" + "字" * 20 + "。"], 60_000)
    assert cues[0].start_ms == 0 and cues[-1].end_ms >= 59_999 and all(lines.weigh(c.text) <= lines.MOST_IN_SIGHT for c in cues)
    assert "".join(c.text for c in cues) == "先停机。" + "字" * 40 + "，" + "字" * 20 + "。"


# ---- kept


def test_the_same_lines_are_the_same_version_and_no_version_changes(any_db):
    made = media.keep_subtitles(SYSTEM, CUES, origin="written")
    assert media.keep_subtitles(SYSTEM, CUES, origin="written").id == made.id
    assert media.keep_subtitles(SYSTEM, CUES, origin="transcribed").id != made.id
    with pytest.raises(Exception, match="append-only"):
        session.execute(text("UPDATE media_subtitle SET cues = '[]'"))


@pytest.mark.parametrize("cue", [Cue(5, 5, "x"), Cue(-1, 5, "x"), Cue(0, 5, "字" * 501)])
def test_a_line_that_cannot_be_kept_is_named(app, cue):
    with pytest.raises(Invalid) as refused:
        media.keep_subtitles(SYSTEM, [*CUES, cue], origin="written")
    assert refused.value.fields[0]["field"] == "3"


def test_a_version_is_served_at_an_address_that_tells_its_content(bare_app):
    with bare_app.test_request_context(), writing():
        track = media.track_of(media.keep_subtitles(SYSTEM, [*CUES, Cue(9000, 9500, "")], origin="written"))
    answer = bare_app.test_client().get(track["url"])
    assert answer.status_code == 200 and answer.mimetype == "text/vtt" and "immutable" in answer.headers["Cache-Control"]
    assert read_subtitles(answer.data).cues == CUES
    assert bare_app.test_client().get(track["url"], headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert bare_app.test_client().get("/media/subtitles/0123.vtt").status_code == 404


# ---- a machine that listens


def program(folder, body: str):
    path = folder / "listen"
    path.write_text(f"#!{sys.executable}\nimport sys\naudio, vtt = sys.argv[1:]\n{body}\n", "utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return f"{path} {{audio}} {{vtt}}"


@pytest.fixture
def sound(bare_app, tmp_path):
    """A film that is ready, with a second of real sound beside it; its row id."""
    with bare_app.test_request_context(), writing():
        film = make_film("听写")
        id, folder = film.id, media.folder_of(film.id, film.version)
    folder.mkdir(parents=True)
    with wave.open(str(folder / "audio.m4a"), "wb") as out:  # ffmpeg looks at what it is, not at its name
        out.setparams((1, 2, 22050, 0, "NONE", ""))
        out.writeframes(random.Random(1).randbytes(44100))
    return id


def listen(app, tool: str, asset_id: int) -> dict:
    app.extensions["guanxue.settings"] = replace(app.extensions["guanxue.settings"], transcribe=tool)
    with app.test_request_context(), writing():
        media.want_transcript(SYSTEM, media.get_asset(asset_id))
    jobs.run_waiting(app)
    with app.test_request_context():
        return media.transcript_of(media.get_asset(asset_id))


def test_what_the_program_heard_is_kept_as_heard_by_a_machine(bare_app, tmp_path, sound):
    heard = listen(bare_app, program(tmp_path, "import wave; s = wave.open(audio).getparams(); assert s[:3] == (1, 2, 16000), s\n"
                                               "open(vtt, 'w').write('WEBVTT\\n\\n00:01.000 --> 00:02.000\\n先停鸡。\\n')"), sound)
    assert heard["state"] == "done"
    with bare_app.test_request_context():
        kept = media.get_subtitles(heard["subtitles_id"])
        assert kept.origin == "transcribed" and media.words_of(kept) == [Cue(1000, 2000, "先停鸡。")]
        assert not media.checked_subtitles([kept.id])
    assert not list((bare_app.extensions["guanxue.settings"].media_dir / "work").glob("heard-*"))


@pytest.mark.parametrize("body", ["sys.exit(3)", "pass", "open(vtt, 'w').write('nothing')", "open(vtt, 'wb').write(b'x' * 3_000_000)"])
def test_a_program_that_fails_leaves_a_sentence_and_no_subtitles(bare_app, tmp_path, sound, body):
    heard = listen(bare_app, program(tmp_path, body), sound)
    assert heard["state"] == "failed" and "听写程序" in heard["reason"] and heard["subtitles_id"] is None


def test_nobody_listens_where_no_program_is_named(bare_app, sound):
    with bare_app.test_request_context(), writing(), pytest.raises(Conflict):
        media.want_transcript(SYSTEM, media.get_asset(sound))


def test_a_service_gets_the_sound_and_its_token_and_nothing_else(tmp_path, monkeypatch):
    asked = {}

    class Answer:
        def __enter__(self):
            return self

        def __exit__(self, *_how):
            return None

        def read(self, _most):
            return b"WEBVTT\n\n00:00.000 --> 00:01.000\n\xe5\xa5\xbd\n"

    class Opener:
        def open(self, request, timeout):
            asked.update(url=request.full_url, headers=dict(request.header_items()), size=len(request.data.read()))
            return Answer()

    monkeypatch.setattr(listening.urllib.request, "build_opener", lambda *_handlers: Opener())
    (tmp_path / "sound.wav").write_bytes(b"RIFF" * 9)
    assert listening._by_service("https://key%21@host.example/asr?lang=zh", tmp_path / "sound.wav", 10).startswith(b"WEBVTT")
    assert asked["url"] == "https://host.example/asr?lang=zh" and asked["headers"]["Authorization"] == "Bearer key!" and asked["size"] == 36


@pytest.mark.parametrize("told", ["http://host/asr", "whisper", "whisper {audio}", "{audio} {vtt}", "https:///x", "w '{audio} {vtt}"])
def test_a_setting_that_cannot_listen_stops_the_start(tmp_path, told):
    with pytest.raises(UnsafeSettings, match="GUANXUE_TRANSCRIBE"):
        Settings.from_env({"GUANXUE_DATA": str(tmp_path), "GUANXUE_TRANSCRIBE": told})
