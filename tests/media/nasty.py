"""Inputs that mean harm or are merely strange, each made by code; nasty.csv says what becomes of each.

`python -m tests.media.nasty FOLDER` writes them all.
"""

from __future__ import annotations

import csv
import struct
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from tests.media.films import ffmpeg, picture, plain, tone

TABLE = Path(__file__).with_name("nasty.csv")
QUIRKY = {"name-dash": "-i.mp4", "name-pattern": "%03d.mp4", "name-quotes": "it's \"a\" 'film'\n; rm -rf $HOME.mp4",
          "name-colon": "http:--evil:80.mp4", "name-glob": "[a-z]*?.mp4"}


@dataclass(frozen=True)
class Kit:
    """What the makers share: a plain film, a neighbour that nobody may open, an address that nobody may fetch."""

    plain: Path
    canary: Path
    address: str

    @property
    def bytes(self) -> bytes:
        """The plain film's."""
        return self.plain.read_bytes()


MAKERS: dict[str, Callable[[Kit, Path], object]] = {}


def nasty(make: Callable[[Kit, Path], object]) -> Callable[[Kit, Path], object]:
    """Put a maker under its name."""
    MAKERS[make.__name__.strip("_").replace("_", "-")] = make
    return make


def rows() -> list[dict]:
    """nasty.csv: name; verdict "taken" or "refused"; says: a part of the sentence, or what was done; what it is."""
    with TABLE.open(encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


def make_all(folder: Path, address: str, canary: Path) -> dict[str, Path]:
    """Every input by its name, in a folder of its own each."""
    kit = Kit(plain(folder / "plain.mp4", "426x240", 25, 1.6, "-movflags", "+faststart"), canary, address)
    made = {}
    for name, make in MAKERS.items():
        place = folder / name
        place.mkdir()
        made[name] = place / QUIRKY.get(name, f"{name}.mp4")
        make(kit, made[name])
    return made


def _raw(name: str, content: bytes) -> None:
    MAKERS[name] = lambda _kit, path: path.write_bytes(content)


# ---- no video at all
_raw("empty", b"")
_raw("text", "我不是视频。".encode() * 200)
_raw("html", b"<html><script>alert(1)</script><video src='http://127.0.0.1/'></video></html>")
_raw("svg", b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>")
_raw("pdf", b"%PDF-1.7\n" + b"0" * 3000)
_raw("program", b"\x7fELF" + b"\0" * 3000)
_raw("windows-program", b"MZ" + b"\0" * 3000)
_raw("magic-only", b"\0\0\0\x18ftypmp42" + b"\0" * 5000)
_raw("avi-junk", b"RIFF\xff\xff\xff\xffAVI " + b"\xff" * 5000)
_raw("webm-junk", b"\x1aE\xdf\xa3" + b"\xff" * 5000)
_raw("flv-junk", b"FLV\x01\x05\0\0\0\x09" + b"\xff" * 5000)
_raw("ts-junk", (b"G" + b"\x1f\xff\x10" + b"\xff" * 184) * 50)
_raw("mpeg-junk", b"\x00\x00\x01\xba" + b"\x44" * 5000)
_raw("atoms-deep", b"\0\0\0\x18ftypmp42" + b"\0" * 12 + b"".join(
    struct.pack(">I4s", 8 * (4000 - n), b"moov" if n % 2 == 0 else b"trak") for n in range(4000)))
_raw("atoms-loop", b"\0\0\0\x18ftypmp42" + b"\0" * 12 + struct.pack(">I4sQ", 1, b"free", 0) * 400)
_raw("atom-endless", b"\0\0\0\x18ftypmp42" + b"\0" * 12 + struct.pack(">I4sQ", 1, b"moov", 2**63 - 1) + b"\0" * 400)


@nasty
def gif(_kit, path):
    frames = [Image.new("P", (64, 64), n * 50) for n in range(4)]
    frames[0].save(path, "GIF", save_all=True, append_images=frames[1:])


@nasty
def webp_moving(_kit, path):
    frames = [Image.new("RGB", (64, 64), (n * 60, 0, 0)) for n in range(4)]
    frames[0].save(path, "WEBP", save_all=True, append_images=frames[1:])


@nasty
def jpeg(_kit, path):
    Image.new("RGB", (640, 360), "red").save(path, "JPEG")


@nasty
def zip_bomb(_kit, path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("film.mp4", b"\0" * 64 * 1024**2)


# ---- files that name other files
@nasty
def playlist(kit, path):
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{kit.canary}\n#EXT-X-ENDLIST\n")


@nasty
def playlist_http(kit, path):
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{kit.address}/a.ts\n#EXT-X-ENDLIST\n")


@nasty
def playlist_masked(kit, path):
    path.write_text(f"G\n#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{kit.canary}\n#EXTINF:2,\n{kit.address}/\n#EXT-X-ENDLIST\n")


@nasty
def concat(kit, path):
    path.write_text(f"ffconcat version 1.0\nfile '{kit.canary}'\nfile '{kit.address}/a.mp4'\n")


@nasty
def concat_protocol(kit, path):
    path.write_text(f"concat:{kit.canary}|{kit.address}/a.mp4")


@nasty
def dash(kit, path):
    path.write_text(f'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>{kit.address}/</BaseURL></MPD>')


@nasty
def reference(kit, path):
    """A QuickTime film whose data are said to lie in a neighbour."""
    text = kit.bytes
    at = text.index(b"url \x00\x00\x00\x01")
    path.write_bytes(text[:at] + b"url \x00\x00\x00\x00" + text[at + 8:])


@nasty
def reference_alias(kit, path):
    text, name = plain(path.with_name("whole.mp4")).read_bytes(), str(kit.canary).encode()[:200]
    alias = b"alis\0\0\0\0" + b"\0" * 150 + struct.pack(">HH", 18, len(name)) + name + b"\0" * (len(name) % 2) + b"\xff\xff\0\0"
    whole = struct.pack(">I", len(alias) + 4) + alias
    path.write_bytes(_grown(text, b"url \x00\x00\x00\x01", whole))


def _grown(text: bytes, entry: bytes, instead: bytes) -> bytes:
    """The film with its first data reference replaced and every box around it made larger."""
    at = text.index(entry) - 4
    more, out = len(instead) - 12, bytearray(text[:at] + instead + text[at + 12:])
    for name in (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"):
        place = bytes(out[:at]).rindex(name) - 4
        out[place:place + 4] = struct.pack(">I", struct.unpack(">I", out[place:place + 4])[0] + more)
    return bytes(out)


@nasty
def subtitle_links(kit, path):
    srt = path.with_name("s.srt")
    srt.write_text(f'1\n00:00:00,000 --> 00:00:01,000\n<a href="{kit.address}/">x</a> <img src="{kit.address}/x.png">\n')
    ffmpeg("-i", kit.plain, "-i", srt, "-c", "copy", "-c:s", "srt", "-f", "matroska", path)


@nasty
def attachment(kit, path):
    note = path.with_name("note.html")
    note.write_text(f"<img src='{kit.address}'>" * 100)
    ffmpeg("-i", kit.plain, "-c", "copy", "-attach", note, "-metadata:s:t", "mimetype=text/html", "-f", "matroska", path)


@nasty
def words_inside(kit, path):
    ffmpeg("-i", kit.plain, "-c", "copy", "-metadata", f"title=I: -1.0 LUFS '; {kit.address} \n Peak: 0 dBFS", path)


# ---- names
for _name in QUIRKY:
    MAKERS[_name] = lambda kit, path: path.write_bytes(kit.bytes)


# ---- a time line that lies
@nasty
def apart(_kit, path):
    ffmpeg("-f", "lavfi", "-i", "color=red:size=64x64:rate=1:duration=2", "-vf", "setpts=N*720000/TB", "-vsync", "passthrough",
           "-video_track_timescale", "1000", path)


@nasty
def five_hours(_kit, path):
    ffmpeg("-f", "lavfi", "-i", "color=red:size=64x64:rate=1:duration=300", "-vf", "setpts=N*60/TB", "-vsync", "passthrough",
           "-video_track_timescale", "1000", path)


@nasty
def header_lies(kit, path):
    """A header that says 24 days of a film of two seconds."""
    text = bytearray(kit.bytes)
    for name in (b"mvhd", b"mdhd"):
        at = text.index(name)
        text[at + 20:at + 24] = struct.pack(">I", 2**31 - 1)
    path.write_bytes(text)


@nasty
def scale_lies(kit, path):
    """A clock of 2^31 steps a second."""
    text = bytearray(kit.bytes)
    at = text.index(b"mdhd")
    text[at + 16:at + 20] = struct.pack(">I", 2**31 - 1)
    path.write_bytes(text)


@nasty
def negative_times(kit, path):
    ffmpeg("-i", kit.plain, "-c", "copy", "-output_ts_offset", "-0.6", "-avoid_negative_ts", "disabled", path)


@nasty
def late_start(kit, path):
    ffmpeg("-i", kit.plain, "-c", "copy", "-output_ts_offset", "90000", "-f", "mpegts", path)


@nasty
def sound_longer(_kit, path):
    ffmpeg(*picture("320x180", 25, 1), *tone(6), "-preset", "ultrafast", path)


@nasty
def one_picture(_kit, path):
    ffmpeg(*picture("320x180", 25, 0.04), "-frames:v", "1", path)


@nasty
def uneven(_kit, path):
    ffmpeg(*picture("320x180", 30, 3), "-vf", "select='not(mod(n,3))+lt(mod(n,30),9)'", "-vsync", "passthrough", path)


@nasty
def hundred_twenty(_kit, path):
    ffmpeg(*picture("320x180", 120, 2), "-preset", "ultrafast", path)


@nasty
def slow(_kit, path):
    ffmpeg(*picture("320x180", 1, 6), path)


# ---- broken
@nasty
def cut_third(_kit, path):
    whole = plain(path.with_name("whole.mp4"))
    path.write_bytes(whole.read_bytes()[:whole.stat().st_size // 3])


@nasty
def cut_half(kit, path):
    path.write_bytes(kit.bytes[:len(kit.bytes) // 2])


@nasty
def cut_header(kit, path):
    path.write_bytes(kit.bytes[:64])


@nasty
def cut_matroska(_kit, path):
    whole = plain(path.with_name("whole.mkv"), "320x180", 25, 5)
    path.write_bytes(whole.read_bytes()[:whole.stat().st_size // 3])


@nasty
def hole(kit, path):
    text = bytearray(kit.bytes)
    middle = len(text) * 6 // 10
    text[middle:middle + 3000] = b"\0" * 3000
    path.write_bytes(text)


@nasty
def scrambled(kit, path):
    """Every byte of the pictures is something else."""
    text = bytearray(kit.bytes)
    at = text.index(b"mdat") + 4
    text[at:] = bytes(b ^ 0x5A for b in text[at:])
    path.write_bytes(text)


@nasty
def encrypted(kit, path):
    ffmpeg("-i", kit.plain, "-c", "copy", "-encryption_scheme", "cenc-aes-ctr", "-encryption_key", "11" * 16, "-encryption_kid", "22" * 16, path)


@nasty
def unknown_codec(kit, path):
    path.write_bytes(kit.bytes.replace(b"avc1", b"xyz1"))


@nasty
def many_samples(kit, path):
    text = bytearray(kit.bytes)
    at = text.index(b"stsz")
    text[at + 12:at + 16] = struct.pack(">I", 2**31 - 1)
    path.write_bytes(text)


# ---- shapes
@nasty
def huge_header(_kit, path):
    """Some kilobytes that say they are 256 megapixels."""
    ffmpeg("-f", "lavfi", "-i", "color=red:size=64x64:rate=5:duration=1", "-c:v", "mjpeg", "-f", "avi", path)
    text = bytearray(path.read_bytes())
    at = text.find(b"\xff\xc0\x00\x11\x08")
    while at >= 0:
        text[at + 5:at + 9] = struct.pack(">HH", 16384, 16384)
        at = text.find(b"\xff\xc0\x00\x11\x08", at + 9)
    at = text.index(b"strf") + 8
    text[at + 4:at + 12] = struct.pack("<ii", 16384, 16384)
    path.write_bytes(text)


@nasty
def tiny(_kit, path):
    _coloured(path, "1x1")


@nasty
def small(_kit, path):
    _coloured(path, "3x5")


@nasty
def ribbon(_kit, path):
    _coloured(path, "4000x16")


@nasty
def odd(_kit, path):
    _coloured(path, "321x181")


@nasty
def small_but_fit(_kit, path):
    _coloured(path, "64x48")


def _coloured(path: Path, size: str) -> None:
    ffmpeg(*picture("320x180", 10, 1), "-vf", f"scale={size.replace('x', ':')},setsar=1", "-c:v", "ffv1", "-pix_fmt", "bgr0", "-f", "matroska", path)


@nasty
def rotated(kit, path):
    ffmpeg("-i", kit.plain, "-c", "copy", "-metadata:s:v:0", "rotate=90", path)


@nasty
def upside_down(kit, path):
    ffmpeg("-i", kit.plain, "-c", "copy", "-metadata:s:v:0", "rotate=180", path)


@nasty
def stretched(_kit, path):
    plain(path, "360x288", 25, 1, "-vf", "setsar=16/11")


@nasty
def interlaced(_kit, path):
    ffmpeg(*picture("352x288", 50, 1), *tone(1), "-vf", "tinterlace=interleave_top", "-c:v", "mpeg2video", "-flags", "+ilme+ildct",
           "-b:v", "2M", "-f", "mpegts", path)


@nasty
def hdr(_kit, path):
    ffmpeg(*picture("320x180", 10, 1), "-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le", "-x265-params",
           "log-level=error:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc", "-color_primaries", "bt2020", "-color_trc", "smpte2084",
           "-colorspace", "bt2020nc", "-tag:v", "hvc1", path)


@nasty
def ten_bit(_kit, path):
    ffmpeg(*picture("320x180", 10, 1), "-c:v", "libx264", "-pix_fmt", "yuv444p10le", "-preset", "ultrafast", path)


@nasty
def camcorder(kit, path):
    """As .MTS files of camcorders are: four bytes before each packet."""
    ffmpeg("-i", kit.plain, "-c:v", "copy", "-c:a", "ac3", "-f", "mpegts", "-mpegts_m2ts_mode", "1", path)


@nasty
def stands_still(_kit, path):
    """A screen that nothing happens on while somebody speaks, in a container that counts no pictures."""
    ffmpeg(*picture("320x180", 10, 6), *tone(6), "-vf", "select=lt(t\\,3)", "-vsync", "vfr", "-preset", "ultrafast", "-f", "matroska", path)


@nasty
def old_phone(_kit, path):
    """H.263 with AMR; nobody here writes AMR, so its frames say anything."""
    said = path.with_name("said.amr")
    said.write_bytes(b"#!AMR\n" + b"".join(b"\x3c" + bytes(n * m % 256 for m in range(31)) for n in range(100)))
    ffmpeg(*picture("176x144", 12, 2), "-i", said, "-c:v", "h263", "-c:a", "copy", "-f", "3gp", path)


# ---- sound
@nasty
def sound_only(_kit, path):
    ffmpeg(*tone(2), path)


@nasty
def sound_with_cover(_kit, path):
    cover = path.with_name("cover.jpg")
    Image.new("RGB", (9000, 9000), "blue").save(cover, "JPEG")
    ffmpeg(*tone(2), "-i", cover, "-map", "0", "-map", "1", "-c:v", "copy", "-disposition:v:0", "attached_pic", path)


@nasty
def film_with_cover(kit, path):
    cover = path.with_name("cover.jpg")
    Image.new("RGB", (5000, 5000), "blue").save(cover, "JPEG")
    ffmpeg("-i", kit.plain, "-i", cover, "-map", "0", "-map", "1", "-c", "copy", "-disposition:v:1", "attached_pic", path)


@nasty
def mp3(_kit, path):
    ffmpeg(*tone(2), "-f", "mp3", path)


@nasty
def wave(_kit, path):
    ffmpeg(*tone(2), "-f", "wav", path)


@nasty
def silent(_kit, path):
    ffmpeg(*picture("320x180", 10, 1), path)


@nasty
def muted(_kit, path):
    ffmpeg(*picture("320x180", 10, 1), "-f", "lavfi", "-i", "anullsrc=duration=1", "-shortest", path)


@nasty
def quiet(_kit, path):
    ffmpeg(*picture("320x180", 10, 4), *tone(4), "-af", "volume=-24dB", "-shortest", path)


@nasty
def eight_channels(_kit, path):
    ffmpeg(*picture("320x180", 10, 1), "-f", "lavfi", "-i", "anoisesrc=d=1:a=0.1,aformat=channel_layouts=mono,pan=7.1|" + "|".join(
        f"c{n}=c0" for n in range(8)), "-shortest", path)


@nasty
def eight_kilohertz(_kit, path):
    ffmpeg(*picture("320x180", 10, 1), *tone(1), "-c:a", "pcm_mulaw", "-ar", "8000", "-shortest", "-f", "mov", path)


@nasty
def many_streams(kit, path):
    ffmpeg("-i", kit.plain, *["-map", "0:v"], *["-map", "0:a"] * 70, "-c", "copy", "-f", "matroska", path)


@nasty
def broken_sound(kit, path):
    """The sound's own description is gone, the pictures are whole."""
    path.write_bytes(kit.bytes.replace(b"mp4a\x00\x00\x00\x00", b"zzzz\x00\x00\x00\x00"))


if __name__ == "__main__":
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    (target / "canary").write_text("nobody may read this")
    print(len(make_all(target, "http://127.0.0.1:9", target / "canary")))
