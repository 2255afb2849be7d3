-- Keyword search over the chunks. Contentless: rowid = chunk.id. The writer of a chunk adds its row itself, as words
-- split and folded by the memory package, because unicode61 takes a whole run of Chinese, Japanese or Thai for one word.
CREATE VIRTUAL TABLE `chunk_fts` USING fts5(`title`, `text`, content='', contentless_delete=1, tokenize='unicode61 remove_diacritics 2');
--> statement-breakpoint
CREATE TRIGGER `chunk_delete` AFTER DELETE ON `chunk` BEGIN
	DELETE FROM `chunk_fts` WHERE `rowid` = old.`id`;
	DELETE FROM `embedding` WHERE `chunk_id` = old.`id`;
END;
