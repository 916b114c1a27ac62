"""The paper of a credential: what stands on it, taken from the signed file alone, so that paper and file never differ."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import segno

from guanxue import creditbank
from guanxue.core import clock
from guanxue.core.i18n import lazy as _
from guanxue.credentials.errors import NotPrinted
from guanxue.credentials.models import Credential
from guanxue.credentials.queries import file_of
from guanxue.credentials.signing import parse

PRESS = Path(__file__).with_name("press.py")
FONTS = tuple(Path(folder) / "NotoSansCJK-Regular.ttc" for folder in (
    "/usr/share/fonts/opentype/noto", "/usr/share/fonts/noto-cjk", "/usr/share/fonts/google-noto-cjk"))
SIMPLIFIED = 2  # its place in Noto's collection
TIMEOUT_S = 60
# A paper speaks Chinese, with its name in English below: it is handed to others, whatever language its holder reads.
TITLES = {"course": ("学习证明", "Record of Study"), "class": ("培训合格证书", "Certificate of Training Completed"),
          "statement": ("学分对账单", "Statement of Credits")}
NOTE = ("本证明由学习平台出具，说明学习和考核的情况；不是学历、学位证明，也不代替国家规定的职业（工种）评价证书。"
        "有没有撤销，以核验页为准。姓名、证件尾号可在核验页比对。")


def press(told: dict) -> bytes:
    """What paper_of() tells, drawn: some seconds, in a process of its own. Raises NotPrinted without a font or a drawing."""
    font = next((f for f in FONTS if f.is_file()), None)
    if font is None:
        raise NotPrinted(_("服务器上没有中文字体，暂时不能做 PDF。请联系管理员安装 fonts-noto-cjk。"))
    asked = json.dumps({**told, "font": str(font), "face": SIMPLIFIED}, ensure_ascii=False)
    try:
        done = subprocess.run([sys.executable, "-I", str(PRESS)], input=asked.encode(), capture_output=True, timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired:
        done = None
    if done is None or done.returncode != 0 or not done.stdout.startswith(b"%PDF"):
        raise NotPrinted(_("PDF 没有做成，请过一会儿再试。"))
    return done.stdout


def paper_of(credential: Credential) -> dict:
    """What stands on the paper. Raises NoSuchCredential."""
    payload = parse(file_of(credential)).payload
    said, subject = payload["microCredential"], payload["credentialSubject"]
    title, english = TITLES[credential.kind]
    spaced = creditbank.spaced_code(credential.code)
    address = f"{payload['issuer']['url']}/verify/{credential.code}"
    told = {
        "kind": credential.kind, "title": title, "english": english, "issuer": payload["issuer"]["name"], "seal": "莞学已证",
        "number": credential.serial, "issued_at": payload["validFrom"].replace("Z", "+00:00"), "address": address,
        "note": NOTE,
        "matrix": ["".join("1" if bit else "0" for bit in row) for row in segno.make(address, error="m").matrix],
        "check": f"扫码，或打开下面的网址，输入核验码\n{spaced}",
    }
    masked = next((i["identityHash"] for i in subject["identifier"] if i["identityType"] == "ext:masked-document"),
                  "未登记证件")
    if credential.kind == "statement":
        return told | _statement_rows(credential, payload, masked)
    work, ended = said["workload"], _day(subject["activityEndDate"])
    began = _day(subject["activityStartDate"]) if "activityStartDate" in subject else ended
    verb = "学完" if credential.kind == "course" else "参加并完成"
    return told | {
        "sentence": f"{said['learner']}于{ended if began == ended else f'{began}至{ended}'}{verb}"
                    f"“{said['title']}”，{said['grade']}，特此证明。",
        "rows": [
            ["编号  No.", credential.serial], ["姓名  Name", said["learner"]],
            ["证件  Identity", f"{masked}（{said['identityCheck']}）"],
            ["项目  Programme", said["title"]], ["起止  Period", f"{began} — {ended}"],
            ["学时学分  Workload", f"{work['classHours']:.3f} 学时（每学时 {work['classHourMinutes']} 分钟），"
                                   f"{work['credits']:.3f} 学分"],
            ["考核  Assessment", said["assessment"]], ["方式等级  Mode, level", f"{said['participation']}；{said['level']}"],
            ["培训机构  Institution", said["awardingBody"]], ["出具日期  Issued", _day(payload["validFrom"])]],
    }


def _statement_rows(credential: Credential, payload: dict, masked: str) -> dict:
    said = payload["microCredential"]
    work = said["workload"]
    return {
        "rows": [["编号  No.", credential.serial], ["姓名  Name", said["learner"]],
                 ["证件  Identity", f"{masked}（{said['identityCheck']}）"],
                 ["合计  Total", f"{work['credits']:.3f} 学分，{work['classHours']:.3f} 学时"],
                 ["出具和有效  Valid", f"{_day(payload['validFrom'])} — {_day(payload['validUntil'])}"]],
        "columns": ["日期", "内容", "学时", "学分"],
        "lines": [[_short(x["at"]), x["title"], f"{x['class_hours']:.3f}", f"{x['credits']:+.3f}"] for x in payload["entries"]],
    }



def _short(text: str) -> str:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(clock.CITY).date().isoformat()


def _day(text: str) -> str:
    at = datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(clock.CITY)
    return f"{at.year}年{at.month}月{at.day}日"
