-- How many devices a product has: counting a million rows takes too long for each call that asks.
CREATE TABLE device_count (
    product_id  TEXT   NOT NULL PRIMARY KEY,
    devices     BIGINT NOT NULL
);
INSERT INTO device_count (product_id, devices)
    SELECT product_id, count(*) FROM device GROUP BY product_id;
