//! What is logged about a request.

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use serde_json::Value;

use crate::world::World;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn lines(&self) -> Vec<Value> {
        let written = self.0.lock().unwrap();
        std::str::from_utf8(&written).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

#[tokio::test]
async fn a_failure_of_ours_is_logged_once_with_its_cause_under_the_requests_id() {
    let log = Log::default();
    let writer = log.clone();
    let lines = tracing_subscriber::fmt().json().flatten_event(true).with_writer(move || writer.clone()).finish();
    let world = World::new().await;
    let mut body = world.details("myoac");
    body["idcsAccessToken"] = "down canary".into();
    let answer = {
        let _logging = tracing::subscriber::set_default(lines);
        let refused = world.create(&world.details("under_score")).await;
        assert_eq!(refused.status, 400, "a refusal is no failure");
        world.create(&body).await
    };
    assert_eq!(answer.code(), (503, "ServiceUnavailable"));
    let errors: Vec<Value> = log.lines().into_iter().filter(|line| line["level"] == "ERROR").collect();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert_eq!(errors[0]["request_id"], answer.header("opc-request-id"));
    assert_eq!(errors[0]["status"], 503);
    assert_eq!(errors[0]["error"], "the access token could not be verified: the stripe is away");
    assert!(!format!("{:?}", log.lines()).contains("canary"));
}
