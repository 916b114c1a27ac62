"""What of ours rests on credits that are taken back: certificates, which are revoked by the contra entry itself."""

from __future__ import annotations

from guanxue import creditbank
from guanxue.core.i18n import lazy as _
from guanxue.credentials.queries import newest_of


def foresee(taking: creditbank.Taking) -> list[creditbank.Consequence]:
    """Valid certificates of these credits."""
    rows = [issued.credential for issued in newest_of(taking.codes).values() if issued.is_valid]
    return [creditbank.Consequence("certificate-revoked", f"credential:{row.serial}", str(_(
        "证书 %(serial)s（%(title)s）不再有效，核验时显示已撤销。", serial=row.serial, title=row.title)))
        for row in sorted(rows, key=lambda row: row.serial)]


REST = creditbank.Rest("credentials", foresee)
