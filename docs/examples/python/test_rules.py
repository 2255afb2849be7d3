"""The rules of docs/wire.md that an agent of level 2 goes by: python -m unittest"""

import unittest

from roster import Roster
from rules import Task

LEASE_S = 2
OTHER = ("agent-b", 1)


def beat(agent_id, boot):
    return {"agent_id": agent_id, "boot": boot, "status": "live"}


class AbsenceTest(unittest.TestCase):
    def setUp(self):
        self.roster = Roster(LEASE_S)
        self.roster.heard(beat(*OTHER), 0)

    def beats(self, *sent):
        for at in sent:
            self.roster.own_beat(at, at)

    def test_stands_when_own_beats_span_lease_and_margin(self):
        self.beats(0, 0.5, 1, 1.5, 2, 2.5)
        self.assertFalse(self.roster.is_absent(*OTHER, now=2.5))
        self.beats(3)
        self.assertTrue(self.roster.is_absent(*OTHER, now=3))

    def test_begins_anew_after_a_gap(self):
        self.beats(0, 0.5, 1, 9)
        self.assertFalse(self.roster.is_absent(*OTHER, now=9))

    def test_is_not_proven_by_beats_that_are_old(self):
        self.beats(0, 0.5, 1, 1.5, 2, 2.5, 3)
        self.assertFalse(self.roster.is_absent(*OTHER, now=4.6))


class StatusTest(unittest.TestCase):
    def test_a_new_step_of_the_run_that_holds_the_claim_is_seen_until_the_next_claim(self):
        task = Task("task_1")
        request = {"topic": "group.acme.requests", "partition": 0, "offset": 0}
        task.status({"payload": {"status": "claimed", "attempt": 1, "run_id": "one", "request": request}}, 0)
        task.status({"payload": {"status": "progress", "run_id": "one", "step": None}}, 1)
        task.status({"payload": {"status": "progress", "run_id": "other", "step": 0}}, 2)
        self.assertFalse(task.has_progressed)
        task.status({"payload": {"status": "progress", "run_id": "one", "step": 0}}, 3)
        self.assertTrue(task.has_progressed)
        task.status({"payload": {"status": "claimed", "attempt": 2, "run_id": "two", "request": request}}, 4)
        self.assertFalse(task.has_progressed)


if __name__ == "__main__":
    unittest.main()
