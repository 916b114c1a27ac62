"""This room's own part of a merge: who can sign in, the stated number, the town; and what does not move."""

from __future__ import annotations

from sqlalchemy import func, select, update

from guanxue.accounts import kinds
from guanxue.accounts.identity import add_step, lapse_checks
from guanxue.accounts.keepers import Effect, Merging, Plan
from guanxue.accounts.levels import fold, list_known
from guanxue.accounts.models import IdentityCheck, Merge, Organisation, Person, Role, Session, StatedDocument
from guanxue.accounts.namesakes import are_two_people
from guanxue.accounts.queries import get_person
from guanxue.accounts.rules import are_one_name, mask_phone
from guanxue.core import clock, sealing
from guanxue.core.actor import Actor
from guanxue.core.db import session
from guanxue.core.i18n import lazy as _
from guanxue.policies import PHONE, SEEN


def plan_merge(kept_id: int, merged_id: int) -> Plan:
    """Sign-in, sessions, number, town, roles, consents."""
    kept, merged = get_person(kept_id), get_person(merged_id)
    subject, effects, is_one_name = merged.ref, [], are_one_name(kept.name, merged.name)
    if not is_one_name:
        told = _("两个账号的姓名不一样：%(a)s，%(b)s。不是同一个人，就不要合并。", a=kept.name, b=merged.name)
        effects.append(Effect("names.differ", subject, told))
    effects.append(Effect("account.closed", subject, _(
        "以后只用 %(kept)s 登录；%(merged)s 不能再登录。", kept=mask_phone(kept.phone), merged=mask_phone(merged.phone))))
    count = session.scalar(select(func.count()).select_from(Session).where(
        Session.person_id == merged_id, Session.revoked_at.is_(None), Session.expires_at > clock.now())) or 0
    if count:
        told = _("那个账号的 %(n)s 处登录会退出，正在播放的课会停下，没有上传的学习不算。", n=count)
        effects.append(Effect("sessions.ended", subject, told, count))
    gives = tuple(d.stated_at.isoformat() for d in _documents(merged_id))
    if gives and _documents(kept_id):
        told = _("两个账号的证件不同：%(a)s，%(b)s。对过两个证件的原件、是同一个人，才合并。",
                 a=_masked(_documents(kept_id)), b=_masked(_documents(merged_id)))
        effects.append(Effect("identity.two", subject, told))
    if gives:
        effects.append(Effect("identity.moved", subject, _("填过的证件跟着人，转到保留的账号。")))
        if not is_one_name:
            told = _("姓名不一样，工作人员看过证件也不再算数，要带证件再看一次。")
            effects.append(Effect("identity.lapsed", subject, told))
    takes_town = merged.town_id if kept.town_id is None else None
    if takes_town is not None:
        town = session.get(Organisation, takes_town)
        effects.append(Effect("town.taken", f"town:{town.slug}", _("所在镇街写成 %(town)s。", town=town.name)))
    roles = session.scalar(select(func.count()).select_from(Role).where(Role.person_id == merged_id)) or 0
    if roles:
        told = _("那个账号的工作人员身份不会转过来：合并不给任何人权限。")
        effects.append(Effect("roles.left", subject, told, roles))
    effects.append(Effect("consents.left", subject, _("同意过的事项各归各的，以保留的账号为准。")))
    return Plan(tuple(effects), (gives, takes_town))


def _documents(person_id: int) -> list[StatedDocument]:
    return list(session.scalars(select(StatedDocument).where(StatedDocument.person_id == person_id)
                                .order_by(StatedDocument.stated_at, StatedDocument.id)))


def _masked(documents: list[StatedDocument]) -> str:
    return "、".join(f"{kinds.name_of(d.kind, d.masked)} {d.masked}" for d in documents)


def merge(actor: Actor, merging: Merging, plan: Plan) -> dict:
    """Carry out the plan; gives what was moved."""
    gives, takes_town = plan.steps
    kept, merged = get_person(merging.kept_id), get_person(merging.merged_id)
    merged.merged_into_id = kept.id
    session.execute(update(Session).where(Session.person_id == merged.id, Session.revoked_at.is_(None))
                    .values(revoked_at=clock.now()))
    codes = [_give(document, merged, kept).code for document in _documents(merged.id)] if gives else []
    if codes and not are_one_name(kept.name, merged.name):
        lapse_checks(actor, kept.id, "merged")
    if takes_town is not None:
        kept.town_id = takes_town
    session.flush()
    return {"identity": list(gives), "town": takes_town}


def _give(row: StatedDocument, giver: Person, taker: Person) -> StatedDocument:
    """The document under the other account, sealed for it anew."""
    number = sealing.unseal(row.kind, giver.ref, row.number_sealed)
    told = {name: getattr(row, name) for name in (
        "code", "kind", "country", "number_hash", "masked", "stated_at", "asked_at")}
    session.delete(row)
    session.flush()
    made = StatedDocument(person_id=taker.id, number_sealed=sealing.seal(row.kind, taker.ref, number), **told)
    session.add(made)
    session.flush()
    return made


def plan_part(merging: Merging, documents: dict) -> Plan:
    """The account opens again; what it had comes back, where it was not changed since."""
    document = documents.get("accounts", {})
    kept, merged = get_person(merging.kept_id), get_person(merging.merged_id)
    effects = [Effect("account.opened", merged.ref, _("%(phone)s 又可以用原来的密码登录。", phone=mask_phone(merged.phone)))]
    returns = _returning(merging, documents)
    if returns:
        effects.append(Effect("identity.returned", merged.ref, _("证件回到原来填它的账号。")))
    doubtful = tuple(step.id for step in _doubtful(merging, kept, merged, returns))
    if doubtful:
        told = _("合并以后看过的证件不再算数：两个账号分开了，要带证件再看一次。")
        effects.append(Effect("identity.doubtful", kept.ref, told))
    returns_town = document.get("town") is not None and kept.town_id == document["town"]
    if returns_town:
        effects.append(Effect("town.returned", kept.ref, _("合并时写上的所在镇街去掉。")))
    return Plan(tuple(effects), (returns, returns_town, doubtful))


def _returning(merging: Merging, documents: dict) -> tuple[str, ...]:
    """Codes of the documents that go back with the account that they came with."""
    came = documents.get("accounts", {}).get("identity") or ()
    came = (came,) if isinstance(came, str) else came  # one, as merges kept it before there were other documents
    # By its moment, which a correction leaves and another statement does not.
    return tuple(d.code for d in _documents(merging.kept_id) if d.stated_at.isoformat() in came)


def levels_after_part(merging: Merging, documents: dict) -> dict[int, int]:
    """How far it would be known after a parting who has each of the two accounts; PHONE of the one without a document."""
    kept, merged = get_person(merging.kept_id), get_person(merging.merged_id)
    returns = _returning(merging, documents)
    doubtful = {step.id for step in _doubtful(merging, kept, merged, returns)}
    found = {kept.id: PHONE, merged.id: PHONE}
    for known in list_known(kept.id):
        owner = merged.id if known.document.code in returns else kept.id
        found[owner] = max(found[owner], fold(s for s in known.steps if s.id not in doubtful)[0])
    return found


def _doubtful(merging: Merging, kept: Person, merged: Person, returns: tuple[str, ...]) -> list[IdentityCheck]:
    """Checks made while it was one account, of papers that are on two of one name again: nobody was asked then whether these
    are two people, and now it is said that they are."""
    merged_at = session.scalar(select(Merge.merged_at).where(Merge.code == merging.code))
    known = [k for k in list_known(kept.id) if k.level >= SEEN]
    go, stay = ([k for k in known if (k.document.code in returns) is goes] for goes in (True, False))
    if not (go and stay) or not are_one_name(kept.name, merged.name) or are_two_people(
            [k.document for k in go], [k.document for k in stay]):
        return []
    return [s for k in known for s in k.standing if s.at > merged_at]


def part(actor: Actor, merging: Merging, plan: Plan) -> None:
    """Carry out the plan of a parting."""
    returns, returns_town, doubtful = plan.steps
    kept, merged = get_person(merging.kept_id), get_person(merging.merged_id)
    for known in list_known(kept.id) if doubtful else ():
        for step in known.standing:
            if step.id in doubtful:
                add_step(actor, known.document, "withdrawn", of_id=step.id, what="parted")
    for document in _documents(kept.id):
        if document.code in returns:
            _give(document, kept, merged)
    if returns_town:
        kept.town_id = None
    session.flush()
