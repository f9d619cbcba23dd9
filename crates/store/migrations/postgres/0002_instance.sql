-- Instances. kind: 0 public, 1 enterprise.
CREATE TABLE instance (
    id               TEXT   NOT NULL PRIMARY KEY,
    uin              BIGINT NOT NULL,
    kind             BIGINT NOT NULL,
    description      TEXT   NOT NULL,
    default_project  TEXT   NOT NULL,
    activation_codes BIGINT NOT NULL,
    created          BIGINT NOT NULL,
    updated          BIGINT NOT NULL
);
CREATE INDEX instance_by_uin ON instance (uin, created);
