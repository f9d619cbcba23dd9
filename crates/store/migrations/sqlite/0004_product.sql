-- Products with their thing models. gateway: 0 or 1. state: dev, audit, released.
CREATE TABLE product (
    no          INTEGER PRIMARY KEY AUTOINCREMENT,
    id             TEXT   NOT NULL UNIQUE,
    uin            BIGINT NOT NULL,
    project_id     TEXT   NOT NULL,
    instance_id    TEXT   NOT NULL,
    name           TEXT   NOT NULL,
    category       BIGINT NOT NULL,
    gateway        BIGINT NOT NULL,
    net            TEXT   NOT NULL,
    protocol       BIGINT NOT NULL,
    description    TEXT   NOT NULL,
    state          TEXT   NOT NULL,
    module         BIGINT NOT NULL,
    script         BIGINT NOT NULL,
    bind           BIGINT NOT NULL,
    rate           TEXT   NOT NULL,
    period         TEXT   NOT NULL,
    creator        TEXT   NOT NULL,
    created        BIGINT NOT NULL,
    updated        BIGINT NOT NULL,
    model          TEXT   NOT NULL,
    category_model TEXT   NOT NULL,
    model_updated  BIGINT NOT NULL,
    UNIQUE (uin, name)
);
CREATE INDEX product_by_project ON product (project_id, no);
CREATE INDEX product_by_uin ON product (uin, no);
