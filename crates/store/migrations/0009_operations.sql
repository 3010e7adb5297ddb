-- What a work request is to do, and what it leads back to.

-- What the operation was asked for, as JSON, in the words of its workflow.
ALTER TABLE work_requests ADD COLUMN input {text} NOT NULL DEFAULT '{}';
-- The state the instance was in when the work was accepted; empty where there was no instance yet.
ALTER TABLE work_requests ADD COLUMN state_before {text} NOT NULL DEFAULT '';

-- What an instance is being scaled to. It counts against the tenancy's limits from the moment it is asked for.
ALTER TABLE instances ADD COLUMN capacity_reserved {bigint} NOT NULL DEFAULT 0;

DROP INDEX instances_counted;
CREATE INDEX instances_counted ON instances (tenancy_id, feature_set, capacity_type, capacity_value, capacity_reserved)
    WHERE lifecycle_state NOT IN ('DELETED', 'FAILED');
