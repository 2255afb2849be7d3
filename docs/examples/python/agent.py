"""An agent at level 2 (docs/wire.md, sections 8 to 10): claims tasks beside other agents, shows by heartbeats that
it is alive, confirms its claims from the log, takes over what the dead leave behind, and gives back what it holds when
it stops.

    python agent.py --brokers localhost:9092 --group acme --id py-agent --skill text.reverse

Exit code 6: another process runs under this agent id and is newer.
"""

import logging
import signal
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from kafka import KafkaProducer

import group
import wire
from roster import Roster
from rules import Task, place_of

MARGIN_S = 0.5
RANK_DELAY_S = 0.15
MOST_FRUITLESS = 3
log = logging.getLogger("agent")


def work(request, takes_s):
    """The skill: what to answer to the payload of a request. Runs in a thread; beats go on meanwhile."""
    time.sleep(takes_s)
    return {"content": request["content"][::-1]}


class Replaced(Exception):
    """A newer boot of this agent is running."""


class Run:
    """A claim of ours: first written, then confirmed by reading it back, then worked on, then answered."""

    def __init__(self, task, claim):
        self.task, self.claim = task, claim
        self.claiming = self.working = self.answering = None  # futures

    def is_lost(self):
        """The task is ended, or the claim that holds is another one."""
        held = self.task.claim
        return self.task.outcome is not None or (
            held is not None and held["attempt"] >= self.claim["attempt"] and held["run_id"] != self.claim["run_id"]
        )

    def holds(self):
        held = self.task.claim
        return held is not None and held["run_id"] == self.claim["run_id"] and self.task.outcome is None


class Agent:
    def __init__(self, options):
        self.id, self.skill, self.capacity, self.takes_s = options.id, options.skill, options.capacity, options.takes
        self.brokers, self.group, self.zone = options.brokers, options.group, options.zone
        self.partitions, lease_ms, self.require_assignment = group.read_zone(self.brokers, self.group, self.zone)
        self.lease_s = lease_ms / 1000
        self.roster = Roster(self.lease_s)
        self.tasks, self.open = {}, {}  # all by task id; those without outcome
        self.runs = {}  # ours by task id
        self.claimable_since = {}  # task id -> (attempt, monotonic time when it came free)
        self.assigned_at = {}  # (task id, attempt) -> monotonic time when that was read
        self.served_by_group = set()
        self.pool = ThreadPoolExecutor(self.capacity)
        self.producer = group.connect_producer(self.brokers)
        # A beat that is not acknowledged must never be sent again.
        timeout_ms = int(min(self.lease_s / 2, 3) * 1000)
        self.beats = KafkaProducer(
            bootstrap_servers=self.brokers.split(","),
            acks="all",
            retries=0,
            enable_idempotence=False,
            request_timeout_ms=timeout_ms,
            delivery_timeout_ms=timeout_ms,
            max_block_ms=timeout_ms,
        )
        self.boot, self.boot_id = 0, str(uuid.uuid4())
        self.highest_boot, self.is_confirmed = 0, False
        self.beat_in_flight = None  # (id, future)
        self.sent_at = {}  # id of a beat of ours -> monotonic time when it was sent, until it is read back
        self.last_sent_at, self.acked_at, self.unread_ack = -1e9, -1e9, None
        self.must_look_again = None  # end offsets to read to before acting again
        suffixes = ("control.skills", "announce", "requests", "tasks.status", "responses")
        topics = [wire.topic(self.group, self.zone, suffix) for suffix in suffixes]
        topics.append(wire.skill_topic(self.group, self.zone, self.skill))
        self.consumer = group.connect_reader(self.brokers, topics)

    # --- Reading ---

    def read(self):
        for records in self.consumer.poll(timeout_ms=20).values():
            for record in records:
                self.fold(record)

    def fold(self, record):
        if record.topic.endswith(".announce"):
            self.roster.tick(record.timestamp)
        kind, envelope = wire.decode_consumed(record)
        if kind != "envelope":
            return
        if envelope["type"] == "announce":
            self.fold_beat(envelope, record.timestamp)
        elif envelope["type"] == "skill":
            is_by_group = envelope["payload"]["served_by"] == "group"
            (self.served_by_group.add if is_by_group else self.served_by_group.discard)(envelope["payload"]["skill"])
        else:
            self.fold_task(envelope, record)

    def fold_task(self, envelope, record):
        task_id = envelope["correlation_id"]
        if task_id is None:
            return
        task = self.tasks.setdefault(task_id, Task(task_id))
        if envelope["type"] == "request":
            task.asked(envelope, f"{record.topic}/{record.partition}/{record.offset}")
        elif wire.home_partition(task_id, self.partitions) != record.partition:
            return
        elif envelope["type"] == "task_status":
            task.status(envelope, record.offset)
            if envelope["payload"]["status"] == "assigned":
                self.assigned_at[task_id, envelope["payload"]["attempt"]] = time.monotonic()
        elif envelope["type"] == "response":
            task.ended(envelope, record.offset)
        if task.outcome is None:
            self.open[task_id] = task
        else:
            self.open.pop(task_id, None)
            self.claimable_since.pop(task_id, None)

    def fold_beat(self, envelope, timestamp_ms):
        said = envelope["payload"]
        if said["agent_id"] != self.id:
            return self.roster.heard(said, timestamp_ms)
        self.highest_boot = max(self.highest_boot, said["boot"])
        sent_at = self.sent_at.pop(envelope["id"], None)
        if self.unread_ack == envelope["id"]:
            self.unread_ack = None
        if self.boot == 0 or said["boot"] < self.boot:
            return
        if said["boot"] > self.boot and self.is_confirmed:
            raise Replaced
        if said["boot_id"] != self.boot_id:
            if not self.is_confirmed:
                self.boot = said["boot"] + 1  # Somebody took the number first.
            return
        self.is_confirmed = True
        self.roster.heard(said, timestamp_ms)
        if sent_at is not None:
            self.roster.own_beat(sent_at, time.monotonic())

    # --- Heartbeat and lease ---

    def beat(self, status="live"):
        now = time.monotonic()
        if self.beat_in_flight and self.beat_in_flight[1].is_done:
            beat_id, future = self.beat_in_flight
            self.beat_in_flight = None
            if future.succeeded():
                self.acked_at = self.last_sent_at
                # It may have been read back before we learnt that it was acknowledged.
                self.unread_ack = beat_id if beat_id in self.sent_at else None
        if self.beat_in_flight or status == "live" and (self.unread_ack or now - self.last_sent_at < self.lease_s / 4):
            return
        beat_id = str(uuid.uuid4())
        manifest = {
            "agent_id": self.id,
            "boot_id": self.boot_id,
            "boot": self.boot,
            "status": status,
            "skills": [{"name": self.skill}],
            "capacity": self.capacity,
            "free": max(0, self.capacity - len(self.runs)),
            "protocol_level": 2,
        }
        self.sent_at[beat_id], self.last_sent_at = now, now
        envelope = {"type": "announce", "id": beat_id, "sender_id": self.id, "payload": manifest}
        try:
            self.beat_in_flight = (beat_id, self.publish(self.beats, "announce", self.id, envelope, partition=0))
        except Exception as err:  # The broker is away: the next beat will tell.
            log.warning("no beat: %s", err)

    def may_act(self):
        """Our lease: the last acknowledged beat was sent recently. After a lapse the log is read to its end first."""
        if time.monotonic() - self.acked_at > self.lease_s - MARGIN_S:
            self.must_look_again = "ends unknown"
            return False
        if self.must_look_again == "ends unknown":
            self.must_look_again = self.consumer.end_offsets(self.consumer.assignment())
        if self.must_look_again:
            if any(self.consumer.position(partition) < end for partition, end in self.must_look_again.items()):
                return False
            self.must_look_again = None
        return True

    # --- Claims ---

    def claim(self):
        if not self.is_confirmed:
            return
        for task_id, task in list(self.open.items()):
            if len(self.runs) >= self.capacity:
                return
            attempt, fruitless, request = self.next_attempt(task) if task_id not in self.runs else (None, None, None)
            if attempt is None:
                self.claimable_since.pop(task_id, None)
                continue
            since = self.claimable_since.get(task_id)
            if since is None or since[0] != attempt:
                since = self.claimable_since[task_id] = (attempt, time.monotonic())
            if time.monotonic() - since[1] >= self.wait_for(task, attempt, request) and self.may_act():
                self.write_claim(task, attempt, fruitless, request)

    def next_attempt(self, task):
        """(attempt, fruitless, place of the request) that could be claimed now by anybody of our kind, or Nones."""
        nothing = (None, None, None)
        places = [task.bound] if task.bound else list(task.requests)
        place = next((place for place in places if self.is_for_us(task.requests.get(place))), None)
        if place is None:
            return nothing
        if task.claim is None:
            return 1, 0, place
        is_lost = task.released == "error"
        # A claim of this boot that we do not work on was thought not to have been written.
        is_ours = (task.claim["agent_id"], task.claim["boot"]) == (self.id, self.boot)
        if task.released is None and not is_ours:
            is_lost = self.roster.is_absent(task.claim["agent_id"], task.claim["boot"], time.monotonic())
            if not is_lost:
                return nothing
        fruitless = 0 if task.has_progressed else task.claim["fruitless"] + is_lost
        return (task.claim["attempt"] + 1, fruitless, place) if fruitless < MOST_FRUITLESS else nothing

    def is_for_us(self, request):
        return (
            request is not None
            and request["payload"]["skill"] == self.skill
            and self.skill not in self.served_by_group
            and request["recipient_id"] in (None, self.id)
            and self.roster.clock_ms <= wire.parse_time(request["expires_at"])
        )

    def wait_for(self, task, attempt, place):
        """Seconds that we wait from when the task came free: for an orchestrator's advice, and by rank."""
        if task.requests[place]["recipient_id"] == self.id:
            return 0
        if attempt in task.assigned and self.is_assignment_fresh(task, attempt):
            return 0 if task.assigned[attempt] == self.id else float("inf")
        if self.require_assignment:
            return float("inf")
        advice_s = self.lease_s if attempt not in task.assigned and self.roster.has_orchestrator() else 0
        return advice_s + RANK_DELAY_S * self.roster.rank(task.task_id, attempt, self.skill, self.id)

    def is_assignment_fresh(self, task, attempt):
        """For one lease after it was read only the agent that it names claims; longer where assignments are required."""
        age_s = time.monotonic() - self.assigned_at[task.task_id, attempt]
        return self.require_assignment or age_s <= self.lease_s

    def write_claim(self, task, attempt, fruitless, place):
        topic, partition, offset = place.rsplit("/", 2)
        claim = {
            "status": "claimed",
            "attempt": attempt,
            "run_id": str(uuid.uuid4()),
            "agent_id": self.id,
            "boot": self.boot,
            "fruitless": fruitless,
            "request": {"topic": topic, "partition": int(partition), "offset": int(offset)},
        }
        run = self.runs[task.task_id] = Run(task, claim)
        run.claiming = self.tell("tasks.status", run, claim)

    # --- Runs ---

    def go_on(self):
        """Takes each run of ours one step further; whoever is fenced stops without a word."""
        for task_id, run in list(self.runs.items()):
            if run.answering:
                if run.answering.is_done:
                    del self.runs[task_id]
            elif run.is_lost() or run.claiming.is_done and run.claiming.failed():
                del self.runs[task_id]
            elif run.holds() and run.working is None:
                if self.may_act():
                    request = run.task.requests[run.task.bound]
                    run.working = self.pool.submit(answer, request["payload"], self.takes_s)
            elif run.working and run.working.done() and self.may_act():
                payload = {**run.working.result(), "run_id": run.claim["run_id"], "agent_id": self.id}
                run.answering = self.tell("responses", run, payload)

    def tell(self, suffix, run, payload):
        task_id = run.task.task_id
        envelope = {
            "type": "response" if suffix == "responses" else "task_status",
            "sender_id": self.id,
            "correlation_id": task_id,
            "causation_id": run.task.requests[place_of(run.claim["request"])]["id"],
            "payload": payload,
        }
        home = wire.home_partition(task_id, self.partitions)
        return self.publish(self.producer, suffix, task_id, envelope, partition=home, home=suffix == "responses")

    def publish(self, producer, suffix, key, envelope, **how):
        return group.send(producer, wire.topic(self.group, self.zone, suffix), key, envelope, **how)

    # --- Life ---

    def run(self, stopping):
        for record in group.read_to_end(self.consumer):
            self.fold(record)
        self.boot = self.highest_boot + 1
        was_ready = False
        while not stopping:
            self.read()
            self.beat()
            self.claim()
            self.go_on()
            if self.is_confirmed and not was_ready:
                was_ready = True
                print("ready", flush=True)
        self.leave()

    def leave(self):
        for run in self.runs.values():
            if not run.answering:
                said = {name: run.claim[name] for name in ("attempt", "run_id", "agent_id")}
                self.tell("tasks.status", run, {"status": "released", "reason": "shutdown", **said})
        self.producer.flush()
        if self.beat_in_flight:
            self.beats.flush()
        self.beat("leaving")
        self.beats.flush()


def answer(request, takes_s):
    try:
        return work(request, takes_s)
    except Exception as err:
        log.exception("the skill failed")
        return {"status": "failed", "error": {"code": "SKILL_FAILED", "message": str(err), "retryable": False}}


def main():
    parser = group.arguments(__doc__)
    parser.add_argument("--id", default="python-agent", help="agent id")
    parser.add_argument("--skill", default="text.reverse")
    parser.add_argument("--capacity", type=int, default=4, help="tasks at once")
    parser.add_argument("--takes", type=float, default=0, help="seconds of work for each task: time to kill it in")
    options = parser.parse_args()
    stopping = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.append(True))
    try:
        Agent(options).run(stopping)
    except Replaced:
        print(f"another process runs as {options.id}", file=sys.stderr)
        sys.exit(6)


if __name__ == "__main__":
    main()
