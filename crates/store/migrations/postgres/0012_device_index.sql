-- Lists by firmware version. The name stands in the index, so that a search for it reads no rows.
CREATE INDEX device_by_version ON device (product_id, version, no) INCLUDE (name);
CREATE INDEX device_by_project_version ON device (project_id, version, no) INCLUDE (name);

-- Whose they are: the devices of a project are counted without reading them.
ALTER TABLE device_count ADD COLUMN project_id TEXT NOT NULL DEFAULT '';
UPDATE device_count SET project_id = (SELECT d.project_id FROM device d
    WHERE d.product_id = device_count.product_id LIMIT 1) WHERE devices > 0;
CREATE INDEX device_count_by_project ON device_count (project_id);
