-- Projects.
CREATE TABLE project (
    no          BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
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
