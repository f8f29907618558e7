-- MCPR, cloud database: accounts, projects and the events that proxies sent. No password, no IP address, no content.
CREATE TABLE accounts (
    id INTEGER PRIMARY KEY,
    email VARCHAR(254) NOT NULL UNIQUE,
    state VARCHAR(10) NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'leaving')),
    created_at TIMESTAMP NOT NULL
);

CREATE TABLE sign_in_links (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    token_hash CHAR(64) NOT NULL UNIQUE,
    sent_at TIMESTAMP NOT NULL,
    used_at TIMESTAMP,
    CHECK (used_at IS NULL OR used_at >= sent_at)
);
CREATE INDEX sign_in_links_of_account ON sign_in_links (account_id);

CREATE TABLE projects (
    id INTEGER PRIMARY KEY,
    slug VARCHAR(80) NOT NULL UNIQUE,
    name VARCHAR(120) NOT NULL,
    created_at TIMESTAMP NOT NULL
);

CREATE TABLE project_members (
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE RESTRICT,
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    role VARCHAR(8) NOT NULL CHECK (role IN ('owner', 'member')),
    joined_at TIMESTAMP NOT NULL,
    PRIMARY KEY (project_id, account_id)
);
CREATE INDEX project_members_of_account ON project_members (account_id);

CREATE TABLE proxies (
    id INTEGER PRIMARY KEY,
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE RESTRICT,
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE RESTRICT,
    name VARCHAR(80) NOT NULL,
    set_up_at TIMESTAMP NOT NULL,
    UNIQUE (project_id, account_id, name)
);
CREATE INDEX proxies_of_account ON proxies (account_id);

CREATE TABLE events (
    proxy_id INTEGER NOT NULL REFERENCES proxies (id) ON DELETE RESTRICT,
    number INTEGER NOT NULL CHECK (number > 0),
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE RESTRICT,
    method VARCHAR(40) NOT NULL,
    tool VARCHAR(80),
    latency_ms INTEGER NOT NULL CHECK (latency_ms >= 0),
    status_code INTEGER NOT NULL,
    session_id CHAR(16) NOT NULL,
    client VARCHAR(40) NOT NULL,
    request_bytes INTEGER NOT NULL CHECK (request_bytes >= 0),
    response_bytes INTEGER NOT NULL CHECK (response_bytes >= 0),
    at TIMESTAMP NOT NULL,
    PRIMARY KEY (proxy_id, number)
) WITHOUT ROWID;
CREATE INDEX events_of_project ON events (project_id, at);

CREATE TABLE dashboard_interactions (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE RESTRICT,
    page VARCHAR(120) NOT NULL,
    feature VARCHAR(40) NOT NULL,
    looked_from TIMESTAMP,
    looked_until TIMESTAMP,
    at TIMESTAMP NOT NULL,
    CHECK (looked_until IS NULL OR looked_until >= looked_from)
);
CREATE INDEX dashboard_interactions_of_account ON dashboard_interactions (account_id);
