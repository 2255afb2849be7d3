CREATE TABLE `coverage` (
	`topic` text NOT NULL,
	`partition` integer NOT NULL,
	`next_offset` integer NOT NULL,
	PRIMARY KEY(`topic`, `partition`)
);
--> statement-breakpoint
CREATE TABLE `edge` (
	`kind` text NOT NULL,
	`from_id` text NOT NULL,
	`to_id` text,
	`to_topic` text,
	`to_partition` integer,
	`to_offset` integer
);
--> statement-breakpoint
CREATE INDEX `edge_from_id` ON `edge` (`from_id`);--> statement-breakpoint
CREATE INDEX `edge_to_id` ON `edge` (`to_id`);--> statement-breakpoint
CREATE INDEX `edge_to_place` ON `edge` (`to_topic`,`to_partition`,`to_offset`);--> statement-breakpoint
CREATE TABLE `gap` (
	`topic` text NOT NULL,
	`partition` integer NOT NULL,
	`from_offset` integer NOT NULL,
	`to_offset` integer NOT NULL,
	`at_ms` integer NOT NULL,
	PRIMARY KEY(`topic`, `partition`, `from_offset`)
);
--> statement-breakpoint
CREATE TABLE `meta` (
	`name` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `record` (
	`topic` text NOT NULL,
	`partition` integer NOT NULL,
	`offset` integer NOT NULL,
	`timestamp_ms` integer NOT NULL,
	`id` text,
	`type` text,
	`sender_id` text,
	`recipient_id` text,
	`correlation_id` text,
	`causation_id` text,
	`trace_id` text,
	`span_id` text,
	`parent_span_id` text,
	`key` blob,
	`value` blob,
	`headers` text DEFAULT '[]' NOT NULL,
	`summary` text DEFAULT '' NOT NULL,
	PRIMARY KEY(`topic`, `partition`, `offset`)
);
--> statement-breakpoint
CREATE INDEX `record_id` ON `record` (`id`);--> statement-breakpoint
CREATE INDEX `record_correlation_id` ON `record` (`correlation_id`);--> statement-breakpoint
CREATE INDEX `record_causation_id` ON `record` (`causation_id`);--> statement-breakpoint
CREATE INDEX `record_span_id` ON `record` (`span_id`);