"""Lines of the audit trail in words, for the people they are about and for administrators."""

from __future__ import annotations

from guanxue.core.i18n import gettext
from guanxue.core.i18n import marked as N_  # noqa: N812 gettext's own name for it

DEEDS = {
    "accounts.person.registered": N_("注册"), "accounts.person.renamed": N_("更正姓名"),
    "accounts.person.town_set": N_("选了镇街"),
    "accounts.person.opened": N_("管理员打开账号页"), "accounts.person.listed": N_("看证件时列出了同名的账号"),
    "accounts.person.exported": N_("下载自己的数据"),
    "accounts.person.disabled": N_("停用账号"), "accounts.person.enabled": N_("恢复账号"),
    "accounts.person.unlocked": N_("解除输错次数的限制"),
    "accounts.person.erased": N_("注销完成，个人信息已删除"), "accounts.person.merged": N_("合并账号"),
    "accounts.person.parted": N_("拆分账号"), "accounts.people.searched": N_("查找人员"),
    "accounts.erasure.asked": N_("申请注销"), "accounts.erasure.cancelled": N_("撤销注销申请"),
    "accounts.identity.stated": N_("填写身份证号"), "accounts.identity.corrected": N_("更正身份证号"),
    "accounts.identity.withdrawn": N_("删除身份证号"), "accounts.identity.seen": N_("查看完整的身份证号"),
    "accounts.identity.claimed": N_("别的账号想登记同一个身份证号，被拒绝"),
    "accounts.identity.asked": N_("申请看证件"), "accounts.identity.checked": N_("工作人员看过证件"),
    "accounts.identity.refused": N_("看证件没有通过"), "accounts.identity.unchecked": N_("撤销了一次确认"),
    "accounts.identity.matched": N_("数据核对一致"), "accounts.identity.mismatched": N_("数据核对不一致"),
    "accounts.identity.unanswered": N_("核验服务没有结果，由工作人员办理"), "creditbank.credit.waits": N_("学分等确认身份"),
    "accounts.number.lapsed": N_("注销后留下的证件号开头和校验码到期，已删除"),
    "accounts.password.changed": N_("换密码"), "accounts.phone.changed": N_("换手机号"),
    "accounts.phone.disputed": N_("手机号有争议"), "accounts.phone.released": N_("放弃手机号"),
    "accounts.organisation.created": N_("登记单位"), "accounts.organisation.renamed": N_("单位改名"),
    "accounts.organisation.closed": N_("停用单位"), "accounts.organisation.reopened": N_("恢复单位"),
    "accounts.role.withdrawn": N_("收回角色"),
    "accounts.role.granted": N_("授予角色"), "accounts.session.ended": N_("让一个设备退出"),
    "accounts.sessions.ended": N_("让其他设备退出"), "accounts.second_factor.set_up": N_("打开两步验证"),
    "accounts.second_factor.removed": N_("关闭两步验证"), "accounts.second_factor.reset": N_("管理员重设两步验证"),
    "accounts.recovery_code.used": N_("用了一个恢复码"), "accounts.recovery_codes.printed": N_("打印了一组恢复码"),
    "learning.enrolment.began": N_("报名课程"), "learning.enrolment.left": N_("退出课程"),
    "learning.enrolment.moved": N_("换到课程改好的版本"),
    "learning.course.completed": N_("学完课程"), "learning.completion.refused": N_("学完课程没有通过核算"),
    "learning.beat.forged": N_("一次学习上报的凭证不对，被拒绝"),
    "learning.attempt.in_a_blink": N_("考核交得比看题、点选还快（照样算分，由人来看）"),
    "learning.beat.ahead": N_("学习上报的时间比服务器走得快，快的部分没有计入"),
    "learning.beat.replayed": N_("早就收到过的学习上报又来了一次，没有再计"),
    "learning.beat.superseded": N_("换到别的设备以后，原来的设备还在上报，被拒绝"),
    "learning.beat.foreign": N_("上报了别人的播放，被拒绝"),
    "learning.playback.refused": N_("没有报名就要播放，被拒绝"),
    "quizzes.answers.foreign": N_("交来的答案属于另一次考核，被拒绝"), "quizzes.attempt.extended": N_("延长考核时间"),
    "tracks.membership.joined": N_("加入学习路线"), "tracks.membership.left": N_("退出学习路线"),
    "tracks.track.created": N_("新建学习路线"), "courses.course.created": N_("新建课程"),
    "courses.course.submitted": N_("课程提交审核"), "courses.course.returned": N_("课程退回修改"),
    "courses.course.drawn_back": N_("撤回送审的课程"), "courses.course.passed": N_("课程审核通过一位"),
    "courses.candidate.judged": N_("对送审的一稿下结论"), "courses.remark.made": N_("提审核意见"),
    "courses.remark.answered": N_("答复审核意见"), "courses.remark.settled": N_("了结审核意见"),
    "courses.remark.reopened": N_("重新提出审核意见"), "courses.rights.declared": N_("说明素材的权利"),
    "courses.course.stopped": N_("停止新的报名或停课"), "courses.course.reopened": N_("恢复课程"),
    "courses.checklist.published": N_("发布审核清单"), "courses.complaint.filed": N_("投诉课程"),
    "courses.complaint.held": N_("核实投诉，先停课"), "courses.complaint.released": N_("核实投诉，恢复课程"),
    "courses.complaint.asked": N_("请作者说明投诉"), "courses.complaint.countered": N_("作者说明投诉"),
    "courses.complaint.decided": N_("决定投诉"),
    "courses.course.approved": N_("课程审核通过"), "courses.course.published": N_("课程发布"),
    "courses.course.taken_on": N_("认领筹备中的课程"), "courses.course.given_back": N_("还回筹备中的课程"),
    "courses.lesson.removed": N_("从草稿里删掉一节课"), "courses.lesson.put_back": N_("把删掉的放回草稿"),
    "courses.subtitles.kept": N_("确认字幕对得上新视频"),
    "courses.author.invited": N_("邀请老师合写课程"), "courses.author.joined": N_("加入课程合写"),
    "courses.author.left": N_("退出课程合写"), "courses.course.handed_over": N_("转交课程"),
    "courses.course.institution": N_("课程归属单位"), "media.file.kept": N_("上传图片或附件"),
    "media.asset.created": N_("上传或制作视频"),
    "media.asset.cancelled": N_("取消制作视频"), "media.asset.retried": N_("再做一次视频"),
    "media.upload.finished": N_("传完一个视频"),
    "quizzes.answer.marked": N_("批改一个答案"), "quizzes.regrade.asked": N_("提出答案更正"),
    "quizzes.regrade.confirmed": N_("确认答案更正"), "quizzes.regrade.refused": N_("不同意答案更正"),
    "quizzes.paper.created": N_("生成试卷"), "ledger.entry.reversed": N_("冲销学分"),
    "discussions.post.reported": N_("举报一段文字"), "discussions.post.kept": N_("留下被举报的文字"),
    "discussions.post.removed": N_("撤下被举报的文字"), "helpdesk.ticket.answered": N_("回复求助"),
    "helpdesk.ticket.closed": N_("结束求助"),
    "cases.case.opened": N_("提出更正、申诉或疑点"), "cases.case.answered": N_("对一件事作说明"),
    "cases.case.asked": N_("请当事人说明"), "cases.case.evidence_added": N_("补充证据"),
    "cases.case.decided": N_("对一件事作决定"), "cases.case.appealed": N_("申诉"),
    "cases.case.accepted": N_("接受决定"), "cases.case.withdrawn": N_("撤回请求"), "cases.case.closed": N_("一件事办结"),
    "oversight.finding.dismissed": N_("学习疑点：没有问题"), "oversight.finding.case": N_("学习疑点：立案"),
    "oversight.look.asked": N_("查一遍学习记录"), "oversight.room.opened": N_("登记培训室"),
    "oversight.room.closed": N_("停用培训室"), "oversight.room.marked": N_("登记培训室的设备或网络"),
    "oversight.room.unmarked": N_("去掉培训室的设备或网络"),
}

# Steps in knowing who somebody is.
DOCUMENT_STEPS = {
    "stated": N_("填了证件号"), "corrected": N_("更正了证件号"), "removed": N_("删掉了证件"), "asked": N_("申请看证件"),
    "seen": N_("工作人员看过证件"), "refused": N_("没有通过"), "matched": N_("数据核对一致"),
    "mismatched": N_("数据核对不一致"),
    "unanswered": N_("核验服务没有结果，由工作人员办理"), "withdrawn": N_("撤销了一次确认"),
    "lapsed": N_("改了姓名，以前的确认不再算数"),
    "disputed": N_("另一个账号也填了这个号码"), "claimed": N_("填的号码登记在另一个账号上"),
}


def deed(action: str) -> str:
    """What was done, in the reader's words; a deed nobody put into words is called by its code."""
    return gettext(DEEDS[action]) if action in DEEDS else action


def doer(ref: str, names: dict[str, str]) -> str:
    """Who did it: a name, or the system."""
    return names.get(ref) or (gettext("系统") if ref.startswith("system:") else gettext("未登录的人"))
