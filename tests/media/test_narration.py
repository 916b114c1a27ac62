"""The machine's voice: what it is given, and that it speaks Chinese."""

from __future__ import annotations

import subprocess
import wave

import pytest

from guanxue.media import narration
from guanxue.media.narration import speakable


@pytest.mark.parametrize(("text", "sounds"), [
    ("模具", "mu2 ju4"), ("重新调整", "chong2 xin1 tiao2 zheng3"), ("弹簧", "tan2 huang2"), ("横机行数", "heng2 ji1 hang2 shu4"),
    ("重量", "zhong4 liang4"), ("再量一量", "zai4 liang2"), ("银行", "yin2 hang2"), ("一个", "yi2 ge4"), ("不要", "bu2 yao4"),
    ("0.02毫米", "ling2 dian3 ling2 er4 hao2 mi3"), ("3.5", "3 dian3 wu3"), ("50%", "bai3 fen1 zhi1 50"), ("2026年", "er4 ling2 er4 liu4 nian2"),
    ("拨12333", "bo1 yao1 er4 san1 san1 san1"), ("M03", "M ling2 san1"), ("T0101", "T ling2 yi1 ling2 yi1"), ("G71", "ji4 71"),
    ("拧得太紧", "ning2 de5 tai4 jin3"), ("不得进入", "bu4 de2 jin4 ru4"), ("得到", "de2 dao4"), ("卡盘在转", "ka3 pan2 zai4 zhuan4"),
    ("转身就走", "zhuan3 shen1 jiu4 zou3"), ("旋转", "xuan2 zhuan3"), ("转过来", "zhuan3 guo4 lai2"), ("转角处", "zhuan2 jiao3 chu4"),
    ("够得着", "gou4 de5 zhao2"), ("睡得着吗", "shui4 de5 zhao2 ma5"), ("急得着火", "ji2 de5 zhao2 huo3"), ("拨一一九", "bo1 yao1 yao1 jiu3"), ("一百一十九个", "yi4 bai3 yi1 shi2 jiu3"),
    ("USB口", "U S B kou3"), ("160/84A", "160 gang1 84A")])
def test_each_character_has_its_sound_in_the_sentence(text, sounds):
    assert speakable(text).startswith(sounds)


def test_the_voice_speaks_chinese_and_no_letters_of_pinyin():
    """Voices that take pinyin for English say "ni three how three"; espeak-ng writes (en) where it changes the language."""
    heard = subprocess.run(["espeak-ng", "-q", "-x", "-v", narration.VOICES["cmn"], "--stdin"], check=True, capture_output=True, text=True,
                           input=speakable("今天先停机，两行线圈，量一量长度。模具调好，再开机。")).stdout
    assert "(en)" not in heard and heard.count("tS;'i") >= 2, heard


def test_a_lesson_is_spoken_at_the_pace_of_a_calm_teacher(tmp_path):
    text = "横机的机头带着三角来回跑，针钩把纱拉下去，就成了一个线圈。" * 3
    spoken = narration.speak([[text]], tmp_path / "a.wav", tmp_path)
    with wave.open(str(tmp_path / "a.wav")) as sound:
        assert abs(sound.getnframes() / sound.getframerate() * 1000 - spoken.duration_ms) < 50
    a_minute = sum(c.isalnum() for c in text) / ((spoken.cues[-1].end_ms - spoken.cues[0].start_ms) / 60_000)
    assert 200 < a_minute < 280, a_minute
    assert narration.estimated_ms([text]) == pytest.approx(spoken.cues[-1].end_ms - spoken.cues[0].start_ms, rel=0.15)
