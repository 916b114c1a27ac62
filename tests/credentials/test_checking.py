"""Whether a file is genuine, decided from the file, the keys and the lists alone."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from guanxue.credentials import document, rules, signing, status_list
from guanxue.credentials.checking import check, is_list, looks_like_token, schema_faults

NOW = datetime(2026, 11, 26, 8, tzinfo=UTC)
BASE = "https://learn.example.cn"
KEY, OTHER = Ed25519PrivateKey.from_private_bytes(b"\1" * 32), Ed25519PrivateKey.from_private_bytes(b"\2" * 32)
INDEX = 4711


def jwk(key=KEY, **more) -> dict:
    return {**signing.key_of(signing.public_bytes(key)), "since": "2020-01-01T00:00:00Z", **more}


def facts(**more) -> document.Facts:
    return document.Facts(**{
        "serial": "ABCDEFGHJKMN-1", "code": "ABCDEFGHJKMN", "kind": "course", "title": "安全测量", "name": "林小莲", "identity": "身份证 441***************",
        "identity_check": "工作人员看过证件原件", "began_at": NOW - timedelta(days=9), "ended_at": NOW - timedelta(days=1), "institution": "虎门镇成人学校",
        "issued_at": NOW, "expires_at": None, "credits_milli": 72, "hours_milli": 1151, "outcomes": ("停机", "测量"), "criteria": "学完并通过考核。",
        "level": "五级", "assessment": "在线考核", "participation": "线上自学", "quality": "审核后发布", "grade": "合格", "stackability": "可以累计",
        "entry_number": 3, "status_index": INDEX, "subject": "urn:uuid:00000000-0000-4000-8000-000000000000", **more})


def payload(**more) -> dict:
    return document.credential(facts(**more), base=BASE, issuer="莞学试点办")


def token(told=None, key=KEY, **header) -> str:
    return signing.sign(key, payload() if told is None else told, kid=f"{BASE}/credentials/keys/{jwk(key)['kid']}")


def a_list(bits=(), replaced=(), key=KEY, at=NOW, number=1) -> str:
    told = document.status_list(number, status_list.pack(bits), list(replaced), base=BASE, issuer="莞学试点办", at=at, until=at + timedelta(days=7))
    return token(told, key)


def fault(text, keys=None, now=NOW, lists=()) -> str:
    seen = check(text, keys if keys is not None else [jwk()], now, lists)
    assert seen.is_valid == (not seen.fault) and bool(seen.why) == (not seen.is_valid)
    return seen.fault


def forged(header=None, body=None, signature=None) -> str:
    parts = token().split(".")
    for n, new in enumerate((header, body)):
        if new is not None:
            parts[n] = signing.encode(json.dumps(new).encode())
    return ".".join([*parts[:2], parts[2] if signature is None else signature])


def test_a_genuine_file_is_valid_with_the_key_alone():
    seen = check(token(), [jwk(OTHER), jwk()], NOW)
    assert seen.is_valid and seen.fault == seen.why == "" and seen.listed_at == "" and seen.payload["name"] == "安全测量"
    assert fault(token(), lists=[a_list()]) == "" and check(token(), [jwk()], NOW, [a_list()]).listed_at == "2026-11-26T08:00:00Z"


# ---- what it says


def test_it_has_what_open_badges_3_asks_for():
    told = payload(expires_at=NOW + timedelta(days=90))
    assert schema_faults(told) == [] and schema_faults(payload()) == []
    assert told["@context"][:2] == ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"]
    assert told["type"] == ["VerifiableCredential", "OpenBadgeCredential"]
    assert told["id"] == told["jti"] == f"{BASE}/credentials/ABCDEFGHJKMN-1" and told["iss"] == told["issuer"]["id"]
    assert told["validFrom"] == "2026-11-26T08:00:00Z" and told["nbf"] == 1795680000 and told["exp"] == told["nbf"] + 90 * 86400
    assert told["credentialSubject"]["creditsEarned"] == 0.072 and told["sub"] == told["credentialSubject"]["id"]
    # 1EdTech's schema leaves the subject no further members.
    assert set(told["credentialSubject"]) <= {"id", "type", "activityEndDate", "activityStartDate", "creditsEarned", "achievement", "identifier",
                                              "image", "licenseNumber", "narrative", "result", "role", "source", "term"}
    assert {"id", "type", "criteria", "description", "name"} <= set(told["credentialSubject"]["achievement"])
    assert isinstance(told["credentialStatus"], dict) and {"id", "type"} <= set(told["credentialStatus"])


def test_it_has_the_eleven_fields_of_the_union_and_the_three_more():
    said = payload()["microCredential"]
    assert set(said) == {*document.FIELDS, *document.MORE_FIELDS} and len(document.FIELDS) == 11
    assert said["learner"] == "林小莲" and said["country"] == "CN" and said["workload"] == {"classHours": 1.151, "classHourMinutes": 45, "credits": 0.072}
    assert all(said[name] for name in document.FIELDS)


@pytest.mark.parametrize("path", [
    "@context", "id", "type", "name", "issuer", "validFrom", "credentialSubject", "credentialStatus", "iss", "jti", "sub", "nbf",
    "issuer.id", "issuer.type", "credentialSubject.type", "credentialSubject.achievement", "credentialSubject.achievement.id",
    "credentialSubject.achievement.type", "credentialSubject.achievement.name", "credentialSubject.achievement.description",
    "credentialSubject.achievement.criteria", "credentialStatus.type", "credentialStatus.statusListIndex", "credentialStatus.statusListCredential"])
def test_a_signed_file_that_lacks_what_must_be_there_is_no_credential(path):
    told = payload()
    *ways, name = path.split(".")
    inner = told
    for way in ways:
        inner = inner[way]
    del inner[name]
    assert schema_faults(told) and fault(token(told)) == "schema"


@pytest.mark.parametrize("change", [
    {"@context": ["https://www.w3.org/2018/credentials/v1"]}, {"type": ["VerifiableCredential"]}, {"validFrom": "2026-11-26"}, {"validFrom": "2026-11-26T08:00:00"},
    {"validUntil": "never"}, {"exp": 1}, {"nbf": 1}, {"iss": "https://else.example"}, {"jti": "urn:x"}, {"sub": "urn:x"}, {"id": "no address"}, {"issuer": BASE}])
def test_a_member_of_the_wrong_kind_is_named(change):
    assert fault(token({**payload(), **change})) == "schema"


# ---- what is not genuine


def test_any_flipped_bit_is_noticed():
    text = token()
    for n in range(0, len(text), 7):
        if text[n] == ".":
            continue
        raw = chr(ord(text[n]) ^ 1)
        changed = text[:n] + raw + text[n + 1:]
        assert fault(changed) in ("form", "signature", "algorithm", "key"), (n, text[n])


def test_every_last_character_counts_also_the_bits_that_decode_to_nothing():
    text = token()
    wrong = [c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" if c != text[-1]]
    assert {fault(text[:-1] + c) for c in wrong} <= {"form", "signature"}


@pytest.mark.parametrize("alg", ["none", "None", "HS256", "ES256", "EdDSA ", "", None, ["EdDSA"], 1])
def test_the_header_chooses_no_algorithm(alg):
    header = {"alg": alg, "kid": f"{BASE}/credentials/keys/{jwk()['kid']}", "typ": "JWT"}
    for signature in (None, "", signing.encode(b"x" * 64)):
        assert fault(forged(header=header, signature=signature)) in ("algorithm", "form", "signature")
    assert fault(forged(header={"alg": "none"}, signature="")) == "algorithm"


def test_a_key_in_the_file_itself_is_not_believed():
    text = signing.sign(OTHER, payload(), kid=f"{BASE}/credentials/keys/{jwk(OTHER)['kid']}")
    assert fault(text) == "key"
    with_own = {"alg": "EdDSA", "kid": "x", "jwk": jwk(OTHER)}
    assert fault(forged(header=with_own)) == "key"


def test_a_swapped_key_is_noticed():
    ours = {**jwk(OTHER), "kid": jwk()["kid"]}
    assert fault(token(), [ours]) == "signature"
    assert fault(token(), []) == "key"
    assert fault(signing.sign(OTHER, payload(), kid=jwk()["kid"])) == "signature"


def test_a_key_of_another_kind_checks_nothing():
    assert fault(token(), [jwk(alg="SM2")]) == "signature" and fault(token(), [jwk(crv="P-256")]) == "signature" and fault(token(), [jwk(x="AA")]) == "signature"


def test_a_header_that_must_be_understood_is_not_passed_over():
    header = {"alg": "EdDSA", "kid": jwk()["kid"], "crit": ["exp"]}
    assert fault(forged(header=header)) == "algorithm"


@pytest.mark.parametrize("text", ["", "x", "a.b", "a.b.c", "....", "é.é.é", "e30.e30.", "bnVsbA.bnVsbA.AA", "W10.W10.AA", "{}", "A" * 1_000_001, "e30.e30.A=", "e30.e30\n.AA",
                                  base64.urlsafe_b64encode(b'{"alg":"EdDSA","alg":"none"}').decode().rstrip("=") + ".e30.AA"])
def test_what_is_no_token_is_told_so(text):
    assert fault(text) in ("form", "algorithm")
    assert looks_like_token("e30.e30.AA") is False


def test_dates_are_kept():
    told = payload(expires_at=NOW + timedelta(days=90))
    assert fault(token(told)) == "" and fault(token(told), now=NOW + timedelta(days=91)) == "expired" and fault(token(told), now=NOW - timedelta(seconds=1)) == "early"


def test_a_key_that_was_put_aside_signs_nothing_new():
    assert fault(token(), [jwk(until="2026-11-26T07:59:59Z")]) == "retired" and fault(token(), [jwk(since="2026-11-26T08:00:01Z")]) == "retired"
    came_back = [jwk(until="2026-11-01T00:00:00Z"), jwk(since="2026-11-25T00:00:00Z")]
    assert fault(token(), came_back) == "" and fault(token(), [*came_back, {**jwk(OTHER), "kid": jwk()["kid"]}]) == "signature"
    assert fault(token(), [jwk(until="2026-11-26T08:00:00Z")], now=NOW + timedelta(days=6 * 365)) == ""


# ---- lists


def test_a_revoked_id_is_not_valid_and_a_replaced_one_says_so():
    assert fault(token(), lists=[a_list([INDEX])]) == "revoked" and fault(token(), lists=[a_list([INDEX], [INDEX])]) == "replaced"
    assert fault(token(), lists=[a_list([INDEX - 1, INDEX + 1])]) == ""


def test_a_list_that_is_forged_old_or_another_one_decides_nothing():
    assert fault(token(), lists=[a_list(key=OTHER)]) == "list" and fault(token(), lists=["x"]) == "list" and fault(token(), lists=[token()]) == "list"
    assert fault(token(), lists=[a_list(at=NOW - timedelta(days=8))]) == "list" and fault(token(), lists=[a_list(number=2)]) == "list"
    assert fault(token(payload(status_index=status_list.BITS + 5)), lists=[a_list([5]), a_list([5], number=2)]) == "revoked"


def test_bits_stand_where_the_w3c_puts_them():
    bits = status_list.unpack(status_list.pack([0, 9, status_list.BITS - 1]))
    assert bits[:2] == b"\x80\x40" and bits[-1] == 1 and len(bits) == 16_384
    assert [i for i in range(status_list.BITS) if status_list.is_set(bits, i)] == [0, 9, status_list.BITS - 1]
    assert status_list.pack([3]) == status_list.pack([3]) and status_list.pack([]).startswith("u")
    for wrong in ("", "uAA", "z" + status_list.pack([])[1:], "u" + signing.encode(b"\x1f\x8b" + b"0" * 40)):
        with pytest.raises(signing.Malformed):
            status_list.unpack(wrong)
    assert not is_list({}) and not is_list({"type": None})


# ---- numbers and names


def test_a_serial_is_nobodys_level_certificate_number():
    serial = rules.serial_of(rules.new_code(), 1)
    assert rules.read_serial(serial) and len(serial) != 22 and not serial[0].isspace()
    for wrong in ("", "ABCDEFGHJKMN", "ABCDEFGHJKMN-0", "ABCDEFGHJKMN-01", "abcdefghjkmn-1", "ABCDEFGHJKM0-1", "Y000123000000195000001"):
        assert rules.read_serial(wrong) is None


@pytest.mark.parametrize(("typed", "is_same"), [("林小莲", True), (" 林 小莲 ", True), ("林小", False), ("林小連", False), ("", False)])
def test_names_are_compared_as_people_write_them(typed, is_same):
    assert (rules.plain_name(typed) == rules.plain_name("林小莲")) is is_same
    assert rules.plain_name("阿依·古丽") == rules.plain_name("阿依古丽") and rules.plain_name("ＬＩＵ Wei") == rules.plain_name("liu wei")


def test_no_two_credentials_name_their_holder_alike():
    assert rules.subject_of(b"k", "A-1") != rules.subject_of(b"k", "A-2") != rules.subject_of(b"j", "A-2")
