-- A row holds the records of one transaction; those of an older release become rows of one record each.
CREATE TABLE `__new_outbox` (
	`seq` integer PRIMARY KEY NOT NULL,
	`first_timeline_seq` integer NOT NULL,
	`last_timeline_seq` integer NOT NULL,
	`records` blob NOT NULL,
	`parked` text
);
--> statement-breakpoint
INSERT INTO `__new_outbox`(`seq`, `first_timeline_seq`, `last_timeline_seq`, `records`, `parked`)
SELECT `seq`, `timeline_seq`, `timeline_seq`,
	CAST(CASE WHEN `headers` = ''
		THEN json_array(json_array(`topic`, `partition`, `timeline_seq`)) || char(10) || CAST(`value` AS TEXT)
		ELSE json_array(json_array(`topic`, `partition`, `timeline_seq`, iif(`key` IS NULL, NULL, hex(`key`)), iif(`value` IS NULL, NULL, hex(`value`)), json(`headers`)))
	END AS BLOB),
	`parked`
FROM `outbox`;
--> statement-breakpoint
UPDATE `timeline` SET `topic` = o.`topic`, `partition` = o.`partition` FROM `outbox` AS o WHERE o.`timeline_seq` = `timeline`.`seq`;
--> statement-breakpoint
DROP TABLE `outbox`;
--> statement-breakpoint
ALTER TABLE `__new_outbox` RENAME TO `outbox`;
