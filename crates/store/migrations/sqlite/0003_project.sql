-- Projects.
CREATE TABLE project (
    no          INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT   NOT NULL UNIQUE,
    uin         BIGINT NOT NULL,
    instance_id TEXT   NOT NULL,
    name        TEXT   NOT NULL,
    description TEXT   NOT NULL,
    created     BIGINT NOT NULL,
    updated     BIGINT NOT NULL,
    UNIQUE (instance_id, name)
);
CREATE INDEX project_by_uin ON project (uin, no);
