DROP TABLE domains;
DROP TABLE account_tags;
DROP INDEX objects_ended;
DROP INDEX notifications_type;
DROP INDEX attachments_account;
