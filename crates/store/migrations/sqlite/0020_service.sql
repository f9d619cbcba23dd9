-- Service clients of an instance. products: '*' or ids, publish and subscribe: filters, one a line.
-- token: SHA-256 in hex. enabled: 0 or 1. connected: 0 never.
CREATE TABLE service_client (
    id          TEXT   NOT NULL PRIMARY KEY,
    uin         BIGINT NOT NULL,
    instance_id TEXT   NOT NULL,
    remark      TEXT   NOT NULL,
    products    TEXT   NOT NULL,
    publish     TEXT   NOT NULL,
    subscribe   TEXT   NOT NULL,
    token       TEXT   NOT NULL,
    enabled     BIGINT NOT NULL,
    created     BIGINT NOT NULL,
    connected   BIGINT NOT NULL
);
CREATE INDEX service_client_by_instance ON service_client (instance_id);
