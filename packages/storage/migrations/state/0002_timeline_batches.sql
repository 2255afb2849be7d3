-- The timeline has a row for each transaction; each row of an older release becomes one of its own. People and reports read the view.
CREATE TABLE `timeline_batch` (
	`first_seq` integer PRIMARY KEY NOT NULL,
	`at_ms` integer NOT NULL,
	`rows` text NOT NULL,
	`places` text NOT NULL
);
--> statement-breakpoint
INSERT INTO `timeline_batch`(`first_seq`, `at_ms`, `rows`, `places`)
SELECT `seq`, `at_ms`,
	json_array(json_array(`kind`, `type`, `record_id`, `task_id`, `topic`, `partition`, `offset`, `causation_id`, `summary`)),
	'[]'
FROM `timeline`;
--> statement-breakpoint
DROP TABLE `timeline`;
--> statement-breakpoint
CREATE VIEW `timeline` AS
WITH `place` AS (
	SELECT p.`value` ->> 0 AS `seq`, p.`value` ->> 1 AS `offset` FROM `timeline_batch` AS b, json_each(b.`places`) AS p
)
SELECT
	b.`first_seq` + r.`key` AS `seq`,
	b.`at_ms` AS `at_ms`,
	r.`value` ->> 0 AS `kind`,
	r.`value` ->> 1 AS `type`,
	r.`value` ->> 2 AS `record_id`,
	r.`value` ->> 3 AS `task_id`,
	r.`value` ->> 4 AS `topic`,
	r.`value` ->> 5 AS `partition`,
	coalesce(r.`value` ->> 6, `place`.`offset`) AS `offset`,
	r.`value` ->> 7 AS `causation_id`,
	r.`value` ->> 8 AS `summary`
FROM `timeline_batch` AS b, json_each(b.`rows`) AS r
LEFT JOIN `place` ON `place`.`seq` = b.`first_seq` + r.`key`;
