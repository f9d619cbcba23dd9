-- How the devices of a product prove themselves: 1 certificate, 2 key; ca: the account's authority
-- of that name vouches for them, '' is the platform's own.
ALTER TABLE product ADD COLUMN encryption BIGINT NOT NULL DEFAULT 2;
ALTER TABLE product ADD COLUMN ca TEXT NOT NULL DEFAULT '';
CREATE INDEX product_by_ca ON product (uin, ca, no);

-- The certificate (PEM) that a device proves itself by; '' is none.
ALTER TABLE device ADD COLUMN certificate TEXT NOT NULL DEFAULT '';

-- Certificate authorities of accounts (PEM).
CREATE TABLE ca (
    uin         BIGINT NOT NULL,
    name        TEXT   NOT NULL,
    pem         TEXT   NOT NULL,
    created     BIGINT NOT NULL,
    PRIMARY KEY (uin, name)
);
