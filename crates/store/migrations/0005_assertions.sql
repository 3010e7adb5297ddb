-- What others sign for us and what we sign for them: certificates of applications, assertions that were used, device
-- codes, trusts in other identity providers, and the phases of a signing key.

CREATE TABLE app_certificates (
    stripe     {text}   NOT NULL,
    app_id     {text}   NOT NULL,
    -- The name that an assertion's `kid` gives.
    alias      {text}   NOT NULL,
    der        {bytes}  NOT NULL,
    -- Thumbprints, base64url.
    x5t        {text}   NOT NULL,
    x5t_s256   {text}   NOT NULL,
    created_at {bigint} NOT NULL,
    PRIMARY KEY (stripe, app_id, alias),
    UNIQUE (stripe, app_id, x5t_s256),
    FOREIGN KEY (stripe, app_id) REFERENCES apps (stripe, id) ON DELETE CASCADE
) {strict};

-- Assertions with a `jti` that were accepted, until they would be refused for their age anyway.
CREATE TABLE used_assertions (
    stripe     {text}   NOT NULL REFERENCES stripes (name) ON DELETE CASCADE,
    -- A hash of who signed it and of its `jti`.
    id_hash    {text}   NOT NULL,
    -- By the wall's clock, which is the one that clients stamp by.
    expires_at {bigint} NOT NULL,
    PRIMARY KEY (stripe, id_hash)
) {strict};

CREATE INDEX used_assertions_by_expiry ON used_assertions (expires_at);

CREATE TABLE device_codes (
    stripe         {text}   NOT NULL,
    -- Keyed hashes of the two codes, in hex.
    code_hash      {text}   NOT NULL,
    user_code_hash {text}   NOT NULL,
    app_id         {text}   NOT NULL,
    scope          {text}   NOT NULL,
    state          {text}   NOT NULL CHECK (state IN ('pending', 'allowed', 'denied', 'used')),
    user_id        {text},
    polled_at      {bigint},
    created_at     {bigint} NOT NULL,
    expires_at     {bigint} NOT NULL,
    PRIMARY KEY (stripe, code_hash),
    UNIQUE (stripe, user_code_hash),
    FOREIGN KEY (stripe, app_id) REFERENCES apps (stripe, id) ON DELETE CASCADE,
    FOREIGN KEY (stripe, user_id) REFERENCES users (stripe, id) ON DELETE CASCADE,
    CHECK (user_id IS NOT NULL OR state = 'pending')
) {strict};

CREATE INDEX device_codes_by_app ON device_codes (stripe, app_id);
CREATE INDEX device_codes_by_user ON device_codes (stripe, user_id);
CREATE INDEX device_codes_by_expiry ON device_codes (expires_at);

-- Wrong user codes of one user, so that nobody can try them all.
CREATE TABLE device_attempts (
    stripe     {text}   NOT NULL,
    user_id    {text}   NOT NULL,
    failed     {bigint} NOT NULL CHECK (failed >= 0),
    -- When the count begins anew.
    expires_at {bigint} NOT NULL,
    PRIMARY KEY (stripe, user_id),
    FOREIGN KEY (stripe, user_id) REFERENCES users (stripe, id) ON DELETE CASCADE
) {strict};

CREATE INDEX device_attempts_by_expiry ON device_attempts (expires_at);

CREATE TABLE propagation_trusts (
    stripe                    {text}   NOT NULL REFERENCES stripes (name) ON DELETE CASCADE,
    id                        {text}   NOT NULL,
    ocid                      {text}   NOT NULL UNIQUE,
    name                      {text}   NOT NULL,
    description               {text}   NOT NULL,
    -- The `iss` of the tokens it trusts.
    issuer                    {text}   NOT NULL,
    is_active                 {bool}   NOT NULL,
    -- A JSON array of client ids.
    oauth_clients             {text}   NOT NULL,
    -- The provider's certificate as DER.
    public_certificate        {bytes},
    public_key_endpoint       {text},
    client_claim_name         {text},
    -- A JSON array.
    client_claim_values       {text}   NOT NULL,
    subject_claim_name        {text}   NOT NULL,
    subject_mapping_attribute {text}   NOT NULL,
    clock_skew_seconds        {bigint} NOT NULL CHECK (clock_skew_seconds BETWEEN 0 AND 600),
    created_at                {bigint} NOT NULL,
    modified_at               {bigint} NOT NULL,
    PRIMARY KEY (stripe, id),
    UNIQUE (stripe, name),
    UNIQUE (stripe, issuer)
) {strict};

-- A key is next (published, not used yet), then current, then old (honoured until the last token it signed is dead).
-- `activates_at` is set while it is next, `honoured_until` once it is old.
ALTER TABLE signing_keys ADD COLUMN activates_at {bigint};
ALTER TABLE signing_keys ADD COLUMN honoured_until {bigint};

CREATE UNIQUE INDEX signing_keys_next ON signing_keys (stripe) WHERE NOT is_current AND honoured_until IS NULL;
