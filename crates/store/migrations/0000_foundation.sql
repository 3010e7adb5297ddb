-- What the store itself keeps: named values of the whole installation, and why requests were refused.

CREATE TABLE meta (
    name {text} NOT NULL PRIMARY KEY,
    value {text} NOT NULL
) {strict};

CREATE TABLE explanations (
    id {serial},
    request_id {text} NOT NULL,
    recorded_at {bigint} NOT NULL,
    check_name {text} NOT NULL,
    expected {text} NOT NULL,
    seen {text} NOT NULL,
    fix {text} NOT NULL
) {strict};

CREATE INDEX explanations_by_request ON explanations (request_id, id);
CREATE INDEX explanations_by_time ON explanations (recorded_at);
