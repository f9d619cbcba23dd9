-- Users of the console and the cloud API. The password is an argon2id text.
CREATE TABLE account_user (
    name        TEXT   NOT NULL PRIMARY KEY,
    uin         BIGINT NOT NULL,
    root        BIGINT NOT NULL,
    password    TEXT   NOT NULL,
    created     BIGINT NOT NULL
);

-- Keys that sign calls of the cloud API; the key itself is needed to check a signature.
CREATE TABLE account_key (
    secret_id   TEXT   NOT NULL PRIMARY KEY,
    secret_key  TEXT   NOT NULL,
    user_name   TEXT   NOT NULL,
    created     BIGINT NOT NULL
);

-- Sessions of the console, by the hash of their token.
CREATE TABLE account_session (
    token_hash  TEXT   NOT NULL PRIMARY KEY,
    user_name   TEXT   NOT NULL,
    created     BIGINT NOT NULL,
    used        BIGINT NOT NULL
);
