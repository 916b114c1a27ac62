"""Words for people. The message id is the zh-Hans text itself; further languages are catalogues in translations/.

Hearts use `lazy` (the language is chosen when the text is shown), edges may use `gettext`.
"""

from flask_babel import gettext, lazy_gettext, lazy_ngettext, ngettext

lazy = lazy_gettext

__all__ = ["gettext", "lazy", "lazy_ngettext", "ngettext"]
