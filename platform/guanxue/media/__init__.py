"""Video: narrated by the machine or uploaded by teachers, made into what every phone can play, delivered by signed address.

An asset is known by its source, so the same source is made once. Nothing is served before every rendition is whole.
"""

from guanxue.media.decks import MOST_BYTES as MOST_DECK_BYTES
from guanxue.media.decks import MOST_PAGES, Deck, read_deck
from guanxue.media.errors import (
    BadFile,
    BadHeader,
    BadVideo,
    Busy,
    LinkExpired,
    NoRoom,
    NoSuchAsset,
    NoSuchUpload,
    NotWhole,
    UploadGone,
    WrongKind,
)
from guanxue.media.events import AssetFailed, AssetImproved, AssetReady, CompanionsMade, Transcribed
from guanxue.media.examination import Examined, examine
from guanxue.media.files import MOST_BYTES as MOST_FILE_BYTES
from guanxue.media.files import (
    Prepared,
    bytes_kept_by,
    examine_file,
    find_kept,
    is_served,
    is_sound,
    keep_file,
    keep_named,
    mark_of,
    must_have_room,
    note_prepared,
    prepare_file,
)
from guanxue.media.layouts import LAYOUTS, BadLayout, read_layout
from guanxue.media.leftovers import watch_files
from guanxue.media.lines import after as line_after
from guanxue.media.lines import join as join_lines
from guanxue.media.lines import problems as line_problems
from guanxue.media.lines import read_time, show_time
from guanxue.media.lines import shift as shift_lines
from guanxue.media.lines import split as split_line
from guanxue.media.lines import spread as spread_lines
from guanxue.media.models import Asset, Subtitles
from guanxue.media.narration import SILENT_MS, SLIDE_PAUSE_MS, Cue, estimated_ms
from guanxue.media.pictures import Drawn, redraw
from guanxue.media.queries import (
    count_by_state,
    cues,
    folder_of,
    get_asset,
    how_far,
    list_assets,
    list_without_companions,
    original_path,
    playable,
    portable,
    sizes,
    token_is_genuine,
)
from guanxue.media.rules import (
    LOOK,
    MOST_PACKAGE_BYTES,
    MOST_UPLOAD_BYTES,
    PACKAGE,
    Announced,
    NarrationSpec,
    Portable,
    Sizes,
    SlideSpec,
    announced,
    must_fit,
    whole_number,
)
from guanxue.media.service import (
    cancel_asset,
    create_from_original,
    create_from_upload,
    create_narrated,
    keep_original,
    retry_asset,
    want_companions,
)
from guanxue.media.subtitles import LARGEST_BYTES as MOST_SUBTITLE_BYTES
from guanxue.media.subtitles import SRT, VTT, SubtitleReport, as_srt, as_vtt, read_subtitles
from guanxue.media.subtitling import (
    can_transcribe,
    checked_subtitles,
    confirm_subtitles,
    fail_transcript,
    find_subtitles,
    finish_transcript,
    forget_subtitles,
    get_subtitles,
    keep_subtitles,
    lines_of,
    list_passed,
    list_subtitles,
    pass_subtitles,
    tidied,
    track_of,
    transcript_of,
    want_transcript,
    words_of,
)
from guanxue.media.telling import describe_making, done_words
from guanxue.media.uploads import (
    CHECKSUMS,
    PIECE_BYTES,
    Checksum,
    Waiting,
    begin_upload,
    drop_upload,
    finish_upload,
    forget_arrived,
    get_upload,
    keep_upload,
    list_waiting,
    note_arrived,
    note_used,
    receive,
    take_package,
    take_turn,
)

__all__ = [
    "LAYOUTS", "BadLayout", "read_layout", "LOOK",
    "done_words", "Drawn", "redraw",
    "Deck", "read_deck", "MOST_PAGES", "MOST_DECK_BYTES", "estimated_ms", "SILENT_MS", "SLIDE_PAUSE_MS",
    "Subtitles", "SubtitleReport", "read_subtitles", "as_vtt", "as_srt", "VTT", "SRT", "MOST_SUBTITLE_BYTES", "keep_subtitles",
    "confirm_subtitles", "pass_subtitles", "list_passed", "forget_subtitles",
    "get_subtitles", "find_subtitles", "list_subtitles", "lines_of", "words_of", "track_of", "can_transcribe",
    "want_transcript", "transcript_of", "finish_transcript", "fail_transcript", "Transcribed", "line_problems", "line_after",
    "checked_subtitles", "tidied", "join_lines", "split_line", "shift_lines", "spread_lines", "show_time", "read_time",
    "AssetImproved", "cancel_asset", "retry_asset", "describe_making",
    "Asset", "AssetReady", "AssetFailed", "NarrationSpec", "SlideSpec", "Cue", "create_narrated", "create_from_upload",
    "keep_original", "create_from_original", "get_asset", "list_assets", "how_far", "count_by_state", "cues", "playable",
    "folder_of", "token_is_genuine", "original_path", "examine", "Examined", "BadVideo",
    "LinkExpired", "NoSuchAsset", "BadFile", "Prepared", "prepare_file", "examine_file", "mark_of", "is_served",
    "keep_file", "keep_named", "find_kept",
    "bytes_kept_by", "is_sound", "note_prepared", "watch_files", "must_have_room", "MOST_FILE_BYTES", "CompanionsMade",
    "Portable", "Sizes", "portable", "sizes", "list_without_companions", "want_companions",
    "Announced", "announced", "whole_number", "must_fit", "MOST_UPLOAD_BYTES", "PIECE_BYTES", "Checksum", "CHECKSUMS",
    "PACKAGE", "MOST_PACKAGE_BYTES", "take_package",
    "Waiting", "begin_upload", "get_upload", "list_waiting", "take_turn", "receive", "note_arrived", "keep_upload",
    "finish_upload", "note_used", "drop_upload", "forget_arrived", "BadHeader", "NoSuchUpload", "UploadGone", "NotWhole",
    "WrongKind", "NoRoom", "Busy",
]
