"""What browsers of 2017 knew, as tables: Chromium 57 is the oldest that our learners' phones bring (WeChat's own browser too).

Whatever is not in a table counts as newer. A word that was known and is missing here may be added; a word that was not
known stays out, and goes into the short lists at the end only with the reason why losing it harms nobody.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _sides(name: str, tails: str = "") -> str:
    return " ".join(f"{name}-{side}{tails}" for side in ("top", "right", "bottom", "left"))


PROPERTIES = _words(f"""
    align-content align-items align-self all animation animation-delay animation-direction animation-duration animation-fill-mode
    animation-iteration-count animation-name animation-play-state animation-timing-function backface-visibility background
    background-attachment background-blend-mode background-clip background-color background-image background-origin
    background-position background-position-x background-position-y background-repeat background-size border {_sides("border")}
    border-color border-style border-width {_sides("border", "-color")} {_sides("border", "-style")} {_sides("border", "-width")}
    border-collapse border-spacing border-image border-image-outset border-image-repeat border-image-slice border-image-source
    border-image-width border-radius border-top-left-radius border-top-right-radius border-bottom-left-radius
    border-bottom-right-radius bottom box-shadow box-sizing break-after break-before break-inside caption-side caret-color clear
    clip clip-path color color-rendering column-count column-fill column-rule column-rule-color column-rule-style
    column-rule-width column-span column-width columns contain content counter-increment counter-reset cursor direction display
    empty-cells fill fill-opacity fill-rule filter flex flex-basis flex-direction flex-flow flex-grow flex-shrink flex-wrap
    float font font-family font-feature-settings font-kerning font-size font-stretch font-style font-variant
    font-variant-caps font-variant-ligatures font-variant-numeric font-weight grid grid-area grid-auto-columns grid-auto-flow
    grid-auto-rows grid-column grid-column-end grid-column-start grid-row grid-row-end grid-row-start grid-template
    grid-template-areas grid-template-columns grid-template-rows height hyphens image-rendering isolation justify-content
    justify-items justify-self left letter-spacing line-height list-style list-style-image list-style-position list-style-type
    margin {_sides("margin")} max-height max-width min-height min-width mix-blend-mode object-fit object-position opacity order
    orphans outline outline-color outline-offset outline-style outline-width overflow overflow-wrap overflow-x overflow-y
    padding {_sides("padding")} page page-break-after page-break-before page-break-inside paint-order perspective
    perspective-origin pointer-events position quotes resize right shape-image-threshold shape-margin shape-outside
    shape-rendering size src stop-color stop-opacity stroke stroke-dasharray stroke-dashoffset stroke-linecap stroke-linejoin
    stroke-miterlimit stroke-opacity stroke-width tab-size table-layout text-align text-align-last text-anchor
    text-combine-upright text-decoration text-decoration-color text-decoration-line text-decoration-skip text-decoration-style
    text-indent text-orientation text-overflow text-rendering text-shadow text-size-adjust text-transform
    text-underline-position top touch-action transform transform-origin transform-style transition transition-delay
    transition-duration transition-property transition-timing-function unicode-bidi unicode-range user-select vertical-align
    visibility white-space widows width will-change word-break word-spacing word-wrap writing-mode z-index zoom
    grid-gap grid-row-gap grid-column-gap
""")
# Theirs to know or to drop; nobody else minds.
OWN_PROPERTIES = ("-webkit-", "-moz-", "-ms-")
GAPS = _words("gap row-gap column-gap grid-gap grid-row-gap grid-column-gap")
NEWER_GAPS = _words("gap row-gap column-gap")

UNITS = _words("px em rem % vh vw vmin vmax ch ex cm mm in pt pc q deg rad grad turn s ms dpi dpcm dppx fr hz khz")

FUNCTIONS = _words("""
    url var calc counter counters rect rgb rgba hsl hsla linear-gradient radial-gradient repeating-linear-gradient
    repeating-radial-gradient rotate rotatex rotatey rotatez rotate3d scale scalex scaley scalez scale3d translate translatex
    translatey translatez translate3d skew skewx skewy matrix matrix3d perspective cubic-bezier steps circle ellipse inset polygon
    minmax repeat fit-content blur brightness contrast drop-shadow grayscale hue-rotate invert opacity saturate sepia format
    local -webkit-image-set
""")
ONLY_IN = {"attr": "content"}

AT_RULES = _words("media supports keyframes -webkit-keyframes font-face page import charset namespace")
MEDIA = _words("""
    width height aspect-ratio orientation resolution color color-index monochrome hover any-hover pointer any-pointer
    display-mode scan grid -webkit-device-pixel-ratio -webkit-transform-3d
""")
MEDIA_WORDS = _words("and not only all print screen speech")

PSEUDO = _words("""
    :active :checked :default :disabled :empty :enabled :first :first-child :first-of-type :focus :hover :in-range :indeterminate
    :invalid :lang :last-child :last-of-type :left :link :not :nth-child :nth-last-child :nth-last-of-type :nth-of-type
    :only-child :only-of-type :optional :out-of-range :placeholder-shown :read-only :read-write :required :right :root :target
    :valid :visited :after :before :first-letter :first-line
    ::after ::backdrop ::before ::cue ::first-letter ::first-line ::placeholder ::selection
""")

KEYWORDS = _words("""
    inherit initial unset auto none normal hidden visible scroll solid dashed dotted double groove ridge block inline inline-block
    flex inline-flex grid inline-grid table inline-table table-cell table-row table-row-group table-header-group
    table-footer-group table-column table-column-group table-caption list-item run-in absolute relative fixed static sticky
    -webkit-sticky -webkit-box -webkit-inline-box -webkit-flex left right center top bottom both start end flex-start flex-end
    baseline stretch space-between space-around wrap nowrap wrap-reverse row column row-reverse column-reverse dense
    bold bolder lighter italic oblique small-caps tabular-nums lining-nums proportional-nums slashed-zero
    underline overline line-through wavy uppercase lowercase capitalize full-width pre pre-wrap pre-line
    break-word break-all keep-all ellipsis clip content-box border-box padding-box margin-box fill-box
    cover contain fill scale-down repeat repeat-x repeat-y no-repeat space round local
    pointer default text move help wait progress not-allowed grab grabbing crosshair zoom-in zoom-out col-resize row-resize
    ew-resize ns-resize context-menu cell copy alias no-drop all-scroll
    thin medium thick small smaller large larger x-small x-large xx-small xx-large caption icon menu
    disc circle square decimal decimal-leading-zero lower-alpha upper-alpha lower-roman upper-roman cjk-ideographic simp-chinese-informal
    inside outside collapse separate show hide ltr rtl isolate bidi-override isolate-override embed plaintext
    ease ease-in ease-out ease-in-out linear step-start step-end infinite alternate alternate-reverse reverse forwards backwards
    running paused nonzero evenodd butt bevel miter square currentcolor transparent middle sub super text-top text-bottom
    all manipulation pan-x pan-y pinch-zoom avoid avoid-page avoid-column page always portrait landscape a4 a5 letter
    max-content min-content fit-content -webkit-fit-content -webkit-fill-available auto-fill auto-fit span to at closest-side farthest-side closest-corner
    farthest-corner ellipse from horizontal vertical horizontal-tb vertical-rl vertical-lr mixed upright sideways
    preserve-3d flat optimizelegibility optimizespeed geometricprecision crisp-edges pixelated multiply screen overlay darken
    lighten luminosity soft-light hard-light strict layout style paint size justify last-baseline vertical under
    visiblepainted visiblefill visiblestroke visiblestroke painted stroke open-quote close-quote no-open-quote no-close-quote
    sans-serif serif monospace inset
""")
# Words that were known, but not for these properties.
NEWER_VALUES = {
    "overflow": {"clip"}, "overflow-x": {"clip"}, "overflow-y": {"clip"}, "flex": {"content"}, "flex-basis": {"content"},
    "background-clip": {"text"}, "background": {"text"},
    **dict.fromkeys(("width", "height", "min-width", "max-width", "min-height", "max-height"), {"stretch", "contain"}),
    **dict.fromkeys(("height", "min-height", "max-height"), {"stretch", "contain"}),
}
# Their words are names of our own or of fonts.
NAMES_OF_OUR_OWN = _words("""
    font font-family animation animation-name counter-increment counter-reset grid-area grid-column grid-row grid-template
    grid-template-areas transition transition-property will-change quotes content src unicode-range page
""")

# What a browser of 2017 must be told before the newer word, in the same rule. The same property with an older value always does.
EQUIVALENTS = {
    "gap": {"grid-gap"}, "row-gap": {"grid-row-gap", "grid-gap"}, "column-gap": {"grid-column-gap", "grid-gap"},
    "inset": {"top", "bottom", "left", "right"}, "aspect-ratio": {"height", "min-height", "padding-top", "padding-bottom"},
    "place-items": {"align-items"}, "place-content": {"align-content", "justify-content"}, "place-self": {"align-self"},
    "appearance": {"-webkit-appearance"}, "mask": {"-webkit-mask"}, "mask-image": {"-webkit-mask-image"},
    "backdrop-filter": {"background", "background-color"}, "print-color-adjust": {"-webkit-print-color-adjust"},
    "color-adjust": {"-webkit-print-color-adjust"}, "line-clamp": {"-webkit-line-clamp"},
    "margin-inline": {"margin", "margin-left"}, "margin-block": {"margin", "margin-top"},
    "margin-inline-start": {"margin-left"}, "margin-inline-end": {"margin-right"}, "padding-inline": {"padding", "padding-left"},
    "padding-block": {"padding", "padding-top"}, "padding-inline-start": {"padding-left"}, "padding-inline-end": {"padding-right"},
    "border-inline-start": {"border-left"}, "inline-size": {"width"}, "block-size": {"height"},
    "max-inline-size": {"max-width"}, "font-variant-east-asian": {"font-feature-settings"},
}

# ---- newer things that may stand alone, and why it harms nobody that an old browser drops them

HARMLESS_PROPERTIES = {
    "color-scheme": "scroll bars and empty form fields stay light; our own colours do not depend on it",
    "accent-color": "a tick box keeps the browser's blue",
    "text-wrap": "a title breaks where it happens to",
    "text-underline-offset": "the line is drawn closer to the letters",
    "text-decoration-thickness": "the line is as thick as the browser draws it",
    "text-decoration-skip-ink": "the line crosses the tails of letters",
    "scroll-behavior": "it jumps instead of gliding",
    "scroll-padding-top": "a heading that is jumped to stands at the very top",
    "scroll-padding-bottom": "what is focused may touch the bottom bar until it is scrolled",
    "scroll-padding": "what is jumped to may touch the edge",
    "scroll-margin-top": "a heading that is jumped to stands at the very top",
    "scroll-margin-bottom": "what is jumped to stands lower",
    "scroll-snap-type": "a row of cards is scrolled without stops",
    "scroll-snap-align": "a row of cards is scrolled without stops",
    "scrollbar-width": "the browser's own scroll bar",
    "scrollbar-gutter": "the page is a scroll bar's width wider while it is short",
    "overscroll-behavior": "scrolling goes on in the page behind",
    "overscroll-behavior-x": "scrolling goes on in the page behind",
    "overscroll-behavior-y": "scrolling goes on in the page behind",
    "content-visibility": "everything is laid out at once, only slower",
    "contain-intrinsic-size": "goes with content-visibility",
    "forced-color-adjust": "forced colours came later",
    "line-break": "a full stop may begin a line",
    "text-spacing-trim": "Chinese marks keep their full width",
    "text-autospace": "no thin space between Chinese and Latin letters",
    "hanging-punctuation": "marks stay inside the line",
    "font-optical-sizing": "the font as it is",
    "print-color-adjust": "a printer may leave tints out",
}
HARMLESS_FUNCTIONS = {"env": "phones of 2017 had no notch and no home bar to keep clear of"}
HARMLESS_AT_RULES = {"view-transition": "pages change without a fade"}
HARMLESS_MEDIA = {
    "prefers-color-scheme": "the light theme is shown", "prefers-reduced-motion": "nobody could ask for it then",
    "prefers-contrast": "nobody could ask for it then", "prefers-reduced-data": "nobody could ask for it then",
    "forced-colors": "nobody could ask for it then", "scripting": "the page as it is with scripts", "update": "asked only about paper",
}
HARMLESS_PSEUDO = {
    ":focus-visible": "the browser's own ring stays, unless a rule of ours takes it away",
    ":focus-within": "the field inside shows the focus itself",
    ":autofill": "the browser's own yellow stays",
    "::marker": "the number keeps the text's colour",
    "::file-selector-button": "the browser's own button",
    "::details-content": "what is folded is opened by a tap",
    "::spelling-error": "the browser's own red line",
    "::target-text": "the browser's own mark",
    "::-webkit-details-marker": "Chromium's and Safari's own",
}

# ---- scripts

# Names that may be missing: after a feature test only. What a script asks for by another name (window.X, X in window) too.
GLOBALS = _words("""
    IntersectionObserver ResizeObserver AbortController AbortSignal structuredClone queueMicrotask globalThis BigInt
    WeakRef FinalizationRegistry requestIdleCallback cancelIdleCallback caches BroadcastChannel ReportingObserver PerformanceObserver
    TextEncoderStream CompressionStream DecompressionStream ReadableStream OffscreenCanvas createImageBitmap EyeDropper
    Notification PushManager ManagedMediaSource MediaSource WebKitMediaSource VideoDecoder ImageDecoder scheduler CSSStyleSheet
    customElements ClipboardItem visualViewport DOMRectReadOnly SharedArrayBuffer Atomics PaymentRequest Sanitizer trustedTypes
    indexedDB navigation MediaMetadata
""")
# Members that may be missing, whatever they are asked of: after a feature test only.
MEMBERS = _words("""
    flat flatMap at replaceChildren replaceAll matchAll allSettled any fromEntries trimStart trimEnd finally hasOwn toSorted
    toReversed toSpliced with findLast findLastIndex groupBy withResolvers toggleAttribute requestSubmit showPicker showModal
    getAnimations randomUUID requestVideoFrameCallback requestPictureInPicture pictureInPictureElement decode description
    serviceWorker mediaSession wakeLock share canShare connection storage clipboard locks getInstalledRelatedApps setAppBadge
    vibrate permissions mediaCapabilities userAgentData deviceMemory checkVisibility moveBefore setHTMLUnsafe togglePopover
    showPopover hidePopover closeWatcher startViewTransition throwIfAborted timeout isWellFormed toWellFormed
    requestFullscreen exitFullscreen fullscreenElement webkitRequestFullscreen webkitEnterFullscreen orientation standalone
    scrollend sendBeacon attachInternals adoptedStyleSheets getOrInsert isSubsetOf union intersection difference
""")
# Words that our own objects use as well: only on these are they the browser's.
MEMBERS_OF = {
    "any": {"Promise", "AbortSignal"}, "with": set(), "timeout": {"AbortSignal"}, "union": set(), "intersection": set(), "difference": set(),
    "description": set(), "orientation": {"screen"}, "standalone": {"navigator"}, "connection": {"navigator"}, "storage": {"navigator"},
    "share": {"navigator"}, "locks": {"navigator"}, "permissions": {"navigator"}, "decode": set(),
}
# Our own objects have such a property; the browser's is a method, so only a call is meant.
ONLY_CALLED = _words("at flat timeout")
# Options that an old browser takes for something else or for nothing; `signal` would never abort.
OPTIONS = {"signal": "an old addEventListener and an old fetch ignore it"}
