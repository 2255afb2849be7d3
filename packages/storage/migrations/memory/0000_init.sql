CREATE TABLE `chunk` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`item` integer NOT NULL,
	`seq` integer NOT NULL,
	`text` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `chunk_item` ON `chunk` (`item`,`seq`);--> statement-breakpoint
CREATE TABLE `embedding` (
	`chunk_id` integer NOT NULL,
	`model` text NOT NULL,
	`dimension` integer NOT NULL,
	`vector` blob NOT NULL,
	PRIMARY KEY(`chunk_id`, `model`)
);
--> statement-breakpoint
CREATE TABLE `item` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`item_id` text NOT NULL,
	`topic` text NOT NULL,
	`partition` integer NOT NULL,
	`offset` integer NOT NULL,
	`zone` text NOT NULL,
	`author` text NOT NULL,
	`title` text,
	`content` text NOT NULL,
	`content_type` text,
	`tags` text DEFAULT '[]' NOT NULL,
	`labels` text DEFAULT '{}' NOT NULL,
	`expires_at_ms` integer,
	`timestamp_ms` integer NOT NULL,
	`forgotten` integer DEFAULT 0 NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `item_topic_item_id` ON `item` (`topic`,`item_id`);--> statement-breakpoint
CREATE INDEX `item_zone` ON `item` (`zone`);--> statement-breakpoint
CREATE TABLE `meta` (
	`name` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
);
