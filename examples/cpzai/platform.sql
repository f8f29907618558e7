-- CPZAI, platform database: accounts and everything that belongs to them.
CREATE TABLE addresses (
    id INTEGER PRIMARY KEY,
    street VARCHAR(120) NOT NULL,
    city VARCHAR(80) NOT NULL,
    postal_code VARCHAR(20) NOT NULL,
    country CHAR(2) NOT NULL CHECK (length(country) = 2)
);

CREATE TABLE accounts (
    id INTEGER PRIMARY KEY,
    email VARCHAR(254) NOT NULL UNIQUE,
    full_name VARCHAR(120) NOT NULL,
    phone VARCHAR(24) UNIQUE,
    address_id INTEGER REFERENCES addresses (id) ON DELETE RESTRICT,
    referred_by INTEGER REFERENCES accounts (id) ON DELETE SET NULL,
    status VARCHAR(10) NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'closed')),
    opened_at TIMESTAMP NOT NULL
);
CREATE INDEX accounts_at_address ON accounts (address_id);
CREATE INDEX accounts_referred_by ON accounts (referred_by);

CREATE TABLE desks (
    id INTEGER PRIMARY KEY,
    name VARCHAR(80) NOT NULL UNIQUE,
    opened_at TIMESTAMP NOT NULL
);

CREATE TABLE desk_members (
    desk_id INTEGER NOT NULL REFERENCES desks (id) ON DELETE CASCADE,
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    role VARCHAR(10) NOT NULL CHECK (role IN ('lead', 'trader', 'viewer')),
    joined_at TIMESTAMP NOT NULL,
    PRIMARY KEY (desk_id, account_id)
);
CREATE INDEX desk_members_of_account ON desk_members (account_id);

CREATE TABLE desk_notes (
    id INTEGER PRIMARY KEY,
    desk_id INTEGER NOT NULL REFERENCES desks (id) ON DELETE CASCADE,
    author_account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE RESTRICT,
    body TEXT NOT NULL,
    written_at TIMESTAMP NOT NULL
);
CREATE INDEX desk_notes_of_author ON desk_notes (author_account_id);

CREATE TABLE api_keys (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    label VARCHAR(80) NOT NULL,
    public_part VARCHAR(24) NOT NULL UNIQUE,
    secret_hash VARCHAR(255) NOT NULL,
    created_at TIMESTAMP NOT NULL,
    regenerated_at TIMESTAMP,
    CHECK (regenerated_at IS NULL OR regenerated_at >= created_at)
);
CREATE INDEX api_keys_of_account ON api_keys (account_id);

CREATE TABLE broker_connections (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE RESTRICT,
    broker VARCHAR(12) NOT NULL CHECK (broker IN ('Alpaca', 'IBKR')),
    broker_account VARCHAR(24) NOT NULL,
    connected_at TIMESTAMP NOT NULL,
    UNIQUE (broker, broker_account)
);
CREATE INDEX broker_connections_of_account ON broker_connections (account_id);

CREATE TABLE strategies (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE RESTRICT,
    name VARCHAR(80) NOT NULL,
    rules JSON NOT NULL,
    created_at TIMESTAMP NOT NULL,
    UNIQUE (account_id, name)
);

CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE RESTRICT,
    connection_id INTEGER NOT NULL REFERENCES broker_connections (id) ON DELETE RESTRICT,
    strategy_id INTEGER REFERENCES strategies (id) ON DELETE SET NULL,
    symbol VARCHAR(12) NOT NULL,
    side VARCHAR(4) NOT NULL CHECK (side IN ('buy', 'sell')),
    quantity NUMERIC(14, 4) NOT NULL CHECK (quantity > 0),
    limit_price NUMERIC(14, 4),
    broker_reference VARCHAR(40) NOT NULL,
    placed_at TIMESTAMP NOT NULL
);
CREATE INDEX orders_of_account ON orders (account_id);
CREATE INDEX orders_of_connection ON orders (connection_id);

CREATE TABLE order_events (
    order_id INTEGER NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
    number INTEGER NOT NULL CHECK (number > 0),
    status VARCHAR(10) NOT NULL CHECK (status IN ('forwarded', 'filled', 'cancelled', 'rejected')),
    at TIMESTAMP NOT NULL,
    PRIMARY KEY (order_id, number)
);

-- An account that was closed keeps that state.
CREATE TRIGGER accounts_stay_closed BEFORE UPDATE OF status ON accounts
WHEN OLD.status = 'closed' AND NEW.status <> 'closed'
BEGIN
    SELECT RAISE(ABORT, 'a closed account stays closed');
END;
