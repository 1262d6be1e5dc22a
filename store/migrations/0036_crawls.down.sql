DELETE FROM jobs WHERE kind = 'crawl';
DELETE FROM job_queues WHERE kind = 'crawl';
ALTER TABLE accounts DROP COLUMN counted_at;
ALTER TABLE accounts DROP COLUMN crawled_at;
ALTER TABLE objects DROP COLUMN quiet;
DROP TABLE crawl_hosts;
DROP TABLE crawl_pages;
DROP TABLE crawls;
