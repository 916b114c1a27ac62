"""What can go wrong with courses."""

from guanxue.core.errors import Conflict, Invalid, NotFound


class NoSuchCourse(NotFound):
    """No such course, or it is still its author's own."""


class NoSuchLesson(NotFound):
    """No such lesson."""


class NotReady(Conflict):
    """The course's state does not allow this step."""

    code = "not-ready"


class BadFolder(Invalid):
    """A course folder that cannot be brought in; `fields` name file and fault."""

    code = "bad-folder"
