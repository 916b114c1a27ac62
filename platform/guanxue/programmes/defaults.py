"""The targets we ship. All of them are our proposal and not official: the city's policy of 2018 names no numbers.

A bureau that decides otherwise publishes another version. Basis, as far as there is one, stands in each document.
"""

from guanxue.core.i18n import marked as N_
from guanxue.programmes.rules import EVER, PROGRAMME, SCHEME, YEAR

_PROPOSAL = N_("平台的建议，不是官方规定：2018 年的政策没有写数字。")

DUAL_CERTIFICATE_1 = {
    "total_milli": 170_000,  # a three-year secondary diploma in one province's pilot (2017): at least 170 credits
    "needs": [
        {"title": N_("公共学科"), "at_least_milli": 60_000,
         "takes": {"categories": ["secondary-vocational", "general-literacy"]}},
        {"title": N_("技能"), "at_least_milli": 60_000, "takes": {"categories": ["skills-upgrading"]}},
    ],
    "caps": [
        {"title": N_("线上课程"), "at_most_permille": 250, "takes": {"sources": ["course"], "online": 1}},
        {"title": N_("认定的证书和竞赛"), "at_most_permille": 500, "takes": {"sources": ["certificate", "competition"]}},
    ],
    "valid_years": 8,
    "summary": N_("初中或以下学历的员工，一边学公共学科，一边用技能证转学分，拿学历，也拿技能证。"),
    # two regional papers on recognised learning; neither is about this city
    "basis": N_(
        "平台的建议，不是官方规定。170 学分参照外省 2017 年的试点；认定最多一半、线上最多四分之一，参照省里和高校的做法。"),
}
ONE_CREDIT_1 = {
    "total_milli": 1000, "period": YEAR, "times": 1,
    "summary": N_("一年里学满 16 学时，就是 1 学分。"), "basis": _PROPOSAL,
}
TEN_CREDITS_1 = {
    "total_milli": 10_000, "period": EVER, "times": 0,
    "needs": [{"title": N_("技能"), "at_least_milli": 5000, "takes": {"categories": ["skills-upgrading"]}}],
    "valid_years": 8,
    "summary": N_("每累计 10 学分，其中至少 5 学分是技能提升，可以申请一次奖励。多出来的留到下一次。"), "basis": _PROPOSAL,
}
SMALL_START_1 = {
    "total_milli": 100, "period": EVER, "times": 1,
    "summary": N_("第一个 0.1 学分：大约两三门短课。"), "basis": _PROPOSAL,
}

# code, version, kind, title, document, the city day from which it holds
SHIPPED = [
    ("first-step", 1, SCHEME, N_("学习起步奖"), SMALL_START_1, "2026-01-01"),
    ("one-credit-a-year", 1, SCHEME, N_("年度学习奖"), ONE_CREDIT_1, "2026-01-01"),
    ("ten-credits", 1, SCHEME, N_("累计学习奖"), TEN_CREDITS_1, "2026-01-01"),
    ("dual-certificate", 1, PROGRAMME, N_("学历+技能双证"), DUAL_CERTIFICATE_1, "2026-01-01"),
]
