-- MCPWorks, telemetry database: no foreign key can reach the accounts from here, only numbers that are the same.
CREATE TABLE request_log (
    id INTEGER PRIMARY KEY,
    account_id INTEGER,
    endpoint VARCHAR(120) NOT NULL,
    status INTEGER NOT NULL CHECK (status BETWEEN 100 AND 599),
    correlation_id CHAR(16) NOT NULL UNIQUE,
    at TIMESTAMP NOT NULL
);
CREATE INDEX request_log_of_account ON request_log (account_id);

CREATE TABLE error_reports (
    id INTEGER PRIMARY KEY,
    sentry_event_id CHAR(32) NOT NULL UNIQUE,
    correlation_id CHAR(16) NOT NULL,
    kind VARCHAR(60) NOT NULL,
    stack_trace TEXT NOT NULL,
    request_context JSON,
    at TIMESTAMP NOT NULL
);
CREATE INDEX error_reports_of_correlation ON error_reports (correlation_id);
