"""The very words ffmpeg is given, for each shape of source: a change here is a change of every film made from now on."""

from __future__ import annotations

from pathlib import Path

import pytest

from guanxue.media import encoder, probing
from guanxue.media.probing import Loudness, Probe

ORIGINAL, OUT, FIRST = Path("/media/originals/ab12"), Path("/media/work/7-1-abc/out"), Path("/media/assets/7/v1/360p/index.m3u8")
INPUT = ("-format_whitelist mov,mp4,matroska,webm,avi,mpegts,mpeg,flv,asf,3gp -max_pixels 36000000 -protocol_whitelist file "
         "-threads {threads} -i file:/media/originals/ab12")
END = "-nostdin -v error -progress pipe:1 -y"


def film(height: int, crf: int, most: int, threads: int, *, sound: str, g: int = 200, longest: str = "61.500") -> str:
    return (f"-f hls {'-ac 1 -ar 44100 -b:a 48k ' if sound == 'made' else ''}-bf 2 -bufsize {most * 2}k "
            f"{'-c:a aac ' if sound == 'made' else '-c:a copy ' if sound == 'copied' else ''}-c:v libx264 -crf {crf} "
            f"-force_key_frames expr:gte(t,n_forced*4) -g {g} -hls_flags independent_segments -hls_fmp4_init_filename init.mp4 "
            f"-hls_playlist_type vod -hls_segment_filename {OUT}/{height}p/%05d.m4s -hls_segment_type fmp4 -hls_time 4 "
            f"-map_chapters -1 -map_metadata -1 -maxrate {most}k -preset veryfast -profile:v main -sc_threshold 0 "
            f"-t {longest} -threads {threads} {OUT}/{height}p/index.m3u8")


def words(command: list[str]) -> str:
    assert command[0] == "ffmpeg"
    return " ".join(command[1:])


def test_the_first_pass_is_one_size_with_its_sound():
    source = Probe(1280, 720, 60_000, True, False, picture=0, sound=1)
    command = encoder.first_command(source, encoder.upright(source, ORIGINAL, threads=2),
                                    encoder.heard(source, ORIGINAL, Loudness(-26.0, -9.0), threads=2),
                                    OUT, [360])
    assert words(command) == (
        f"{INPUT.format(threads=2)} -filter_complex [0:0]fps=25:start_time=0[s0];[s0]scale=640:360[s1];[s1]setsar=1[s2];[s2]format=yuv420p[s3];"
        "[0:1]aresample=44100:async=1:first_pts=0[s4];[s4]aformat=channel_layouts=mono[s5];[s5]volume=10.0dB[s6];"
        "[s6]alimiter=attack=5:level=false:limit=0.84:release=50[s7] "
        f"-map [s3] -map [s7] {film(360, 26, 400, 2, sound='made')} {END}")


def test_the_second_pass_is_one_run_that_scales_downwards_and_copies_the_sound():
    source = Probe(1080, 1920, 60_000, True, True, picture=1, sound=0, frame_rate="30000/1001")
    command = encoder.second_command(source, ORIGINAL, FIRST, OUT, [240, 480, 720], has_sound=True)
    assert words(command) == (
        f"{INPUT.format(threads=1)} -allowed_extensions ALL -protocol_whitelist file -i {FIRST} -filter_complex "
        "[0:1]fps=30000/1001:start_time=0[s0];[s0]scale=720:1280[s1];[s1]setsar=1[s2];[s2]format=yuv420p[s3];[s3]split=2[s4][s5];"
        "[s4]scale=480:854[s6];[s6]setsar=1[s7];[s7]split=2[s8][s9];[s8]scale=240:426[s10];[s10]setsar=1[s11] "
        f"-map [s11] -map 1:a {film(240, 27, 180, 1, sound='copied', g=240)} -map [s9] -map 1:a {film(480, 25, 800, 1, sound='copied', g=240)} "
        f"-map [s5] -map 1:a {film(720, 24, 1500, 1, sound='copied', g=240)} {END}")


def test_hdr_interlaced_and_longer_sound_are_dealt_with_before_the_sizes(monkeypatch):
    monkeypatch.setattr(probing, "has_tone_mapping", lambda: True)
    source = Probe(1920, 1080, 60_000, False, False, is_hdr=True, is_interlaced=True, held_ms=5000)
    text = words(encoder.first_command(source, encoder.upright(source, ORIGINAL), None, OUT, [360]))
    assert ("[0:0]bwdif=deint=interlaced:mode=send_frame[s0];[s0]fps=25:start_time=0[s1];[s1]tpad=stop_duration=5.0:stop_mode=clone[s2];"
            "[s2]scale=640:360[s3];[s3]setsar=1[s4];[s4]zscale=npl=100:t=linear[s5];[s5]format=pix_fmts=gbrpf32le[s6];[s6]zscale=p=bt709[s7];"
            "[s7]tonemap=desat=0:tonemap=hable[s8];[s8]zscale=m=bt709:r=tv:t=bt709[s9];[s9]format=yuv420p[s10]") in text
    assert "-c:a" not in text and "[0:1]" not in text


@pytest.mark.parametrize(("shown", "made", "first"), [
    ((1920, 1080), [240, 360, 480, 720], 360), ((1080, 1920), [240, 360, 480, 720], 360), ((1280, 720), [240, 360, 480, 720], 360),
    ((1366, 700), [240, 360, 480, 700], 360), ((640, 360), [240, 360], 360), ((600, 380), [240, 380], 380), ((320, 180), [180], 180),
    ((321, 181), [180], 180), ((64, 48), [48], 48), ((720, 576), [240, 360, 480, 576], 360)])
def test_no_size_is_larger_than_the_source_and_a_phone_begins_near_360(shown, made, first):
    source = Probe(*shown, 1000, True, False)
    assert encoder.heights(source) == made and encoder.first_height(source) == first
    for height in made:
        width, tall = encoder.size(source, height)
        assert width % 2 == tall % 2 == 0 and min(width, tall) == height
        assert max(width, tall) <= max(shown) + 1 and (width < tall) == (shown[0] < shown[1])


def test_a_ribbon_is_held_to_what_a_phone_can_show():
    assert encoder.size(Probe(4000, 400, 1000, False, False), 240) == (640, 64)


@pytest.mark.parametrize(("lufs", "peak", "gain"), [
    (-16.0, -1.0, 0.0), (-26.0, -12.0, 10.0), (-10.0, 0.0, -6.0), (-50.0, -30.0, 18.0), (-30.0, -3.0, 7.5), (None, -90.0, 0.0)])
def test_speech_is_made_as_loud_as_all_lessons_within_reason(lufs, peak, gain):
    assert encoder.gain_db(Loudness(lufs, peak)) == pytest.approx(gain)


def test_no_word_of_a_teacher_stands_in_a_command():
    source = Probe(1280, 720, 60_000, True, False, sound=1)
    sound = encoder.heard(source, ORIGINAL, Loudness(-16.0, -3.0))
    for command in (encoder.first_command(source, encoder.upright(source, ORIGINAL), sound, OUT, [360]),
                    encoder.second_command(source, ORIGINAL, FIRST, OUT, [240], has_sound=True),
                    encoder.beside_command(FIRST, OUT, has_sound=True), encoder.film_command(FIRST, OUT / "video.mp4")):
        paths = [w.removeprefix("file:") for w in command if "/media" in w]
        assert all(p.startswith(("/media/originals/ab12", str(OUT), "/media/assets/7/v1/")) for p in paths)
        named = [command[n + 1] for n, w in enumerate(command) if w == "-i"]
        assert named and all(n in (f"file:{ORIGINAL}", str(FIRST)) for n in named)
        assert all(command[:command.index("-i")].count(w) for w in ("-protocol_whitelist",))
