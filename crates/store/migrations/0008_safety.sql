-- What keeps people safe: password policies and history, the state of a password.

-- A policy chooses one of two built-in sets of rules or brings its own; built-in policies have no priority, which SQLite
-- cannot make of the column that is there.
CREATE TABLE password_policies_with_rules (
    stripe                 {text}   NOT NULL REFERENCES stripes (name) ON DELETE CASCADE,
    -- The SCIM id; a built-in policy has its name there.
    id                     {text}   NOT NULL,
    name                   {text}   NOT NULL,
    description            {text}   NOT NULL,
    priority               {bigint} CHECK (priority BETWEEN 1 AND 10),
    strength               {text}   NOT NULL CHECK (strength IN ('Simple', 'Standard', 'Custom')),
    -- The rules as JSON, of a custom policy only.
    rules                  {text},
    max_incorrect_attempts {bigint} NOT NULL CHECK (max_incorrect_attempts >= 0),
    lockout_minutes        {bigint} NOT NULL CHECK (lockout_minutes >= 0),
    created_at             {bigint} NOT NULL,
    modified_at            {bigint} NOT NULL,
    PRIMARY KEY (stripe, id),
    UNIQUE (stripe, name),
    UNIQUE (stripe, priority),
    CHECK ((strength = 'Custom') = (rules IS NOT NULL))
) {strict};

INSERT INTO password_policies_with_rules (stripe, id, name, description, priority, strength, rules,
                                          max_incorrect_attempts, lockout_minutes, created_at, modified_at)
SELECT p.stripe, p.name, p.name, '', NULL, 'Standard', NULL, p.max_incorrect_attempts, p.lockout_minutes,
       s.created_at, s.created_at
FROM password_policies p JOIN stripes s ON s.name = p.stripe;

INSERT INTO password_policies_with_rules (stripe, id, name, description, priority, strength, rules,
                                          max_incorrect_attempts, lockout_minutes, created_at, modified_at)
SELECT name, 'simplePasswordPolicy', 'simplePasswordPolicy', '', NULL, 'Simple', NULL, 5, 30, created_at, created_at
FROM stripes;

DROP TABLE password_policies;
ALTER TABLE password_policies_with_rules RENAME TO password_policies;

-- The groups that a policy is for; a group has one at the most.
CREATE TABLE password_policy_groups (
    stripe    {text} NOT NULL,
    group_id  {text} NOT NULL,
    policy_id {text} NOT NULL,
    PRIMARY KEY (stripe, group_id),
    FOREIGN KEY (stripe, group_id) REFERENCES groups (stripe, id) ON DELETE CASCADE,
    FOREIGN KEY (stripe, policy_id) REFERENCES password_policies (stripe, id) ON DELETE CASCADE
) {strict};

CREATE INDEX password_policy_groups_by_policy ON password_policy_groups (stripe, policy_id);

-- A password that came with its user is as old as the user, and has no instant of its own.
ALTER TABLE users ADD COLUMN password_set_at {bigint};
ALTER TABLE users ADD COLUMN password_must_change {bool} NOT NULL DEFAULT FALSE;
ALTER TABLE users ADD COLUMN password_cant_change {bool} NOT NULL DEFAULT FALSE;
ALTER TABLE users ADD COLUMN password_cant_expire {bool} NOT NULL DEFAULT FALSE;

-- The Argon2id hashes of passwords that a user had before, newest first by their number.
CREATE TABLE password_history (
    stripe        {text}   NOT NULL,
    user_id       {text}   NOT NULL,
    number        {bigint} NOT NULL,
    password_hash {text}   NOT NULL,
    retired_at    {bigint} NOT NULL,
    PRIMARY KEY (stripe, user_id, number),
    FOREIGN KEY (stripe, user_id) REFERENCES users (stripe, id) ON DELETE CASCADE
) {strict};

-- The audit trail of each stripe: numbered records, each with a keyed hash over itself and its predecessor.
CREATE TABLE audit_events (
    stripe      {text}   NOT NULL REFERENCES stripes (name) ON DELETE CASCADE,
    number      {bigint} NOT NULL,
    -- The event's own id, made of its hash.
    id          {text}   NOT NULL,
    event_id    {text}   NOT NULL,
    occurred_at {bigint} NOT NULL,
    ec_id       {text}   NOT NULL,
    actor_id    {text}   NOT NULL,
    target_id   {text}   NOT NULL,
    -- All of it as JSON, byte for byte what the hash is over.
    record      {text}   NOT NULL,
    hash        {bytes}  NOT NULL,
    PRIMARY KEY (stripe, number),
    UNIQUE (stripe, id)
) {strict};

CREATE INDEX audit_events_by_time ON audit_events (stripe, occurred_at);
CREATE INDEX audit_events_by_request ON audit_events (stripe, ec_id);

-- Where the chain of a stripe begins, after old records were taken away, and where it ends; whoever writes holds this row.
CREATE TABLE audit_ends (
    stripe       {text}   NOT NULL PRIMARY KEY REFERENCES stripes (name) ON DELETE CASCADE,
    first_after  {bigint} NOT NULL,
    first_before {bytes}  NOT NULL,
    last         {bigint} NOT NULL,
    last_hash    {bytes}  NOT NULL,
    seal         {bytes}  NOT NULL
) {strict};

-- What a stripe sets about its people's safety.
ALTER TABLE stripes ADD COLUMN audit_retention_days {bigint} NOT NULL DEFAULT 30
    CHECK (audit_retention_days BETWEEN 1 AND 3660);
