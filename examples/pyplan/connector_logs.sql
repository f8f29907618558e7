-- The connector's logs for one tenant: 90 days. What is older and still here is anonymous: no user, no address, no calls.
CREATE TABLE requests (
    id CHAR(24) PRIMARY KEY,
    user_id INTEGER,
    ip VARCHAR(45),
    assistant VARCHAR(40) NOT NULL,
    status INTEGER NOT NULL CHECK (status BETWEEN 100 AND 599),
    at TIMESTAMP NOT NULL,
    CHECK ((user_id IS NULL) = (ip IS NULL))
);
CREATE INDEX requests_of_user ON requests (user_id);

CREATE TABLE tool_calls (
    id INTEGER PRIMARY KEY,
    request_id CHAR(24) NOT NULL REFERENCES requests (id) ON DELETE RESTRICT,
    tool VARCHAR(60) NOT NULL,
    parameters JSON NOT NULL,
    response JSON,
    at TIMESTAMP NOT NULL
);
CREATE INDEX tool_calls_of_request ON tool_calls (request_id);

CREATE TABLE diagnostics (
    id INTEGER PRIMARY KEY,
    request_id CHAR(24) NOT NULL REFERENCES requests (id) ON DELETE RESTRICT,
    kind VARCHAR(40) NOT NULL,
    detail TEXT NOT NULL,
    at TIMESTAMP NOT NULL
);
CREATE INDEX diagnostics_of_request ON diagnostics (request_id);
