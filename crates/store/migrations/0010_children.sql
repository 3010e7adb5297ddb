-- What belongs to an instance, and goes with it. A row stands here once the work that made it has succeeded.

CREATE TABLE private_access_channels (
    instance_id  {text}   NOT NULL REFERENCES instances (id) ON DELETE CASCADE,
    key          {text}   NOT NULL,
    tenancy_id   {text}   NOT NULL REFERENCES tenancies (id) ON DELETE CASCADE,
    display_name {text}   NOT NULL,
    -- The channel as it is shown, as JSON.
    details      {text}   NOT NULL,
    -- Grows with every change; the ETag is made of it.
    version      {bigint} NOT NULL,
    PRIMARY KEY (instance_id, key)
) {strict};

CREATE UNIQUE INDEX private_access_channels_name ON private_access_channels (instance_id, display_name);

CREATE TABLE vanity_urls (
    instance_id    {text}   NOT NULL REFERENCES instances (id) ON DELETE CASCADE,
    key            {text}   NOT NULL,
    tenancy_id     {text}   NOT NULL REFERENCES tenancies (id) ON DELETE CASCADE,
    -- The vanity URL as it is shown, as JSON.
    details        {text}   NOT NULL,
    ca_certificate {text}   NOT NULL,
    -- The private key as PKCS #8, sealed under the master key.
    sealed_key     {bytes}  NOT NULL,
    -- When the certificate expires.
    not_after      {bigint} NOT NULL,
    version        {bigint} NOT NULL,
    PRIMARY KEY (instance_id, key)
) {strict};

-- Whose host is whose, over the whole installation. A host is taken when the work that wants it is accepted, so it may stand
-- here before its vanity URL does; when neither that nor live work is there (any more), it is free.
CREATE TABLE vanity_hosts (
    host           {text} NOT NULL PRIMARY KEY,
    instance_id    {text} NOT NULL REFERENCES instances (id) ON DELETE CASCADE,
    vanity_url_key {text} NOT NULL
) {strict};

CREATE INDEX vanity_hosts_by_url ON vanity_hosts (instance_id, vanity_url_key);

CREATE TABLE resource_groups (
    instance_id   {text}   NOT NULL REFERENCES instances (id) ON DELETE CASCADE,
    id            {text}   NOT NULL,
    tenancy_id    {text}   NOT NULL REFERENCES tenancies (id) ON DELETE CASCADE,
    resource_name {text}   NOT NULL,
    -- Empty where there is none.
    display_name  {text}   NOT NULL,
    description   {text}   NOT NULL,
    capacity      {bigint} NOT NULL CHECK (capacity >= 1),
    -- 0 for the default group, which lists begin with, and 1 for all others.
    place         {bigint} NOT NULL,
    version       {bigint} NOT NULL,
    PRIMARY KEY (instance_id, id)
) {strict};

CREATE UNIQUE INDEX resource_groups_name ON resource_groups (instance_id, resource_name);
