DELETE FROM notifications WHERE type = 'admin.report';
DROP TABLE reports;
DROP TABLE communities;
DROP TABLE retracted;
