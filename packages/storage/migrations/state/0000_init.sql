CREATE TABLE `bookmark` (
	`noted_ms` integer PRIMARY KEY NOT NULL,
	`offsets` text NOT NULL,
	`over_after_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `dead_letter` (
	`source` text PRIMARY KEY NOT NULL,
	`at_ms` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `duty` (
	`name` text PRIMARY KEY NOT NULL,
	`kind` text NOT NULL,
	`subject` text NOT NULL,
	`place` text,
	`code` text,
	`reason` text
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `meta` (
	`name` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `outbox` (
	`seq` integer PRIMARY KEY NOT NULL,
	`topic` text NOT NULL,
	`partition` integer NOT NULL,
	`key` blob,
	`value` blob,
	`headers` text DEFAULT '[]' NOT NULL,
	`timeline_seq` integer NOT NULL,
	`parked` text
);
--> statement-breakpoint
CREATE TABLE `position` (
	`topic` text NOT NULL,
	`partition` integer NOT NULL,
	`next_offset` integer NOT NULL,
	`last_record_id` text,
	PRIMARY KEY(`topic`, `partition`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `run_step` (
	`task_id` text NOT NULL,
	`attempt` integer NOT NULL,
	`step` integer NOT NULL,
	`redo` integer NOT NULL,
	`phase` text NOT NULL,
	`run_id` text NOT NULL,
	`record_id` text NOT NULL,
	`kind` text,
	`name` text,
	`input_hash` text,
	`output` text,
	`status` text,
	`usage` text,
	`citations` text,
	`at_ms` integer NOT NULL,
	PRIMARY KEY(`task_id`, `attempt`, `step`, `redo`, `phase`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `session_turn` (
	`session` text NOT NULL,
	`seq` integer NOT NULL,
	`task_id` text NOT NULL,
	`role` text NOT NULL,
	`content` text NOT NULL,
	`at_ms` integer NOT NULL,
	PRIMARY KEY(`session`, `seq`)
);
--> statement-breakpoint
CREATE TABLE `task` (
	`task_id` text PRIMARY KEY NOT NULL,
	`first_seen_ms` integer NOT NULL,
	`finished` integer DEFAULT 0 NOT NULL,
	`requests` text DEFAULT '[]' NOT NULL,
	`bound` text,
	`claim` text,
	`released` text,
	`assigned` text,
	`outcome` text,
	`ended_at_ms` integer
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `task_ended_at_ms` ON `task` (`ended_at_ms`);--> statement-breakpoint
CREATE TABLE `task_request` (
	`task_id` text NOT NULL,
	`place` text NOT NULL,
	`envelope` text NOT NULL,
	PRIMARY KEY(`task_id`, `place`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `timeline` (
	`seq` integer PRIMARY KEY NOT NULL,
	`at_ms` integer NOT NULL,
	`kind` text NOT NULL,
	`type` text NOT NULL,
	`record_id` text,
	`task_id` text,
	`topic` text,
	`partition` integer,
	`offset` integer,
	`causation_id` text,
	`summary` text NOT NULL
);
