//! Which operation an instance may undergo in which state, as one table (contract analytics 2.3).

use obol_protocol::analytics::LifecycleState::{self, Active, Creating, Deleted, Deleting, Failed, Inactive, Updating};

/// What can be done to an instance, as far as the state decides on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstanceOperation {
    /// CreateAnalyticsInstance.
    Create,
    /// StartAnalyticsInstance.
    Start,
    /// StopAnalyticsInstance.
    Stop,
    /// Scale, change of the endpoint, the key or the bundle, and all writes to channels, vanity URLs and groups.
    Change,
    /// ChangeAnalyticsInstanceCompartment.
    Move,
    /// UpdateAnalyticsInstance, the one synchronous change.
    Update,
    /// DeleteAnalyticsInstance.
    Delete,
}

impl InstanceOperation {
    /// Every row of the table.
    pub const ALL: [Self; 7] =
        [Self::Create, Self::Start, Self::Stop, Self::Change, Self::Move, Self::Update, Self::Delete];
}

/// Where an operation leads when its work ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// Into this state.
    State(LifecycleState),
    /// Back to where it was.
    Unchanged,
}

impl After {
    /// The state it leads to, for an instance that was in the state `before`.
    pub const fn state(self, before: LifecycleState) -> LifecycleState {
        match self {
            Self::State(state) => state,
            Self::Unchanged => before,
        }
    }
}

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transition {
    /// The states the operation is legal in.
    pub from: &'static [LifecycleState],
    /// The state while the work is under way; none for a synchronous operation.
    pub during: Option<LifecycleState>,
    /// Where success leads.
    pub after: After,
    /// Where failure leads, once what was done is undone.
    pub failed: After,
    /// Where it leads to be cancelled before anything was done. A creation leaves nothing to look after.
    pub canceled: After,
}

/// The row of an operation.
pub const fn transition(operation: InstanceOperation) -> Transition {
    let (from, during, after): (&'static [LifecycleState], _, _) = match operation {
        InstanceOperation::Create => (&[], Some(Creating), After::State(Active)),
        InstanceOperation::Start => (&[Inactive], Some(Updating), After::State(Active)),
        InstanceOperation::Stop => (&[Active], Some(Updating), After::State(Inactive)),
        InstanceOperation::Change => (&[Active], Some(Updating), After::State(Active)),
        InstanceOperation::Move => (&[Active, Inactive], Some(Updating), After::Unchanged),
        InstanceOperation::Update => (&[Active, Failed, Inactive, Updating], None, After::Unchanged),
        InstanceOperation::Delete => (&[Active, Inactive, Failed], Some(Deleting), After::State(Deleted)),
    };
    // A half-made or half-removed instance is good for nothing but to be removed.
    let (failed, canceled) = match operation {
        InstanceOperation::Create => (After::State(Failed), After::State(Deleted)),
        InstanceOperation::Delete => (After::State(Failed), After::Unchanged),
        InstanceOperation::Start
        | InstanceOperation::Stop
        | InstanceOperation::Change
        | InstanceOperation::Move
        | InstanceOperation::Update => (After::Unchanged, After::Unchanged),
    };
    Transition { from, during, after, failed, canceled }
}

/// What the state says to an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ruling {
    /// It may begin.
    Legal,
    /// Not in this state: 409 `IncorrectState`.
    IncorrectState,
    /// The instance is gone: 404 `NotAuthorizedOrNotFound`.
    Gone,
}

/// Rules on an operation in a state.
pub fn rule(operation: InstanceOperation, state: LifecycleState) -> Ruling {
    if state == Deleted {
        Ruling::Gone
    } else if transition(operation).from.contains(&state) {
        Ruling::Legal
    } else {
        Ruling::IncorrectState
    }
}

#[cfg(test)]
mod tests {
    use obol_protocol::analytics::enums::Vocabulary as _;

    use super::*;

    #[test]
    fn each_operation_is_legal_exactly_where_the_contract_says() {
        // Contract analytics 2.3.
        use InstanceOperation::{Change, Delete, Move, Start, Stop, Update};
        let table: [(_, &[LifecycleState]); 6] = [
            (Start, &[Inactive]),
            (Stop, &[Active]),
            (Change, &[Active]),
            (Move, &[Active, Inactive]),
            (Update, &[Active, Failed, Inactive, Updating]),
            (Delete, &[Active, Inactive, Failed]),
        ];
        for (operation, legal) in table {
            for state in LifecycleState::ALL {
                let expected = match state {
                    Deleted => Ruling::Gone,
                    state if legal.contains(state) => Ruling::Legal,
                    _ => Ruling::IncorrectState,
                };
                assert_eq!(rule(operation, *state), expected, "{operation:?} in {state}");
            }
        }
    }

    #[test]
    fn deletion_passes_through_deleting_to_deleted() {
        let row = transition(InstanceOperation::Delete);
        assert_eq!((row.during, row.after), (Some(Deleting), After::State(Deleted)));
    }

    #[test]
    fn work_that_fails_leads_back_but_for_creation_and_deletion() {
        for operation in InstanceOperation::ALL {
            let row = transition(operation);
            let half_done = matches!(operation, InstanceOperation::Create | InstanceOperation::Delete);
            assert_eq!(row.failed.state(Inactive), if half_done { Failed } else { Inactive }, "{operation:?}");
            let never_was = operation == InstanceOperation::Create;
            assert_eq!(row.canceled.state(Inactive), if never_was { Deleted } else { Inactive }, "{operation:?}");
        }
    }

    #[test]
    fn nothing_but_work_leads_out_of_a_state_of_motion() {
        for operation in InstanceOperation::ALL {
            let row = transition(operation);
            for state in [Creating, Deleting] {
                assert!(!row.from.contains(&state), "{operation:?} in {state}");
            }
            assert!(row.during.is_none() || !row.from.contains(&Updating), "{operation:?}");
        }
    }
}
