//! How much an instance may take. Which values exist is a rule of the service and stands in `domain`.

use serde::{Deserialize, Serialize};

use super::{
    enums::CapacityType,
    fields::{FieldProblem, Fields},
};

/// What is counted, and how many (contract analytics 2, Capacity).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Capacity {
    /// OCPUs or users.
    pub capacity_type: CapacityType,
    /// At least 1.
    pub capacity_value: i64,
}

impl Capacity {
    /// Reads the object at `name`.
    ///
    /// # Errors
    ///
    /// [`FieldProblem`]
    pub fn read(parent: Fields<'_>, name: &str) -> Result<Option<Self>, FieldProblem> {
        let Some(map) = parent.object(name)? else { return Ok(None) };
        let path = parent.path(name);
        let fields = Fields::at(&path, map);
        Ok(Some(Self {
            capacity_type: fields.required("capacityType", fields.vocabulary("capacityType")?)?,
            capacity_value: fields.required("capacityValue", fields.integer("capacityValue", 1)?)?,
        }))
    }
}
