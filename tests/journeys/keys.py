"""Somebody who has a keyboard and nothing else: goes by Tab, acts by Enter, Space and arrows, and must see where they are."""

from __future__ import annotations

from playwright.sync_api import Error, Locator, Page

MOST_STOPS = 120
# What the element that has the focus looks like: how wide its ring is (its own, or that of the label or row it fills), and
# whether any of it can be seen, not behind a bar and not outside the window.
LOOK = """() => {
  const e = document.activeElement;
  if (!e || e === document.body || e === document.documentElement) return null;
  const ring = (x) => { const s = getComputedStyle(x); return s.outlineStyle === 'none' ? 0 : parseFloat(s.outlineWidth); };
  const shadow = (x) => getComputedStyle(x).boxShadow !== 'none';
  const holders = [e, e.closest('label'), e.nextElementSibling, e.closest('form.search'), e.querySelector('rect')].filter(Boolean);
  const svg = e.querySelector && e.querySelector('rect');
  const isMarked = holders.some((x) => ring(x) >= 2 || shadow(x)) || Boolean(svg && parseFloat(getComputedStyle(svg).strokeWidth) >= 3)
    || e.tagName === 'VIDEO';
  const box = e.getBoundingClientRect();
  let seen = 0;
  for (const fx of [0.1, 0.5, 0.9]) for (const fy of [0.15, 0.5, 0.85]) {
    const at = document.elementFromPoint(box.left + box.width * fx, box.top + box.height * fy);
    if (at && (at === e || e.contains(at) || at.contains(e))) seen += 1;
  }
  return { isMarked, seen, what: e.outerHTML.slice(0, 160), y: box.top };
}"""


class Keys:
    """A page in the hands of somebody without a pointer."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.stops = 0

    def tab_to(self, wanted: Locator, *, back: bool = False) -> None:
        """Go on by Tab until one of `wanted` has the focus; every stop on the way must be marked and in sight."""
        for _stop in range(MOST_STOPS):
            self.page.keyboard.press("Shift+Tab" if back else "Tab")
            self.look()
            if self.is_at(wanted):
                return
        there = self.page.locator("body").inner_text()
        raise AssertionError(f"not reached by Tab within {MOST_STOPS} stops: {wanted}\n{there}")

    def look(self) -> None:
        """Where am I? It must be seen."""
        try:
            told = self.page.evaluate(LOOK)
        except Error:  # another page has just come
            self.page.wait_for_load_state()
            told = self.page.evaluate(LOOK)
        if told is None:  # between the page's end and its beginning
            return
        self.stops += 1
        assert told["isMarked"], f"the focus is not marked: {told['what']}"
        assert told["seen"], f"the focus is hidden: {told['what']} at {told['y']}"

    def is_at(self, wanted: Locator) -> bool:
        """Has one of them the focus?"""
        try:
            return any(x.evaluate("(e) => e === document.activeElement") for x in wanted.all())
        except Error:  # another page has just come
            return False

    def press(self, key: str, times: int = 1) -> None:
        """Press a key."""
        for _n in range(times):
            self.page.keyboard.press(key)

    def write(self, field: Locator, text: str) -> None:
        """Go to a field and fill it."""
        self.tab_to(field)
        self.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(text)

    def follow(self, wanted: Locator) -> None:
        """Go to a link or button and press Enter."""
        self.tab_to(wanted)
        self.press("Enter")
        self.page.wait_for_timeout(150)  # another page may be on its way
        self.page.wait_for_load_state()

    def choose(self, field: Locator, label: str) -> None:
        """Pick an option of a list by its arrows."""
        self.tab_to(field)
        names = [text.strip() for text in field.first.locator("option").all_text_contents()]
        now = field.first.evaluate("(e) => e.selectedIndex")
        steps = names.index(label) - now
        self.press("ArrowDown" if steps > 0 else "ArrowUp", abs(steps))

    def walk(self, most: int = MOST_STOPS) -> int:
        """Once through the whole page by Tab and out of it again: how many stops there are. A trap never ends."""
        self.page.evaluate("() => { document.activeElement.blur(); getSelection().removeAllRanges(); }")
        first, stops = None, 0
        for _n in range(most):
            self.press("Tab")
            here = self.page.evaluate("() => document.activeElement === document.body ? '' : (document.activeElement.dataset.walked = 1,"
                                      " [...document.querySelectorAll('*')].indexOf(document.activeElement))")
            if here in ("", first):
                return stops
            first = here if first is None else first
            self.look()
            stops += 1
        raise AssertionError(f"no way out within {most} stops")
