-- What the administration API keeps of people: columns to filter and sort by, the rest of a user as JSON, addresses, groups.
-- Columns that end in `_key` are in lower case, and empty where the user has nothing of the kind.

ALTER TABLE users ADD COLUMN display_name_key {text} NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN given_name_key {text} NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN family_name_key {text} NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN title_key {text} NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN department_key {text} NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN employee_number_key {text} NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN external_id {text} NOT NULL DEFAULT '';
-- The attributes that have no column of their own.
ALTER TABLE users ADD COLUMN details {text} NOT NULL DEFAULT '{}';
-- Who made and who last changed it, as JSON; empty where it was the service.
ALTER TABLE users ADD COLUMN created_by {text} NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN modified_by {text} NOT NULL DEFAULT '';
-- Grows with every change to the resource, and not with attempts to sign in.
ALTER TABLE users ADD COLUMN revision {bigint} NOT NULL DEFAULT 1;

UPDATE users SET display_name_key = lower(display_name), family_name_key = lower(family_name),
                 given_name_key = lower(COALESCE(given_name, ''));

CREATE INDEX users_by_name ON users (stripe, user_name_key, id);
CREATE INDEX users_by_display_name ON users (stripe, display_name_key, id);
CREATE INDEX users_by_given_name ON users (stripe, given_name_key, id);
CREATE INDEX users_by_family_name ON users (stripe, family_name_key, id);
CREATE INDEX users_by_created ON users (stripe, created_at, id);
CREATE INDEX users_by_modified ON users (stripe, modified_at, id);
CREATE INDEX users_by_external_id ON users (stripe, external_id);
CREATE INDEX users_by_employee_number ON users (stripe, employee_number_key);

-- A user's addresses, to filter by; the user's own JSON is what is answered.
CREATE TABLE user_emails (
    stripe     {text}   NOT NULL,
    user_id    {text}   NOT NULL,
    position   {bigint} NOT NULL,
    value_key  {text}   NOT NULL,
    kind       {text}   NOT NULL,
    is_primary {bool}   NOT NULL,
    PRIMARY KEY (stripe, user_id, position),
    FOREIGN KEY (stripe, user_id) REFERENCES users (stripe, id) ON DELETE CASCADE
) {strict};

CREATE INDEX user_emails_by_value ON user_emails (stripe, value_key);

INSERT INTO user_emails (stripe, user_id, position, value_key, kind, is_primary)
    SELECT stripe, id, 0, lower(email), 'work', NOT (1 = 0) FROM users;
INSERT INTO user_emails (stripe, user_id, position, value_key, kind, is_primary)
    SELECT stripe, id, 1, lower(email), 'recovery', 1 = 0 FROM users;

CREATE TABLE groups (
    stripe           {text}   NOT NULL REFERENCES stripes (name) ON DELETE CASCADE,
    id               {text}   NOT NULL,
    ocid             {text}   NOT NULL UNIQUE,
    display_name     {text}   NOT NULL,
    display_name_key {text}   NOT NULL,
    external_id      {text}   NOT NULL,
    details          {text}   NOT NULL,
    created_by       {text}   NOT NULL,
    modified_by      {text}   NOT NULL,
    revision         {bigint} NOT NULL,
    created_at       {bigint} NOT NULL,
    modified_at      {bigint} NOT NULL,
    PRIMARY KEY (stripe, id),
    UNIQUE (stripe, display_name_key)
) {strict};

CREATE INDEX groups_by_display_name ON groups (stripe, display_name_key, id);
CREATE INDEX groups_by_created ON groups (stripe, created_at, id);
CREATE INDEX groups_by_modified ON groups (stripe, modified_at, id);

CREATE TABLE group_members (
    stripe   {text}   NOT NULL,
    group_id {text}   NOT NULL,
    user_id  {text}   NOT NULL,
    added_at {bigint} NOT NULL,
    PRIMARY KEY (stripe, group_id, user_id),
    FOREIGN KEY (stripe, group_id) REFERENCES groups (stripe, id) ON DELETE CASCADE,
    FOREIGN KEY (stripe, user_id) REFERENCES users (stripe, id) ON DELETE CASCADE
) {strict};

CREATE INDEX group_members_by_user ON group_members (stripe, user_id, group_id);

ALTER TABLE api_keys ADD COLUMN id {text} NOT NULL DEFAULT '';
ALTER TABLE api_keys ADD COLUMN description {text} NOT NULL DEFAULT '';
UPDATE api_keys SET id = replace(fingerprint, ':', '');
CREATE INDEX api_keys_by_id ON api_keys (stripe, id);
