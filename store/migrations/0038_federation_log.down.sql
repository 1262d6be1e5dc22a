DROP TABLE delivery_log;
DROP TABLE inbox_log;
