"""Questions in the forms teachers have them in: text pasted from Word, tables, Moodle's files, Aiken. In, with a report; out,
with what a form cannot say. reading.py chooses who reads, writing.py who writes; GIFT itself is beside (quizzes/gift.py).
"""
