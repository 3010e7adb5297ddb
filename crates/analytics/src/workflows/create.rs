//! How an instance is made: its application is registered in the stripe, it is provisioned, it goes into service.

use std::borrow::Cow;

use obol_domain::{
    BoxFuture,
    lifecycle::InstanceOperation,
    registrar::{RegisteredInstance, RegistrarError},
};
use obol_protocol::analytics::{ActionResult, OperationType};
use serde_json::json;

use super::{Change, Done, Job, Step, StepEnd, StepFailure, Workflow, provisioning};

/// Version 1.
pub(crate) static CREATE: Workflow = Workflow {
    operation_type: OperationType::CreateAnalyticsInstance,
    version: 1,
    lifecycle: InstanceOperation::Create,
    steps: &[
        Step {
            name: "register_application",
            beginning: None,
            percent: 20,
            run: register_application,
            undo: Some(unregister_application),
        },
        provisioning::step("provision", 90),
        Step { name: "activate", beginning: None, percent: 100, run: activate, undo: None },
    ],
    result: ActionResult::Created,
};

fn register_application(job: Job<'_>) -> BoxFuture<'_, Result<StepEnd, StepFailure>> {
    Box::pin(async move {
        let instance = RegisteredInstance {
            stripe: job.instance.stripe.clone(),
            instance_id: job.instance.id.clone(),
            instance_name: job.instance.name.to_string(),
            creator_user_id: job.instance.creator_user_id.clone(),
            service_url: service_url(job),
        };
        job.analytics.registrar.register(&instance).await.map_err(failure)?;
        Ok(StepEnd::Done(Done {
            output: json!({ "stripe": instance.stripe }),
            change: None,
            log: "The instance's application was registered in its stripe, and its creator made ServiceAdministrator."
                .to_owned(),
        }))
    })
}

/// Removes the application, whoever registered it: absence is success.
pub(super) fn unregister_application(job: Job<'_>) -> BoxFuture<'_, Result<Cow<'static, str>, StepFailure>> {
    Box::pin(async move {
        job.analytics.registrar.unregister(&job.instance.stripe, &job.instance.id).await.map_err(failure)?;
        Ok("The instance's application was removed from its stripe.".into())
    })
}

fn activate(job: Job<'_>) -> BoxFuture<'_, Result<StepEnd, StepFailure>> {
    Box::pin(async move {
        let service_url = service_url(job);
        Ok(StepEnd::Done(Done {
            output: json!({ "serviceUrl": service_url }),
            log: "The instance is active.".to_owned(),
            change: Some(Change::Address(service_url)),
        }))
    })
}

fn service_url(job: Job<'_>) -> String {
    job.analytics.settings.service_url(&job.instance.name, &job.instance.tenancy_id)
}

pub(super) fn failure(error: RegistrarError) -> StepFailure {
    match error {
        RegistrarError::Rejected(reason) => StepFailure::Lasting(reason),
        RegistrarError::Unavailable(source) => {
            tracing::warn!(error = obol_domain::with_causes(&*source), "the stripe could not be changed");
            StepFailure::Passing("The stripe could not be changed.".to_owned())
        }
    }
}
