-- MCPWorks, accounts database: accounts, keys, functions, runs, billing, audit.
CREATE TABLE accounts (
    id INTEGER PRIMARY KEY,
    email VARCHAR(254) NOT NULL UNIQUE,
    email_verified_at TIMESTAMP,
    password_hash VARCHAR(255) NOT NULL,
    tier VARCHAR(12) CHECK (tier IN ('free', 'builder', 'pro', 'enterprise')),
    status VARCHAR(12) NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended', 'deleted')),
    created_at TIMESTAMP
);

CREATE TABLE api_keys (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    name VARCHAR(120) NOT NULL,
    key_hash VARCHAR(255) NOT NULL UNIQUE,
    scopes JSON NOT NULL,
    created_at TIMESTAMP NOT NULL,
    last_used_at TIMESTAMP,
    expires_at TIMESTAMP,
    revoked_at TIMESTAMP
);
CREATE INDEX api_keys_of_account ON api_keys (account_id);

CREATE TABLE refresh_tokens (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    token_hash CHAR(64) NOT NULL UNIQUE,
    issued_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    CHECK (expires_at > issued_at)
);
CREATE INDEX refresh_tokens_of_account ON refresh_tokens (account_id);

CREATE TABLE rate_limit_hits (
    ip VARCHAR(45) NOT NULL,
    window_start TIMESTAMP NOT NULL,
    account_id INTEGER REFERENCES accounts (id) ON DELETE CASCADE,
    hits INTEGER NOT NULL CHECK (hits > 0),
    place VARCHAR(120),
    PRIMARY KEY (ip, window_start)
);
CREATE INDEX rate_limit_hits_of_account ON rate_limit_hits (account_id);

CREATE TABLE security_events (
    id INTEGER PRIMARY KEY,
    account_id INTEGER REFERENCES accounts (id) ON DELETE SET NULL,
    kind VARCHAR(30) NOT NULL CHECK (kind IN ('login', 'login_failed', 'permission_refused', 'password_changed', 'key_revoked')),
    ip VARCHAR(45) NOT NULL,
    place VARCHAR(120),
    at TIMESTAMP NOT NULL
);
CREATE INDEX security_events_of_account ON security_events (account_id);

CREATE TABLE workspaces (
    id INTEGER PRIMARY KEY,
    namespace VARCHAR(63) NOT NULL UNIQUE,
    title VARCHAR(120) NOT NULL,
    created_at TIMESTAMP NOT NULL
);

CREATE TABLE memberships (
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    role VARCHAR(10) NOT NULL CHECK (role IN ('owner', 'member')),
    joined_at TIMESTAMP NOT NULL,
    PRIMARY KEY (workspace_id, account_id)
);
CREATE INDEX memberships_of_account ON memberships (account_id);

CREATE TABLE functions (
    id INTEGER PRIMARY KEY,
    workspace_id INTEGER NOT NULL REFERENCES workspaces (id) ON DELETE RESTRICT,
    author_account_id INTEGER REFERENCES accounts (id) ON DELETE SET NULL,
    name VARCHAR(63) NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    input_schema JSON,
    output_schema JSON,
    packages JSON NOT NULL,
    latest_version INTEGER NOT NULL DEFAULT 0,
    created_at TIMESTAMP NOT NULL,
    UNIQUE (workspace_id, name)
);
CREATE INDEX functions_of_author ON functions (author_account_id);

CREATE TABLE function_versions (
    id INTEGER PRIMARY KEY,
    function_id INTEGER NOT NULL REFERENCES functions (id) ON DELETE CASCADE,
    number INTEGER NOT NULL CHECK (number > 0),
    source TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    UNIQUE (function_id, number)
);

-- A function always knows its newest version.
CREATE TRIGGER function_versions_count AFTER INSERT ON function_versions
BEGIN
    UPDATE functions SET latest_version = NEW.number WHERE id = NEW.function_id AND latest_version < NEW.number;
END;

CREATE TABLE executions (
    id CHAR(32) PRIMARY KEY,
    function_id INTEGER NOT NULL REFERENCES functions (id) ON DELETE RESTRICT,
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE RESTRICT,
    status VARCHAR(10) NOT NULL CHECK (status IN ('succeeded', 'failed', 'timeout')),
    started_at TIMESTAMP NOT NULL,
    duration_ms INTEGER NOT NULL CHECK (duration_ms >= 0),
    error_message TEXT,
    tokens_used INTEGER NOT NULL DEFAULT 0,
    correlation_id CHAR(16) NOT NULL UNIQUE
);
CREATE INDEX executions_of_account ON executions (account_id);
CREATE INDEX executions_of_function ON executions (function_id);

CREATE TABLE execution_payloads (
    execution_id CHAR(32) PRIMARY KEY REFERENCES executions (id) ON DELETE CASCADE,
    input TEXT NOT NULL,
    output TEXT
);

CREATE TABLE execution_counts (
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE RESTRICT,
    period_start DATE NOT NULL,
    period_end DATE NOT NULL,
    executions INTEGER NOT NULL CHECK (executions >= 0),
    tokens INTEGER NOT NULL CHECK (tokens >= 0),
    PRIMARY KEY (account_id, period_start),
    CHECK (period_end > period_start)
);

CREATE TABLE billing_customers (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL UNIQUE REFERENCES accounts (id) ON DELETE RESTRICT,
    stripe_customer_id VARCHAR(40) NOT NULL UNIQUE,
    created_at TIMESTAMP NOT NULL
);

CREATE TABLE subscriptions (
    id INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES billing_customers (id) ON DELETE RESTRICT,
    tier VARCHAR(12) NOT NULL CHECK (tier IN ('builder', 'pro', 'enterprise')),
    status VARCHAR(10) NOT NULL CHECK (status IN ('active', 'past_due', 'ended')),
    started_on DATE NOT NULL
);
CREATE INDEX subscriptions_of_customer ON subscriptions (customer_id);

CREATE TABLE billing_periods (
    id INTEGER PRIMARY KEY,
    subscription_id INTEGER NOT NULL REFERENCES subscriptions (id) ON DELETE RESTRICT,
    starts_on DATE NOT NULL,
    ends_on DATE NOT NULL,
    CHECK (ends_on > starts_on),
    UNIQUE (subscription_id, starts_on)
);

CREATE TABLE audit_log (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE RESTRICT,
    actor VARCHAR(10) NOT NULL CHECK (actor IN ('account', 'staff', 'system')),
    staff_name VARCHAR(120),
    action VARCHAR(60) NOT NULL,
    resource_type VARCHAR(30) NOT NULL,
    resource_id VARCHAR(40) NOT NULL,
    details JSON,
    at TIMESTAMP NOT NULL
);
CREATE INDEX audit_log_of_account ON audit_log (account_id);
