"""What can go wrong with ratings, questions and reports."""

from guanxue.core.errors import Conflict, Forbidden, NotFound


class NoSuchPost(NotFound):
    """No such rating, question or answer, or it was removed."""


class NotFinished(Forbidden):
    """Only who finished a course rates it."""

    code = "not-finished"


class NotInCourse(Forbidden):
    """Only who studies or teaches a course speaks in it."""

    code = "not-in-course"


class ReportedAlready(Conflict):
    """Once a person and thing."""

    code = "reported-already"
