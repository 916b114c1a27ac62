"""Help beside the learner: who is stuck asks from the page they are on, staff answers in the same thread.

Staff never acts as the learner and never signs in as them: it sees what the learner sent along, and speaks.
"""

from guanxue.helpdesk.models import Message, Ticket

__all__ = ["Ticket", "Message"]
