-- Resource servers and their clients, refresh-token families, authorization codes and consents.

-- What an application asks of tokens, as a client and as a resource server. Lists are JSON arrays of text, tags JSON
-- arrays of {"key","value"}; lives are seconds.
ALTER TABLE apps ADD COLUMN secondary_audiences       {text}   NOT NULL DEFAULT '[]';
ALTER TABLE apps ADD COLUMN allowed_scopes            {text}   NOT NULL DEFAULT '[]';
ALTER TABLE apps ADD COLUMN redirect_uris             {text}   NOT NULL DEFAULT '[]';
ALTER TABLE apps ADD COLUMN post_logout_redirect_uris {text}   NOT NULL DEFAULT '[]';
ALTER TABLE apps ADD COLUMN logout_uri                {text};
ALTER TABLE apps ADD COLUMN login_page_url            {text};
ALTER TABLE apps ADD COLUMN logout_page_url           {text};
ALTER TABLE apps ADD COLUMN error_page_url            {text};
ALTER TABLE apps ADD COLUMN landing_page_url          {text};
ALTER TABLE apps ADD COLUMN trust_scope               {text}   NOT NULL DEFAULT 'Explicit'
    CHECK (trust_scope IN ('Explicit', 'Account', 'Tags', 'Default'));
ALTER TABLE apps ADD COLUMN tags                      {text}   NOT NULL DEFAULT '[]';
ALTER TABLE apps ADD COLUMN allowed_tags              {text}   NOT NULL DEFAULT '[]';
ALTER TABLE apps ADD COLUMN access_token_expiry       {bigint} CHECK (access_token_expiry > 0);
ALTER TABLE apps ADD COLUMN refresh_token_expiry      {bigint} CHECK (refresh_token_expiry > 0);
ALTER TABLE apps ADD COLUMN allow_offline             {bool}   NOT NULL DEFAULT FALSE;
ALTER TABLE apps ADD COLUMN bypass_consent            {bool}   NOT NULL DEFAULT FALSE;
ALTER TABLE apps ADD COLUMN all_url_schemes_allowed   {bool}   NOT NULL DEFAULT FALSE;
ALTER TABLE apps ADD COLUMN client_ip_checking        {text}   NOT NULL DEFAULT 'anywhere'
    CHECK (client_ip_checking IN ('anywhere', 'whitelisted'));

-- The scopes of resource servers.
CREATE TABLE app_scopes (
    stripe           {text}   NOT NULL,
    app_id           {text}   NOT NULL,
    value            {text}   NOT NULL,
    -- The application's audience and the value, plainly joined.
    fqs              {text}   NOT NULL,
    display_name     {text}   NOT NULL,
    description      {text}   NOT NULL,
    requires_consent {bool}   NOT NULL,
    -- Their order in the application.
    position         {bigint} NOT NULL,
    PRIMARY KEY (stripe, app_id, value),
    UNIQUE (stripe, fqs),
    FOREIGN KEY (stripe, app_id) REFERENCES apps (stripe, id) ON DELETE CASCADE
) {strict};

-- The issuer that was changed last, whose tokens still hold, and what trust scope Default stands for.
ALTER TABLE stripes ADD COLUMN previous_issuer     {text};
ALTER TABLE stripes ADD COLUMN default_trust_scope {text} NOT NULL DEFAULT 'Explicit'
    CHECK (default_trust_scope IN ('Explicit', 'Account', 'Tags'));

-- All refresh tokens that came from one sign-in. Each use replaces the token; a second use ends the family.
CREATE TABLE refresh_families (
    stripe          {text}   NOT NULL,
    id              {text}   NOT NULL,
    app_id          {text}   NOT NULL,
    user_id         {text}   NOT NULL,
    -- The scopes as they were granted, separated by spaces.
    scope           {text}   NOT NULL,
    -- How the first token came to be, as tokens say it in gtp.
    origin          {text}   NOT NULL,
    -- A keyed hash of the user's password hash, so that a changed password ends the family.
    password_mark   {text}   NOT NULL,
    -- Of the browser session, if there was one.
    auth_time       {bigint},
    sid             {text},
    created_at      {bigint} NOT NULL,
    expires_at      {bigint} NOT NULL,
    revoked_at      {bigint},
    PRIMARY KEY (stripe, id),
    FOREIGN KEY (stripe, app_id) REFERENCES apps (stripe, id) ON DELETE CASCADE,
    FOREIGN KEY (stripe, user_id) REFERENCES users (stripe, id) ON DELETE CASCADE
) {strict};

CREATE INDEX refresh_families_by_expiry ON refresh_families (expires_at);
CREATE INDEX refresh_families_by_user ON refresh_families (stripe, user_id);
CREATE INDEX refresh_families_by_app ON refresh_families (stripe, app_id);

CREATE TABLE refresh_tokens (
    stripe     {text}   NOT NULL,
    -- The token as a keyed hash, in hex.
    token_hash {text}   NOT NULL,
    family_id  {text}   NOT NULL,
    -- What access tokens that were issued with it name it by.
    jti        {text}   NOT NULL,
    created_at {bigint} NOT NULL,
    used_at    {bigint},
    PRIMARY KEY (stripe, token_hash),
    UNIQUE (stripe, jti),
    FOREIGN KEY (stripe, family_id) REFERENCES refresh_families (stripe, id) ON DELETE CASCADE
) {strict};

CREATE INDEX refresh_tokens_of_families ON refresh_tokens (stripe, family_id);

CREATE TABLE authorization_codes (
    stripe         {text}   NOT NULL,
    -- The code as a keyed hash, in hex.
    code_hash      {text}   NOT NULL,
    app_id         {text}   NOT NULL,
    user_id        {text}   NOT NULL,
    redirect_uri   {text}   NOT NULL,
    scope          {text}   NOT NULL,
    nonce          {text},
    -- Always S256.
    code_challenge {text},
    auth_time      {bigint} NOT NULL,
    sid            {text}   NOT NULL,
    created_at     {bigint} NOT NULL,
    expires_at     {bigint} NOT NULL,
    used_at        {bigint},
    -- The refresh tokens that were issued for it, which a second use revokes.
    family_id      {text},
    PRIMARY KEY (stripe, code_hash),
    FOREIGN KEY (stripe, app_id) REFERENCES apps (stripe, id) ON DELETE CASCADE,
    FOREIGN KEY (stripe, user_id) REFERENCES users (stripe, id) ON DELETE CASCADE
) {strict};

CREATE INDEX authorization_codes_by_expiry ON authorization_codes (expires_at);
CREATE INDEX authorization_codes_by_user ON authorization_codes (stripe, user_id);
CREATE INDEX authorization_codes_by_app ON authorization_codes (stripe, app_id);

-- What a user agreed to: that a client gets a scope.
CREATE TABLE consents (
    stripe     {text}   NOT NULL,
    user_id    {text}   NOT NULL,
    app_id     {text}   NOT NULL,
    scope      {text}   NOT NULL,
    created_at {bigint} NOT NULL,
    PRIMARY KEY (stripe, user_id, app_id, scope),
    FOREIGN KEY (stripe, app_id) REFERENCES apps (stripe, id) ON DELETE CASCADE,
    FOREIGN KEY (stripe, user_id) REFERENCES users (stripe, id) ON DELETE CASCADE
) {strict};

CREATE INDEX consents_by_app ON consents (stripe, app_id);
