"""What can go wrong with courses."""

from guanxue.core.errors import Conflict, Invalid, NotFound


class NoSuchCourse(NotFound):
    """No such course, or it is still its author's own."""


class NoSuchLesson(NotFound):
    """No such lesson."""


class NotReady(Conflict):
    """The course's state does not allow this step."""

    code = "not-ready"


class CandidateMoved(Conflict):
    """What was read is not what stands there now: another was handed in, or the draft is another."""

    code = "candidate-moved"


class Paused(Conflict):
    """The course or lesson rests for everybody while a complaint is looked into, or after it was upheld."""

    code = "paused"


class NoSuchRemark(NotFound):
    """No such remark."""


class NoSuchComplaint(NotFound):
    """No such complaint, or its code is wrong."""


class TextMoved(Conflict):
    """Somebody saved newer words since these were read; nothing was overwritten."""

    code = "text-moved"


class BadFolder(Invalid):
    """A course folder that cannot be brought in; `fields` name file and fault."""

    code = "bad-folder"
