-- MCPR, tunnel logs at the edge. A subdomain goes from hand to hand; only the tunnel knows whose it was at the time.
CREATE TABLE tunnels (
    id CHAR(16) PRIMARY KEY,
    account_id INTEGER NOT NULL,
    subdomain VARCHAR(63) NOT NULL,
    opened_at TIMESTAMP NOT NULL
);
CREATE INDEX tunnels_of_account ON tunnels (account_id);
CREATE INDEX tunnels_by_subdomain ON tunnels (subdomain);

CREATE TABLE tunnel_connections (
    id INTEGER PRIMARY KEY,
    tunnel_id CHAR(16) NOT NULL REFERENCES tunnels (id) ON DELETE RESTRICT,
    connected_at TIMESTAMP NOT NULL,
    disconnected_at TIMESTAMP,
    bytes_in INTEGER NOT NULL CHECK (bytes_in >= 0),
    bytes_out INTEGER NOT NULL CHECK (bytes_out >= 0),
    CHECK (disconnected_at IS NULL OR disconnected_at >= connected_at)
);
CREATE INDEX tunnel_connections_of_tunnel ON tunnel_connections (tunnel_id);
