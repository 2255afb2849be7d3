"""The rules by which log order decides (docs/wire.md, section 7).

Give each record once, in the order of its partition, and status and responses from the home partition only.
"""

from dataclasses import dataclass, field


def place_of(place):
    return f"{place['topic']}/{place['partition']}/{place['offset']}"


@dataclass
class Task:
    """What the log says of one task. Each topic writes its own fields: it does not matter how the topics interleave."""

    task_id: str
    # R1: place of each request -> its envelope
    requests: dict = field(default_factory=dict)
    # R2: the claim that holds, the place of the request that the first one named, and whether it was given back
    claim: dict | None = None
    claim_offset: int | None = None
    bound: str | None = None
    released: str | None = None
    # Its run has finished a step that none before it had
    has_progressed: bool = False
    # What an orchestrator said: attempt -> agent id
    assigned: dict = field(default_factory=dict)
    # R3
    outcome: dict | None = None
    outcome_offset: int | None = None

    def asked(self, envelope, place):
        self.requests[place] = envelope

    def status(self, envelope, offset):
        said = envelope["payload"]
        if said["status"] == "claimed":
            if self.claim and said["attempt"] <= self.claim["attempt"]:
                return
            self.claim, self.claim_offset, self.released, self.has_progressed = said, offset, None, False
            self.bound = self.bound or place_of(said["request"])
        elif said["status"] == "released" and self.claim and said["run_id"] == self.claim["run_id"]:
            self.released = self.released or ("error" if said["reason"] == "error" else "shutdown")
        elif said["status"] == "assigned":
            self.assigned[said["attempt"]] = said["agent_id"]
        elif said["status"] == "progress" and said["step"] is not None and self.claim and self.released is None:
            self.has_progressed = self.has_progressed or said["run_id"] == self.claim["run_id"]

    def ended(self, envelope, offset):
        if self.outcome is None:
            self.outcome, self.outcome_offset = envelope["payload"], offset
