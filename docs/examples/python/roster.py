"""Who is there (docs/wire.md, sections 8 to 10): folded from `announce`, for ranks and for absence."""

import wire

MARGIN_S = 0.5


class Roster:
    def __init__(self, lease_s):
        self.lease_s = lease_s
        self.clock_ms = 0  # append time of the newest record: the clock of the log
        self.agents = {}  # agent id -> (last beat, its append time)
        self.last_own = None  # when the last beat of ours that was read back had been sent
        # (agent id, boot) -> when we read the first beat of our own after its last one; None before there is one
        self.silent_since = {}

    def tick(self, timestamp_ms):
        self.clock_ms = max(self.clock_ms, timestamp_ms)

    def heard(self, beat, timestamp_ms):
        agent_id, boot = beat["agent_id"], beat["boot"]
        known = self.agents.get(agent_id)
        self.silent_since[agent_id, boot] = None
        if known and known[0]["boot"] > boot:
            return
        if known and known[0]["boot"] < boot:
            # A newer boot gets the time to take up what its older ones held.
            for name in self.silent_since:
                if name[0] == agent_id:
                    self.silent_since[name] = None
        self.agents[agent_id] = (beat, timestamp_ms)

    def own_beat(self, sent_at, read_at):
        """A beat of ours was read back. Whoever was away himself, or had his beats held up, starts every chain anew."""
        is_broken = self.last_own is not None and (
            sent_at - self.last_own > self.lease_s / 2 or self.is_too_late(read_at)
        )
        for name, since in self.silent_since.items():
            if since is None or is_broken:
                self.silent_since[name] = read_at
        self.last_own = sent_at

    def is_too_late(self, at):
        return self.last_own is not None and at - self.last_own > self.lease_s * 3 / 4

    def is_absent(self, agent_id, boot, now):
        """`now` as all times here: by our monotonic clock. A chain whose last beat is old proves nothing any more."""
        since = self.silent_since.setdefault((agent_id, boot), None)
        if since is None or self.is_too_late(now):
            return False
        return self.last_own - since > self.lease_s + MARGIN_S

    def alive(self):
        return [
            beat
            for beat, timestamp_ms in self.agents.values()
            if beat["status"] == "live" and self.clock_ms - timestamp_ms <= self.lease_s * 1000
        ]

    def has_orchestrator(self):
        return any(beat["role"] == "orchestrator" for beat in self.alive())

    def rank(self, task_id, attempt, skill, agent_id):
        """Our place among the live agents that can do it: those with free slots first, then by hash."""
        able = [beat for beat in self.alive() if any(known["name"] == skill for known in beat["skills"])]

        def order(beat):
            return beat["free"] == 0, wire.rank_number(task_id, str(attempt), beat["agent_id"])

        ids = [beat["agent_id"] for beat in sorted(able, key=order)]
        return ids.index(agent_id) if agent_id in ids else len(ids)
