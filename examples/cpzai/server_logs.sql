-- CPZAI, server logs of the connector. A request knows its connection only; the connection knows the account.
CREATE TABLE connections (
    id CHAR(16) PRIMARY KEY,
    account_id INTEGER,
    ip VARCHAR(45) NOT NULL,
    client VARCHAR(80) NOT NULL,
    opened_at TIMESTAMP NOT NULL
);
CREATE INDEX connections_of_account ON connections (account_id);

CREATE TABLE requests (
    id INTEGER PRIMARY KEY,
    connection_id CHAR(16) NOT NULL REFERENCES connections (id) ON DELETE RESTRICT,
    ip VARCHAR(45) NOT NULL,
    method VARCHAR(8) NOT NULL,
    path VARCHAR(120) NOT NULL,
    status INTEGER NOT NULL CHECK (status BETWEEN 100 AND 599),
    bytes_sent INTEGER NOT NULL CHECK (bytes_sent >= 0),
    at TIMESTAMP NOT NULL
);
CREATE INDEX requests_of_connection ON requests (connection_id);
