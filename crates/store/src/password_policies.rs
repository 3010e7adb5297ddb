//! Password policies: which rules they have, what wrong passwords lead to, and the groups they are for.

use std::{collections::HashMap, time::Duration};

use obol_domain::{
    lockout::LockoutPolicy,
    password_policy::{PasswordPolicy, PasswordRules, Strength},
};
use obol_protocol::Timestamp;

use crate::{Db, Row, StoreError, Tx, values};

statements! { "password_policies";
    INSERT =
        "INSERT INTO password_policies (stripe, id, name, description, priority, strength, rules,
                                        max_incorrect_attempts, lockout_minutes, created_at, modified_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)";
    ALL =
        "SELECT id, name, description, priority, strength, rules, max_incorrect_attempts, lockout_minutes
         FROM password_policies WHERE stripe = $1 ORDER BY name LIMIT 100";
    GROUPS = "SELECT group_id, policy_id FROM password_policy_groups WHERE stripe = $1 ORDER BY group_id LIMIT 10000";
    // The groups of a user that a policy is for.
    GROUPS_OF_USER =
        "SELECT p.group_id FROM password_policy_groups p
         JOIN group_members m ON m.stripe = p.stripe AND m.group_id = p.group_id
         WHERE p.stripe = $1 AND m.user_id = $2 ORDER BY p.group_id LIMIT 1000";
    UPDATE =
        "UPDATE password_policies SET description = $3, priority = $4, strength = $5, rules = $6,
                max_incorrect_attempts = $7, lockout_minutes = $8, modified_at = $9
         WHERE stripe = $1 AND id = $2";
    COUNT = "SELECT COUNT(*) AS n FROM password_policies WHERE stripe = $1";
    TIMES = "SELECT id, created_at, modified_at FROM password_policies WHERE stripe = $1 LIMIT 100";
    DELETE = "DELETE FROM password_policies WHERE stripe = $1 AND id = $2";
    UNASSIGN = "DELETE FROM password_policy_groups WHERE stripe = $1 AND policy_id = $2";
    ASSIGN = "INSERT INTO password_policy_groups (stripe, group_id, policy_id) VALUES ($1, $2, $3)";
}

/// The policy that is every user's who has no other, fixed in its rules (contract identity 9).
pub const STANDARD: &str = "standardPasswordPolicy";
/// The other policy that every stripe has from the start.
pub const SIMPLE: &str = "simplePasswordPolicy";

/// Makes the two policies that every stripe has. The standard one takes what wrong passwords lead to.
pub(crate) async fn insert_built_in(
    tx: &mut Tx,
    stripe: &str,
    lockout: LockoutPolicy,
    now: Timestamp,
) -> Result<(), StoreError> {
    for (name, strength, rules, lockout) in [
        (STANDARD, Strength::Standard, PasswordRules::standard(), lockout),
        (SIMPLE, Strength::Simple, PasswordRules::simple(), LockoutPolicy::STANDARD),
    ] {
        let policy = PasswordPolicy {
            id: name.to_owned(),
            name: name.to_owned(),
            description: String::new(),
            priority: None,
            strength,
            rules,
            lockout,
            groups: Vec::new(),
        };
        insert(tx, stripe, &policy, now).await?;
    }
    Ok(())
}

/// Makes a policy with its groups. [`StoreError::Duplicate`] when its name or priority is taken, or a group has another.
pub async fn insert(tx: &mut Tx, stripe: &str, policy: &PasswordPolicy, now: Timestamp) -> Result<(), StoreError> {
    let (attempts, minutes) = lockout_columns(policy.lockout);
    tx.execute(
        &INSERT,
        values![
            stripe,
            &policy.id,
            &policy.name,
            &policy.description,
            policy.priority.map(i64::from),
            policy.strength.as_str(),
            rules_column(policy),
            attempts,
            minutes,
            now
        ],
    )
    .await?;
    assign(tx, stripe, policy).await
}

/// Changes all of a policy but its name, and the groups it is for. Returns whether it is there; [`StoreError::Duplicate`]
/// as [`insert`].
pub async fn update(tx: &mut Tx, stripe: &str, policy: &PasswordPolicy, now: Timestamp) -> Result<bool, StoreError> {
    let (attempts, minutes) = lockout_columns(policy.lockout);
    let changed = tx
        .execute(
            &UPDATE,
            values![
                stripe,
                &policy.id,
                &policy.description,
                policy.priority.map(i64::from),
                policy.strength.as_str(),
                rules_column(policy),
                attempts,
                minutes,
                now
            ],
        )
        .await?;
    if changed == 0 {
        return Ok(false);
    }
    tx.execute(&UNASSIGN, values![stripe, &policy.id]).await?;
    assign(tx, stripe, policy).await?;
    Ok(true)
}

async fn assign(tx: &mut Tx, stripe: &str, policy: &PasswordPolicy) -> Result<(), StoreError> {
    for group in &policy.groups {
        tx.execute(&ASSIGN, values![stripe, group, &policy.id]).await?;
    }
    Ok(())
}

/// Removes a policy; its groups have none then. Returns whether it was there.
pub async fn delete(tx: &mut Tx, stripe: &str, id: &str) -> Result<bool, StoreError> {
    Ok(tx.execute(&DELETE, values![stripe, id]).await? == 1)
}

/// All policies of a stripe with their groups, by name.
pub async fn all(db: &Db, stripe: &str) -> Result<Vec<PasswordPolicy>, StoreError> {
    let rows = db.fetch_all(&ALL, values![stripe]).await?;
    let mut policies = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    for row in db.fetch_all(&GROUPS, values![stripe]).await? {
        let policy_id: String = row.get("policy_id")?;
        if let Some(policy) = policies.iter_mut().find(|policy| policy.id == policy_id) {
            policy.groups.push(row.get("group_id")?);
        }
    }
    Ok(policies)
}

/// How many policies a stripe has, seen from inside a transaction.
pub async fn count(tx: &mut Tx, stripe: &str) -> Result<usize, StoreError> {
    let row = tx.fetch_optional(&COUNT, values![stripe]).await?;
    let count: i64 = row.map_or(Ok(0), |row| row.get("n"))?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}

/// When each policy of a stripe was made and last changed, by id.
pub async fn times(db: &Db, stripe: &str) -> Result<HashMap<String, (Timestamp, Timestamp)>, StoreError> {
    let rows = db.fetch_all(&TIMES, values![stripe]).await?;
    rows.iter().map(|row| Ok((row.get("id")?, (row.get("created_at")?, row.get("modified_at")?)))).collect()
}

/// The groups that a user is in and a policy is for.
pub async fn groups_of_user(db: &Db, stripe: &str, user_id: &str) -> Result<Vec<String>, StoreError> {
    let rows = db.fetch_all(&GROUPS_OF_USER, values![stripe, user_id]).await?;
    rows.iter().map(|row| row.get("group_id")).collect()
}

/// What wrong passwords lead to, as two columns keep it.
pub(crate) fn lockout_columns(policy: LockoutPolicy) -> (i64, i64) {
    (i64::from(policy.max_incorrect_attempts), i64::try_from(policy.lockout.as_secs() / 60).unwrap_or(i64::MAX))
}

/// What wrong passwords lead to, out of those columns.
pub(crate) fn read_lockout(row: &Row) -> Result<LockoutPolicy, StoreError> {
    let attempts: i64 = row.get("max_incorrect_attempts")?;
    let minutes: i64 = row.get("lockout_minutes")?;
    Ok(LockoutPolicy {
        max_incorrect_attempts: u32::try_from(attempts).map_err(|_| row.corrupt("max_incorrect_attempts"))?,
        lockout: u64::try_from(minutes)
            .ok()
            .and_then(|minutes| minutes.checked_mul(60))
            .map(Duration::from_secs)
            .ok_or_else(|| row.corrupt("lockout_minutes"))?,
    })
}

/// The rules of a built-in strength are the program's, so that they are the same everywhere.
fn rules_column(policy: &PasswordPolicy) -> Option<String> {
    match policy.strength {
        Strength::Simple | Strength::Standard => None,
        Strength::Custom => serde_json::to_string(&policy.rules).ok(),
    }
}

fn read(row: &Row) -> Result<PasswordPolicy, StoreError> {
    let strength: Strength = row.parse("strength")?;
    let priority: Option<i64> = row.get("priority")?;
    Ok(PasswordPolicy {
        id: row.get("id")?,
        name: row.get("name")?,
        description: row.get("description")?,
        priority: priority.map(u8::try_from).transpose().map_err(|_| row.corrupt("priority"))?,
        strength,
        rules: match strength {
            Strength::Simple => PasswordRules::simple(),
            Strength::Standard => PasswordRules::standard(),
            Strength::Custom => row.json("rules")?,
        },
        lockout: read_lockout(row)?,
        groups: Vec::new(),
    })
}
