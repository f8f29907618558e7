-- One tenant of Pyplan: its people, its applications and what was worked out and saved in them. Nobody else's rows are here.
CREATE TABLE departments (
    id INTEGER PRIMARY KEY,
    name VARCHAR(80) NOT NULL UNIQUE
);

CREATE TABLE users (
    id INTEGER PRIMARY KEY,
    username VARCHAR(120) NOT NULL,
    email VARCHAR(254) NOT NULL UNIQUE,
    company VARCHAR(120) NOT NULL,
    department_id INTEGER REFERENCES departments (id) ON DELETE RESTRICT,
    role VARCHAR(12) NOT NULL CHECK (role IN ('admin', 'modeller', 'viewer')),
    invited_by INTEGER REFERENCES users (id) ON DELETE SET NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX users_of_department ON users (department_id);
CREATE INDEX users_invited_by ON users (invited_by);

CREATE TABLE tokens (
    id INTEGER PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind VARCHAR(8) NOT NULL CHECK (kind IN ('access', 'refresh')),
    token_sealed VARCHAR(255) NOT NULL UNIQUE,
    assistant VARCHAR(40) NOT NULL,
    issued_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    CHECK (expires_at > issued_at)
);
CREATE INDEX tokens_of_user ON tokens (user_id);

CREATE TABLE applications (
    id INTEGER PRIMARY KEY,
    name VARCHAR(120) NOT NULL,
    description TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL
);

CREATE TABLE application_access (
    application_id INTEGER NOT NULL REFERENCES applications (id) ON DELETE RESTRICT,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    may VARCHAR(8) NOT NULL CHECK (may IN ('own', 'edit', 'read')),
    since TIMESTAMP NOT NULL,
    PRIMARY KEY (application_id, user_id)
);
CREATE INDEX application_access_of_user ON application_access (user_id);

CREATE TABLE versions (
    id INTEGER PRIMARY KEY,
    application_id INTEGER NOT NULL REFERENCES applications (id) ON DELETE RESTRICT,
    author_user_id INTEGER REFERENCES users (id) ON DELETE RESTRICT,
    number INTEGER NOT NULL CHECK (number > 0),
    name VARCHAR(160) NOT NULL,
    inputs JSON NOT NULL,
    note TEXT,
    saved_at TIMESTAMP NOT NULL,
    UNIQUE (application_id, number)
);
CREATE INDEX versions_of_author ON versions (author_user_id);

CREATE TABLE node_results (
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE RESTRICT,
    number INTEGER NOT NULL CHECK (number > 0),
    application_id INTEGER NOT NULL REFERENCES applications (id) ON DELETE RESTRICT,
    version_id INTEGER REFERENCES versions (id) ON DELETE RESTRICT,
    node VARCHAR(80) NOT NULL,
    result JSON NOT NULL,
    worked_out_at TIMESTAMP NOT NULL,
    PRIMARY KEY (user_id, number)
);
CREATE INDEX node_results_of_application ON node_results (application_id);
CREATE INDEX node_results_of_version ON node_results (version_id);
