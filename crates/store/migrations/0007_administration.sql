-- What administration needs to know of applications, their roles and grants, and of a stripe's settings.

-- Grants get a third kind of holder, the application they are for, and who made them. A grant without a role is access to
-- the application itself. SQLite cannot widen a CHECK, so the table is made anew. Holder and role stand twice: once as
-- what they refer to, and once as the resource shows them, to be searched for.
CREATE TABLE grants_with_groups (
    stripe           {text}   NOT NULL,
    id               {text}   NOT NULL,
    app_id           {text}   NOT NULL,
    role_id          {text},
    user_id          {text},
    client_id        {text},
    group_id         {text},
    grantee_type     {text}   NOT NULL CHECK (grantee_type IN ('User', 'App', 'Group')),
    grantee_id       {text}   NOT NULL,
    -- `appRoles` and the role's id, or twice nothing.
    entitlement_name {text}   NOT NULL,
    entitlement      {text}   NOT NULL,
    mechanism        {text}   NOT NULL,
    -- `User` or `App` and an id; twice nothing when the service itself granted it.
    grantor_type     {text}   NOT NULL,
    grantor_id       {text}   NOT NULL,
    created_at       {bigint} NOT NULL,
    PRIMARY KEY (stripe, id),
    UNIQUE (stripe, grantee_type, grantee_id, app_id, entitlement),
    FOREIGN KEY (stripe, app_id) REFERENCES apps (stripe, id) ON DELETE CASCADE,
    FOREIGN KEY (stripe, role_id) REFERENCES app_roles (stripe, id) ON DELETE CASCADE,
    FOREIGN KEY (stripe, user_id) REFERENCES users (stripe, id) ON DELETE CASCADE,
    FOREIGN KEY (stripe, client_id) REFERENCES apps (stripe, id) ON DELETE CASCADE,
    FOREIGN KEY (stripe, group_id) REFERENCES groups (stripe, id) ON DELETE CASCADE,
    CHECK (grantee_id = COALESCE(CASE grantee_type WHEN 'User' THEN user_id WHEN 'App' THEN client_id ELSE group_id END, '')),
    CHECK (COALESCE(user_id, client_id, group_id) = COALESCE(group_id, client_id, user_id)),
    CHECK (entitlement = COALESCE(role_id, ''))
) {strict};

INSERT INTO grants_with_groups (stripe, id, app_id, role_id, user_id, client_id, grantee_type, grantee_id,
                                entitlement_name, entitlement, mechanism, grantor_type, grantor_id, created_at)
SELECT g.stripe, g.id, r.app_id, g.role_id, g.user_id, g.client_id,
       CASE WHEN g.user_id IS NULL THEN 'App' ELSE 'User' END, COALESCE(g.user_id, g.client_id),
       'appRoles', g.role_id, g.mechanism, '', '', g.created_at
FROM grants g JOIN app_roles r ON r.stripe = g.stripe AND r.id = g.role_id;

DROP TABLE grants;
ALTER TABLE grants_with_groups RENAME TO grants;

CREATE INDEX grants_of_users ON grants (stripe, user_id) WHERE user_id IS NOT NULL;
CREATE INDEX grants_of_clients ON grants (stripe, client_id) WHERE client_id IS NOT NULL;
CREATE INDEX grants_of_groups ON grants (stripe, group_id) WHERE group_id IS NOT NULL;
CREATE INDEX grants_of_roles ON grants (stripe, role_id) WHERE role_id IS NOT NULL;
CREATE INDEX grants_by_entitlement ON grants (stripe, entitlement);
CREATE INDEX grants_for_apps ON grants (stripe, app_id);

-- Texts that are searched for without regard to case stand in lower case beside themselves. What was there before is in
-- ASCII, which both engines lower alike.
ALTER TABLE app_roles ADD COLUMN display_name_key {text} NOT NULL DEFAULT '';
ALTER TABLE app_roles ADD COLUMN description {text} NOT NULL DEFAULT '';
ALTER TABLE app_roles ADD COLUMN is_public {bool} NOT NULL DEFAULT FALSE;
ALTER TABLE app_roles ADD COLUMN created_at {bigint} NOT NULL DEFAULT 0;
UPDATE app_roles SET display_name_key = lower(display_name), created_at = (
    SELECT a.created_at FROM apps a WHERE a.stripe = app_roles.stripe AND a.id = app_roles.app_id
);
CREATE INDEX app_roles_by_name ON app_roles (stripe, display_name_key, id);

-- What an application shows and nothing else depends on, as the JSON of its SCIM attributes, and who made and changed it.
-- The revision grows with every change to the resource.
ALTER TABLE apps ADD COLUMN display_name_key {text} NOT NULL DEFAULT '';
ALTER TABLE apps ADD COLUMN name_key {text} NOT NULL DEFAULT '';
ALTER TABLE apps ADD COLUMN audience_key {text} NOT NULL DEFAULT '';
ALTER TABLE apps ADD COLUMN template {text} NOT NULL DEFAULT 'CustomWebAppTemplateId';
ALTER TABLE apps ADD COLUMN shown_to_users {bool} NOT NULL DEFAULT TRUE;
ALTER TABLE apps ADD COLUMN extra {text} NOT NULL DEFAULT '{}';
ALTER TABLE apps ADD COLUMN created_by {text} NOT NULL DEFAULT '';
ALTER TABLE apps ADD COLUMN modified_by {text} NOT NULL DEFAULT '';
ALTER TABLE apps ADD COLUMN revision {bigint} NOT NULL DEFAULT 1;
UPDATE apps SET display_name_key = lower(display_name), name_key = lower(name), audience_key = COALESCE(audience, '');
CREATE INDEX apps_by_display_name ON apps (stripe, display_name_key, id);
CREATE INDEX apps_by_created ON apps (stripe, created_at, id);
CREATE INDEX apps_by_modified ON apps (stripe, modified_at, id);

-- The applications a user was given, by a grant of their own or through a group.
CREATE VIEW my_apps AS
SELECT held.stripe, held.user_id AS owner_id, a.id, a.ocid, a.name, a.display_name, a.display_name_key, a.description,
       a.is_active, a.is_opc_service, a.landing_page_url, a.created_at, a.modified_at
FROM (
    SELECT g.stripe, g.user_id, g.app_id FROM grants g WHERE g.user_id IS NOT NULL
    UNION
    SELECT m.stripe, m.user_id, g.app_id FROM group_members m
    JOIN grants g ON g.stripe = m.stripe AND g.group_id = m.group_id
) held JOIN apps a ON a.stripe = held.stripe AND a.id = held.app_id
WHERE a.is_active AND a.shown_to_users;

-- Settings that only are kept, as the JSON of their SCIM attributes.
ALTER TABLE stripes ADD COLUMN extra_settings {text} NOT NULL DEFAULT '{}';
ALTER TABLE stripes ADD COLUMN settings_modified_at {bigint} NOT NULL DEFAULT 0;
ALTER TABLE stripes ADD COLUMN settings_modified_by {text} NOT NULL DEFAULT '';
ALTER TABLE stripes ADD COLUMN settings_revision {bigint} NOT NULL DEFAULT 1;
