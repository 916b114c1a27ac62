"""What a teacher is told about a video of theirs: how far it is, what was done to it, what can be done now."""

from __future__ import annotations

from fractions import Fraction

from guanxue.core.actor import Actor
from guanxue.core.i18n import lazy as _
from guanxue.media.models import FAILED, IMPROVING, READY, WAITING, WORKING, Asset

STAGES = {"": _("排队中"), "speaking": _("朗读中"), "checking": _("检查文件"), "listening": _("测量音量"),
          "encoding": _("转换画面和声音"),
          IMPROVING: _("正在做更清晰的画面")}
DONE = {"turned": _("画面已转正"), "square": _("画面比例已校正"), "hdr": _("HDR 已转为普通画面"),
        "interlaced": _("隔行画面已处理"),
        "no-sound": _("没有声音"), "silent": _("录音是静音的"), "sound-lost": _("声音读不出来，做成了没有声音的视频"),
        "loudness": _("已调整音量"), "held": _("声音比画面长，最后一个画面留到声音结束")}


def describe_making(asset: Asset, actor: Actor) -> dict:
    """state; stage and percent (None when nothing is going on); failure; done and sizes in words; may_cancel, may_retry.

    `is_watchable`: it plays already, also while better pictures are made. `is_rough`: those could not be made.
    """
    is_going = asset.state in (WAITING, WORKING) or (asset.state == READY and asset.stage == IMPROVING)
    return {
        "state": asset.state, "stage": STAGES.get(asset.stage, STAGES["encoding"]) if is_going else None,
        "percent": asset.progress_permille // 10 if is_going else None, "failure": asset.failure,
        "is_watchable": asset.state == READY, "is_rough": bool(asset.facts.get("is_rough")),
        "done": [done_words(name, asset.facts["source"]["frame_rate"] if name in RATED else "")
                 for name in asset.facts.get("done", ())],
        "sizes": [name.replace("p", "P") for name in asset.facts.get("renditions", ())] if asset.state == READY else [],
        "may_cancel": asset.state in (WAITING, WORKING) and asset.created_by == actor.ref,
        "may_retry": asset.state == FAILED or (asset.state == READY and bool(asset.facts.get("is_rough"))),
    }


RATED = ("uneven", "fewer")


def done_words(name: str, frame_rate: str) -> object:
    """What was (or will be) done to a film, in words; `frame_rate` as "25" or "30000/1001"."""
    if name in RATED:
        rate = round(float(Fraction(frame_rate)))
        return (_("原视频帧率不稳，已改为每秒 %(n)s 帧", n=rate) if name == "uneven" else _("已改为每秒 %(n)s 帧", n=rate))
    return DONE[name]
