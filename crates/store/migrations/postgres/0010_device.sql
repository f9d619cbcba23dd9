-- Devices. Numbers are never used again (identity): the hot store's rows carry them.
CREATE TABLE device (
    no          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uin         BIGINT NOT NULL,
    project_id  TEXT   NOT NULL,
    product_id  TEXT   NOT NULL,
    name        TEXT   NOT NULL,
    secret      TEXT   NOT NULL,
    enabled     BIGINT NOT NULL,
    version     TEXT   NOT NULL,
    created     BIGINT NOT NULL,
    UNIQUE (product_id, name)
);
CREATE INDEX device_by_product ON device (product_id, no);
CREATE INDEX device_by_project ON device (project_id, no);

-- Devices whose credential in the hot store may differ from the row above.
CREATE TABLE device_outbox (
    id          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    product_id  TEXT   NOT NULL,
    name        TEXT   NOT NULL
);

-- Deleted devices whose rows in the hot store are still to be removed.
CREATE TABLE device_purge (
    no          BIGINT NOT NULL PRIMARY KEY,
    product_id  TEXT   NOT NULL
);
