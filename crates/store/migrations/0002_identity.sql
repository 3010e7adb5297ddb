-- A stripe and all that lives in it. Each table carries the stripe in its key, and each reference between tables of a
-- stripe includes it, so that no row can point into another stripe.

CREATE TABLE stripes (
    name                {text}   NOT NULL PRIMARY KEY,
    tenancy_id          {text}   NOT NULL REFERENCES tenancies (id) ON DELETE CASCADE,
    cloud_account_name  {text}   NOT NULL,
    domain_id           {text}   NOT NULL UNIQUE,
    domain_name         {text}   NOT NULL,
    home_region         {text}   NOT NULL,
    region_name         {text}   NOT NULL,
    is_primary          {bool}   NOT NULL,
    issuer              {text}   NOT NULL,
    signing_cert_public {bool}   NOT NULL,
    -- Grows with every change to what the token path keeps in memory.
    version             {bigint} NOT NULL,
    created_at          {bigint} NOT NULL
) {strict};

CREATE INDEX stripes_by_tenancy ON stripes (tenancy_id);

CREATE TABLE password_policies (
    stripe                 {text}   NOT NULL REFERENCES stripes (name) ON DELETE CASCADE,
    name                   {text}   NOT NULL,
    priority               {bigint} NOT NULL CHECK (priority BETWEEN 1 AND 10),
    max_incorrect_attempts {bigint} NOT NULL CHECK (max_incorrect_attempts >= 0),
    lockout_minutes        {bigint} NOT NULL CHECK (lockout_minutes >= 0),
    PRIMARY KEY (stripe, name),
    UNIQUE (stripe, priority)
) {strict};

CREATE TABLE signing_keys (
    stripe         {text}   NOT NULL REFERENCES stripes (name) ON DELETE CASCADE,
    id             {text}   NOT NULL,
    -- PKCS#8, sealed under the master key for this stripe and id.
    sealed_key     {bytes}  NOT NULL,
    leaf           {bytes}  NOT NULL,
    issuer         {bytes}  NOT NULL,
    is_current     {bool}   NOT NULL,
    created_at     {bigint} NOT NULL,
    PRIMARY KEY (stripe, id)
) {strict};

CREATE UNIQUE INDEX signing_keys_current ON signing_keys (stripe) WHERE is_current;

CREATE TABLE users (
    stripe             {text}   NOT NULL REFERENCES stripes (name) ON DELETE CASCADE,
    id                 {text}   NOT NULL,
    ocid               {text}   NOT NULL UNIQUE,
    user_name          {text}   NOT NULL,
    -- The user name as it is compared: without regard to case.
    user_name_key      {text}   NOT NULL,
    display_name       {text}   NOT NULL,
    given_name         {text},
    family_name        {text}   NOT NULL,
    email              {text}   NOT NULL,
    preferred_language {text}   NOT NULL,
    locale             {text}   NOT NULL,
    timezone           {text}   NOT NULL,
    is_active          {bool}   NOT NULL,
    password_hash      {text},
    failed_attempts    {bigint} NOT NULL CHECK (failed_attempts >= 0),
    locked_at          {bigint},
    created_at         {bigint} NOT NULL,
    modified_at        {bigint} NOT NULL,
    PRIMARY KEY (stripe, id),
    UNIQUE (stripe, user_name_key)
) {strict};

CREATE TABLE apps (
    stripe               {text}   NOT NULL REFERENCES stripes (name) ON DELETE CASCADE,
    id                   {text}   NOT NULL,
    ocid                 {text}   NOT NULL UNIQUE,
    -- The client id.
    name                 {text}   NOT NULL,
    display_name         {text}   NOT NULL,
    description          {text}   NOT NULL,
    client_type          {text}   NOT NULL CHECK (client_type IN ('confidential', 'public', 'trusted')),
    is_active            {bool}   NOT NULL,
    is_oauth_client      {bool}   NOT NULL,
    is_oauth_resource    {bool}   NOT NULL,
    is_opc_service       {bool}   NOT NULL,
    -- Grants and operations as the wire spells them, separated by spaces.
    allowed_grants       {text}   NOT NULL,
    allowed_operations   {text}   NOT NULL,
    audience             {text},
    -- A generated secret as a keyed hash, or one that was supplied as Argon2id; never both.
    secret_keyed_hash    {bytes},
    secret_password_hash {text},
    created_at           {bigint} NOT NULL,
    modified_at          {bigint} NOT NULL,
    PRIMARY KEY (stripe, id),
    UNIQUE (stripe, name),
    CHECK (secret_keyed_hash IS NULL OR secret_password_hash IS NULL)
) {strict};

CREATE TABLE app_roles (
    stripe                {text} NOT NULL,
    id                    {text} NOT NULL,
    app_id                {text} NOT NULL,
    display_name          {text} NOT NULL,
    is_admin              {bool} NOT NULL,
    available_to_users    {bool} NOT NULL,
    available_to_groups   {bool} NOT NULL,
    available_to_clients  {bool} NOT NULL,
    PRIMARY KEY (stripe, id),
    UNIQUE (stripe, app_id, display_name),
    FOREIGN KEY (stripe, app_id) REFERENCES apps (stripe, id) ON DELETE CASCADE
) {strict};

-- A role held by a user or by a client application.
CREATE TABLE grants (
    stripe     {text}   NOT NULL,
    id         {text}   NOT NULL,
    role_id    {text}   NOT NULL,
    user_id    {text},
    client_id  {text},
    mechanism  {text}   NOT NULL,
    created_at {bigint} NOT NULL,
    PRIMARY KEY (stripe, id),
    FOREIGN KEY (stripe, role_id) REFERENCES app_roles (stripe, id) ON DELETE CASCADE,
    FOREIGN KEY (stripe, user_id) REFERENCES users (stripe, id) ON DELETE CASCADE,
    FOREIGN KEY (stripe, client_id) REFERENCES apps (stripe, id) ON DELETE CASCADE,
    CHECK ((user_id IS NULL) <> (client_id IS NULL))
) {strict};

CREATE UNIQUE INDEX grants_of_users ON grants (stripe, user_id, role_id) WHERE user_id IS NOT NULL;
CREATE UNIQUE INDEX grants_of_clients ON grants (stripe, client_id, role_id) WHERE client_id IS NOT NULL;
CREATE INDEX grants_of_roles ON grants (stripe, role_id);

CREATE TABLE sessions (
    stripe     {text}   NOT NULL,
    -- The session's id as a keyed hash, in hex.
    id_hash    {text}   NOT NULL,
    user_id    {text}   NOT NULL,
    created_at {bigint} NOT NULL,
    expires_at {bigint} NOT NULL,
    PRIMARY KEY (stripe, id_hash),
    FOREIGN KEY (stripe, user_id) REFERENCES users (stripe, id) ON DELETE CASCADE
) {strict};

CREATE INDEX sessions_by_user ON sessions (stripe, user_id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
