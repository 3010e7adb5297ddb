-- A tenancy is who owns things; a compartment is where they are filed. Everything else hangs on these two.

CREATE TABLE tenancies (
    id          {text}   NOT NULL PRIMARY KEY,
    name        {text}   NOT NULL UNIQUE,
    home_region {text}   NOT NULL,
    created_at  {bigint} NOT NULL
) {strict};

-- The root compartment is the tenancy itself and has no row here. `parent_id` is the tenancy's or a compartment's OCID.
CREATE TABLE compartments (
    id         {text}   NOT NULL PRIMARY KEY,
    tenancy_id {text}   NOT NULL REFERENCES tenancies (id) ON DELETE CASCADE,
    parent_id  {text}   NOT NULL,
    name       {text}   NOT NULL,
    created_at {bigint} NOT NULL,
    UNIQUE (tenancy_id, parent_id, name)
) {strict};
