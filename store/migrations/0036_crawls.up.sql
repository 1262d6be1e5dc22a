-- What is completed from other servers because somebody opened or followed it:
-- a thread (of a status) or a profile (of an account). A row is kept for its rest.
CREATE TABLE crawls (
  id            {ID},
  kind          TEXT NOT NULL,                -- thread, profile
  subject       BIGINT NOT NULL,              -- the status or the account
  opened_by     BIGINT NOT NULL,
  started_at    BIGINT NOT NULL,
  ended_at      BIGINT NOT NULL DEFAULT 0,
  statuses_left BIGINT NOT NULL,              -- how many more may be asked for
  pages_left    BIGINT NOT NULL,              -- the same, of collections
  added         BIGINT NOT NULL DEFAULT 0,    -- pages so far
  found         BIGINT NOT NULL DEFAULT 0,    -- statuses that came
  listed        BOOLEAN NOT NULL DEFAULT FALSE, -- a collection of the whole thread, or of the pins, was read
  UNIQUE (kind, subject)
);
CREATE INDEX crawls_running ON crawls (opened_by) WHERE ended_at = 0;

-- What a crawl asks for, each once.
CREATE TABLE crawl_pages (
  crawl_id BIGINT NOT NULL,
  uri      TEXT NOT NULL,
  host     TEXT NOT NULL,
  role     TEXT NOT NULL,                     -- what is to be found there: ap/activity/crawl.go
  about    BIGINT NOT NULL,                   -- the status that a total is of
  depth    BIGINT NOT NULL,
  turn     BIGINT NOT NULL,                   -- those of a host are asked for in this order
  state    BIGINT NOT NULL DEFAULT 0,         -- 0 waits, 1 has a job, 2 is done
  PRIMARY KEY (crawl_id, uri)
) {CLUSTERED};
CREATE INDEX crawl_pages_turn ON crawl_pages (crawl_id, host, state, turn);

-- When a host may be asked next by any crawl.
CREATE TABLE crawl_hosts (
  host    TEXT PRIMARY KEY,
  next_at BIGINT NOT NULL
) {CLUSTERED};

-- A status that was fetched and is in nobody's feed for that: its author may
-- still send it.
ALTER TABLE objects ADD COLUMN quiet BOOLEAN NOT NULL DEFAULT FALSE;
-- When a profile elsewhere was completed last, and when its origin last said how
-- many statuses it has.
ALTER TABLE accounts ADD COLUMN crawled_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE accounts ADD COLUMN counted_at BIGINT NOT NULL DEFAULT 0;
