-- Compartments with all that Oracle's identity API shows of them, policies, and the version by which memory copies of a
-- tenancy's rules are found to be old.

ALTER TABLE tenancies ADD COLUMN rules_version {bigint} NOT NULL DEFAULT 1;

-- The name as it is compared: without regard to case.
ALTER TABLE compartments ADD COLUMN name_key {text} NOT NULL DEFAULT '';
ALTER TABLE compartments ADD COLUMN description {text} NOT NULL DEFAULT '';
-- Tags as JSON.
ALTER TABLE compartments ADD COLUMN defined_tags {text} NOT NULL DEFAULT '{}';
ALTER TABLE compartments ADD COLUMN freeform_tags {text} NOT NULL DEFAULT '{}';
-- Grows with every change; the ETag is made of it.
ALTER TABLE compartments ADD COLUMN version {bigint} NOT NULL DEFAULT 1;

UPDATE compartments SET name_key = lower(name);

CREATE UNIQUE INDEX compartments_by_name ON compartments (tenancy_id, parent_id, name_key);

CREATE TABLE policies (
    id             {text}   NOT NULL PRIMARY KEY,
    tenancy_id     {text}   NOT NULL REFERENCES tenancies (id) ON DELETE CASCADE,
    -- Where it is attached: the tenancy or one of its compartments.
    compartment_id {text}   NOT NULL,
    name           {text}   NOT NULL,
    name_key       {text}   NOT NULL,
    description    {text}   NOT NULL,
    -- The statements as they were written, as a JSON array.
    statements     {text}   NOT NULL,
    -- A date by which the words of the statements are understood; empty for today's.
    version_date   {text}   NOT NULL,
    defined_tags   {text}   NOT NULL,
    freeform_tags  {text}   NOT NULL,
    version        {bigint} NOT NULL,
    created_at     {bigint} NOT NULL,
    UNIQUE (tenancy_id, name_key)
) {strict};
