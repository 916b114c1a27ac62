"""An independent judge: hls.js in Chromium plays every size we make to its end, and changes between them."""

from __future__ import annotations

import functools
import http.server
import threading
from pathlib import Path

import pytest
from tests.media import hls_checker
from tests.media.films import plain

from guanxue.media import making, probing

HLS = Path(__file__).resolve().parents[2] / "static" / "vendor" / "hls.light.min.js"
PAGE = """<!doctype html><video id=v muted></video><script src=hls.js></script><script>
window.faults = [];
window.play = (address, level) => new Promise((done) => {
  const video = document.getElementById('v'), hls = new Hls({ startLevel: 0 });
  const tell = (how) => { done({ how, at: video.currentTime, height: video.videoHeight, length: video.duration }); hls.destroy(); };
  hls.on(Hls.Events.ERROR, (_name, fault) => { window.faults.push(fault.details); if (fault.fatal) tell('fatal'); });
  hls.on(Hls.Events.MANIFEST_PARSED, () => {
    if (level >= 0) hls.currentLevel = level;
    else hls.on(Hls.Events.FRAG_BUFFERED, (_name, told) => { hls.nextLoadLevel = (told.frag.sn + 1) % hls.levels.length; });
    video.playbackRate = 4;
    video.play();
  });
  video.addEventListener('ended', () => tell('ended'), { once: true });
  setTimeout(() => tell('late'), 60000);
  hls.loadSource(address);
  hls.attachMedia(video);
});
</script>"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A film of ten seconds in all sizes, served; its folder, address and length."""
    folder = tmp_path_factory.mktemp("hls")
    film = plain(folder / "film.mp4", "1280x720", 25, 10)
    first, whole = folder / "first", folder / "whole"
    first.mkdir()
    facts = making.begin(film, first, lambda _stage, _fraction: None, lambda: False)
    duration_ms = probing.scanned_duration_ms(first / "video.mp4")
    making.improve(film, facts, first, duration_ms, whole, lambda _stage, _fraction: None, lambda: False)
    (whole / "page.html").write_text(PAGE)
    (whole / "hls.js").write_bytes(HLS.read_bytes())

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_words):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(whole)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield whole, f"http://127.0.0.1:{server.server_address[1]}", duration_ms
    server.shutdown()
    server.server_close()


def test_hls_js_plays_every_size_to_its_end_and_between_them(made, browser):
    folder, address, duration_ms = made
    assert hls_checker.check(folder, duration_ms) == []
    page = browser.new_page()
    page.goto(f"{address}/page.html")
    heights = []
    for level in (0, 1, 2, 3, -1):
        told = page.evaluate("(level) => play('master.m3u8', level)", level)
        assert told["how"] == "ended" and abs(told["length"] * 1000 - duration_ms) < 150, (level, told)
        heights.append(told["height"])
        faults = set(page.evaluate("faults.splice(0)")) - {"bufferStalledError"}  # a busy machine decodes late
        # Where it is made to change with every segment it loads one twice or breaks one off now and then, which does no harm.
        assert not faults - ({"bufferAppendNoProgress", "aborted"} if level < 0 else set()), (level, faults)
    assert heights[:4] == [240, 360, 480, 720]
    page.close()


def test_the_checker_finds_what_is_wrong(made, tmp_path):
    folder, _address, duration_ms = made
    for name, change, finding in (
            ("master.m3u8", lambda t: t.replace("BANDWIDTH=", "BANDWIDTH=1", 1), "BANDWIDTH"),
            ("master.m3u8", lambda t: t.replace("avc1.4d", "avc1.64"), "CODECS"),
            ("master.m3u8", lambda t: t.replace("RESOLUTION=640x360", "RESOLUTION=640x368"), "RESOLUTION"),
            ("240p/index.m3u8", lambda t: t.replace("#EXT-X-ENDLIST\n", ""), "ENDLIST"),
            ("480p/index.m3u8", lambda t: t.replace("TARGETDURATION:4", "TARGETDURATION:3"), "TARGETDURATION"),
            ("720p/index.m3u8", lambda t: t.replace("00001.m4s", "00009.m4s"), "missing")):
        (folder / name).rename(folder / f"{name}.kept")
        (folder / name).write_text(change((folder / f"{name}.kept").read_text()))
        try:
            assert any(finding in line for line in hls_checker.check(folder, duration_ms)), (name, finding)
        finally:
            (folder / f"{name}.kept").replace(folder / name)
