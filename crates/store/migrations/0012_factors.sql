-- Second factors, the way into them, and when a session was last used.

-- A user's authenticator app. Until it is confirmed it asks for nothing and opens nothing.
CREATE TABLE factors (
    stripe          {text}   NOT NULL,
    user_id         {text}   NOT NULL,
    id              {text}   NOT NULL,
    -- The shared secret, sealed under the master key for this stripe, user and id.
    sealed_secret   {bytes}  NOT NULL,
    -- The step of the last code that was used; no code of it or before it is taken again.
    last_step       {bigint} NOT NULL,
    -- Wrong codes since the last right one. A right password does not forgive them.
    failed_attempts {bigint} NOT NULL CHECK (failed_attempts >= 0),
    created_at      {bigint} NOT NULL,
    confirmed_at    {bigint},
    PRIMARY KEY (stripe, user_id),
    FOREIGN KEY (stripe, user_id) REFERENCES users (stripe, id) ON DELETE CASCADE
) {strict};

-- Recovery codes as keyed hashes; one that was used is gone.
CREATE TABLE recovery_codes (
    stripe    {text} NOT NULL,
    user_id   {text} NOT NULL,
    code_hash {text} NOT NULL,
    PRIMARY KEY (stripe, user_id, code_hash),
    FOREIGN KEY (stripe, user_id) REFERENCES factors (stripe, user_id) ON DELETE CASCADE
) {strict};

-- Users whose password was right and whose second factor is still to come. It opens nothing but the page that asks for it.
CREATE TABLE half_sign_ins (
    stripe     {text}   NOT NULL,
    -- The id in the browser as a keyed hash, in hex.
    id_hash    {text}   NOT NULL,
    user_id    {text}   NOT NULL,
    expires_at {bigint} NOT NULL,
    PRIMARY KEY (stripe, id_hash),
    FOREIGN KEY (stripe, user_id) REFERENCES users (stripe, id) ON DELETE CASCADE
) {strict};

CREATE INDEX half_sign_ins_by_user ON half_sign_ins (stripe, user_id);
CREATE INDEX half_sign_ins_by_expiry ON half_sign_ins (expires_at);

-- Whom the sign-on policy of a stripe asks for a second factor.
ALTER TABLE stripes ADD COLUMN mfa_policy {text} NOT NULL DEFAULT 'Optional'
    CHECK (mfa_policy IN ('Off', 'Optional', 'Required'));

-- When a session was last used, to the minute.
ALTER TABLE sessions ADD COLUMN last_used_at {bigint} NOT NULL DEFAULT 0;
UPDATE sessions SET last_used_at = created_at;
