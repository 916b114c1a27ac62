"""From where on a detector speaks, each number with its reason. Whoever changes one raises VERSION: findings keep it.

They are set for few false alarms: behind each stands somebody who has to answer. What is found is a question, never an answer.
"""

from __future__ import annotations

from datetime import timedelta

from guanxue import learning

VERSION = 4

KEPT_FOR = timedelta(days=200)  # sightings: the six months for which network logs are kept, and a month to look

# parallel: two devices at work for one account at the same time.
# Going on at the computer what was begun on the phone takes over once, perhaps back and forth; two scripts that wrest the
# account from each other do it all the time.
TAKEOVERS, TAKEOVER_WITHIN_MS = 6, 3_600_000
STILL_ALIVE_MS = 60_000  # a player reports every 15 s: who was heard within a minute was playing when the other began
# Attempts here while a lesson plays on another device behind another line: who looks something up stops the film to answer,
# and once is chance.
BESIDE_ATTEMPT_MS, BESIDE_PERMILLE, BESIDE_ATTEMPTS = 120_000, 900, 2

# pace: quicker than reading and tapping allow.
MS_A_QUESTION, QUESTIONS = learning.BLINK_MS, learning.BLINK_QUESTIONS
# A first try, mostly right, at five times the pace of quick reading (500 characters a minute). Who only clicks is not right.
CHARS_A_MINUTE, RIGHT_SCORE = 2_500, 80
# Beats of real players step unevenly: timers of browsers are late by some milliseconds, film does not stand still at whole
# ones. Chromium on an idle computer: see docs/decisions/0026-cases.md. Both the time and the stretch have to be the same.
REGULAR_BEATS, REGULAR_PERMILLE = 40, 980

# answers: what two people answered alike. How much likelier that is if one copied than if both worked alone, in natural
# logarithms. By Markov's bound chance reaches ln(pairs / CHANCE) less than CHANCE times among all pairs together; crowds that
# answer by themselves stay well below (docs/decisions/0026-cases.md).
COPIES = (0.5, 0.7, 0.85, 0.95)  # how much of a sheet a copier takes over: nobody knows, so each weighs the same
CHANCE = 0.4
SHARED_WRONG = 4  # two who share fewer are not named, however much else they share
SHEETS = 15  # with fewer first attempts at a paper nobody knows which wrong answers are rare

# device: many accounts on one browser, outside of training rooms. A couple, a family, a friend whose phone broke are three.
PEOPLE_A_DEVICE, DEVICE_DAYS = 4, 30
MARKED_LATE = timedelta(days=7)  # a room is in use before an officer comes by and registers its machines

# apart: signed in in a classroom, while a lesson played (not only stood open) on another device behind another line.
APART_MS = 600_000

# roll: hours that nobody signed in for. A workshop without phones has its roll called on the spot; a list on paper is typed in
# after each meeting, within the week. A whole class typed in at once, for days that are past, was perhaps never held.
ROLL_PEOPLE, ROLL_HOURS_MILLI, ROLL_MOST_PERMILLE = 5, 8_000, 500
ROLL_PERMILLE = 900  # so much of the roll by one person, and at once or late: one line that was put right hides nothing
ROLL_SITTING_MS, ROLL_LATE_MS = 3_600_000, 7 * 86_400_000
ROLL_SHOWN = 30  # so many people's lines stand in the finding; the class's report shows all
