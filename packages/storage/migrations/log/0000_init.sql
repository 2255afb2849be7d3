CREATE TABLE `group_offset` (
	`group_name` text NOT NULL,
	`topic` text NOT NULL,
	`partition` integer NOT NULL,
	`offset` integer NOT NULL,
	PRIMARY KEY(`group_name`, `topic`, `partition`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `head` (
	`topic` text NOT NULL,
	`partition` integer NOT NULL,
	`start_offset` integer DEFAULT 0 NOT NULL,
	`next_offset` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`topic`, `partition`)
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
	`key` blob,
	`value` blob,
	`headers` text DEFAULT '[]' NOT NULL,
	PRIMARY KEY(`topic`, `partition`, `offset`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `topic` (
	`name` text PRIMARY KEY NOT NULL,
	`partitions` integer NOT NULL,
	`configs` text DEFAULT '{}' NOT NULL,
	`created_ms` integer NOT NULL
);
