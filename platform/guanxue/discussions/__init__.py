"""What learners say to each other and to teachers: ratings after finishing, questions with answers, reports and removal."""

from guanxue.discussions.models import Answer, Question, Rating, Report

__all__ = ["Rating", "Question", "Answer", "Report"]
