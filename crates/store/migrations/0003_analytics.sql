-- Instances, the work done on them, and what the signed door needs to know.

-- The public halves of users' API signing keys.
CREATE TABLE api_keys (
    stripe      {text}   NOT NULL,
    user_id     {text}   NOT NULL,
    fingerprint {text}   NOT NULL,
    -- DER SubjectPublicKeyInfo.
    public_key  {bytes}  NOT NULL,
    created_at  {bigint} NOT NULL,
    PRIMARY KEY (stripe, user_id, fingerprint),
    FOREIGN KEY (stripe, user_id) REFERENCES users (stripe, id) ON DELETE CASCADE
) {strict};

CREATE TABLE instances (
    id              {text}   NOT NULL PRIMARY KEY,
    tenancy_id      {text}   NOT NULL REFERENCES tenancies (id) ON DELETE CASCADE,
    compartment_id  {text}   NOT NULL,
    name            {text}   NOT NULL,
    -- The name as it is compared: it becomes part of a host name, so without regard to case.
    name_key        {text}   NOT NULL,
    lifecycle_state {text}   NOT NULL CHECK (lifecycle_state IN
        ('ACTIVE', 'CREATING', 'DELETED', 'DELETING', 'FAILED', 'INACTIVE', 'UPDATING')),
    feature_set     {text}   NOT NULL CHECK (feature_set IN ('SELF_SERVICE_ANALYTICS', 'ENTERPRISE_ANALYTICS')),
    capacity_type   {text}   NOT NULL CHECK (capacity_type IN ('OLPU_COUNT', 'USER_COUNT')),
    capacity_value  {bigint} NOT NULL CHECK (capacity_value >= 1),
    -- What nothing is looked up by, as JSON.
    details         {text}   NOT NULL,
    -- Empty until the instance is active for the first time.
    service_url     {text}   NOT NULL,
    -- The stripe and user whose token made it.
    stripe          {text}   NOT NULL,
    creator_user_id {text}   NOT NULL,
    -- Grows with every change; the ETag is made of it.
    version         {bigint} NOT NULL,
    time_created    {bigint} NOT NULL,
    time_updated    {bigint} NOT NULL,
    -- When it became DELETED; 0 before.
    time_deleted    {bigint} NOT NULL
) {strict};

CREATE UNIQUE INDEX instances_live_name ON instances (tenancy_id, name_key) WHERE lifecycle_state <> 'DELETED';

-- One for each order a list can have; those of a filter serve the default order under that filter as well.
CREATE INDEX instances_by_time ON instances (tenancy_id, compartment_id, time_created, id);
CREATE INDEX instances_by_name ON instances (tenancy_id, compartment_id, name, time_created, id);
CREATE INDEX instances_by_state ON instances (tenancy_id, compartment_id, lifecycle_state, time_created, id);
CREATE INDEX instances_by_edition ON instances (tenancy_id, compartment_id, feature_set, time_created, id);
CREATE INDEX instances_by_capacity_type ON instances (tenancy_id, compartment_id, capacity_type, time_created, id);
CREATE INDEX instances_by_capacity ON instances (tenancy_id, compartment_id, capacity_value, time_created, id);

-- What counts against the tenancy's limits.
CREATE INDEX instances_counted ON instances (tenancy_id, feature_set, capacity_type, capacity_value)
    WHERE lifecycle_state NOT IN ('DELETED', 'FAILED');

-- What the reconcilers look for.
CREATE INDEX instances_in_motion ON instances (id) WHERE lifecycle_state IN ('CREATING', 'DELETING', 'UPDATING');
CREATE INDEX instances_gone ON instances (time_deleted) WHERE lifecycle_state = 'DELETED';

-- No foreign key to the instance: the record of the work outlives it.
CREATE TABLE work_requests (
    id               {text}   NOT NULL PRIMARY KEY,
    tenancy_id       {text}   NOT NULL REFERENCES tenancies (id) ON DELETE CASCADE,
    compartment_id   {text}   NOT NULL,
    instance_id      {text}   NOT NULL,
    operation_type   {text}   NOT NULL,
    -- Which version of the workflow's list of steps it runs by.
    workflow_version {bigint} NOT NULL,
    status           {text}   NOT NULL CHECK (status IN
        ('ACCEPTED', 'IN_PROGRESS', 'FAILED', 'SUCCEEDED', 'CANCELING', 'CANCELED')),
    -- Whether it has failed and its steps are being undone.
    is_unwinding     {bool}   NOT NULL,
    percent_complete {bigint} NOT NULL CHECK (percent_complete BETWEEN 0 AND 100),
    action_result    {text}   NOT NULL,
    version          {bigint} NOT NULL,
    time_accepted    {bigint} NOT NULL,
    -- 0 until it happened.
    time_started     {bigint} NOT NULL,
    time_finished    {bigint} NOT NULL,
    -- When somebody may take it: now, after a wait, or when the present holder's lease ends. NULL once it is finished.
    due_at           {bigint},
    -- Who holds it; every write about the work is guarded by it.
    lease            {text}
) {strict};

CREATE INDEX work_requests_due ON work_requests (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX work_requests_by_instance ON work_requests (instance_id, time_accepted, id);
CREATE INDEX work_requests_by_id ON work_requests (tenancy_id, compartment_id, id);
CREATE INDEX work_requests_by_operation ON work_requests (tenancy_id, compartment_id, operation_type, time_accepted, id);
CREATE INDEX work_requests_by_status ON work_requests (tenancy_id, compartment_id, status, time_accepted, id);
CREATE INDEX work_requests_by_acceptance ON work_requests (tenancy_id, compartment_id, time_accepted, id);
CREATE INDEX work_requests_by_start ON work_requests (tenancy_id, compartment_id, time_started, time_accepted, id);
CREATE INDEX work_requests_by_end ON work_requests (tenancy_id, compartment_id, time_finished, time_accepted, id);

CREATE TABLE work_steps (
    work_request_id {text}   NOT NULL REFERENCES work_requests (id) ON DELETE CASCADE,
    position        {bigint} NOT NULL,
    name            {text}   NOT NULL,
    state           {text}   NOT NULL CHECK (state IN
        ('STARTED', 'SUCCEEDED', 'FAILED', 'UNDOING', 'UNDONE', 'UNDO_FAILED')),
    -- Tries that ended in a passing failure, of the step or, while unwinding, of its undoing.
    attempts        {bigint} NOT NULL,
    -- What the step leaves for later ones, as JSON.
    output          {text}   NOT NULL,
    started_at      {bigint} NOT NULL,
    finished_at     {bigint} NOT NULL,
    PRIMARY KEY (work_request_id, position)
) {strict};

CREATE TABLE work_request_logs (
    work_request_id {text}   NOT NULL REFERENCES work_requests (id) ON DELETE CASCADE,
    sequence        {bigint} NOT NULL,
    message         {text}   NOT NULL,
    logged_at       {bigint} NOT NULL,
    PRIMARY KEY (work_request_id, sequence)
) {strict};

CREATE TABLE work_request_errors (
    work_request_id {text}   NOT NULL REFERENCES work_requests (id) ON DELETE CASCADE,
    sequence        {bigint} NOT NULL,
    code            {text}   NOT NULL,
    message         {text}   NOT NULL,
    occurred_at     {bigint} NOT NULL,
    PRIMARY KEY (work_request_id, sequence)
) {strict};

-- The first answer to a request that carried a retry token.
CREATE TABLE retry_tokens (
    tenancy_id     {text}   NOT NULL REFERENCES tenancies (id) ON DELETE CASCADE,
    user_ocid      {text}   NOT NULL,
    token          {text}   NOT NULL,
    -- SHA-256 of operation, resource and body.
    request_digest {bytes}  NOT NULL,
    instance_id    {text}   NOT NULL,
    -- The answer as JSON: status, headers, body.
    answer         {text}   NOT NULL,
    -- Whether a later operation contradicts the answer, so that it must not be given again.
    is_invalidated {bool}   NOT NULL,
    expires_at     {bigint} NOT NULL,
    PRIMARY KEY (tenancy_id, user_ocid, token)
) {strict};

CREATE INDEX retry_tokens_by_instance ON retry_tokens (instance_id);
CREATE INDEX retry_tokens_by_expiry ON retry_tokens (expires_at);
