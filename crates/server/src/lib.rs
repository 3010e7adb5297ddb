//! Composition: which services listen where, in which time, with which randomness. No rules live here.
//!
//! A request enters by [`listener`], is admitted by [`front`] (Host check, stripe, raw target), and reaches the services'
//! own routers, which [`services`] puts together. [`dev`] is the dev cloud behind `obol up`, [`lab`] its `/obol/v1` routes;
//! [`serve`] is the production server, behind [`tls`] or a proxy.

pub mod audit;
pub mod clock;
pub mod dev;
pub mod entropy;
pub mod front;
pub mod lab;
pub mod listener;
mod master_key;
mod openapi;
pub mod serve;
mod services;
pub mod telemetry;
pub mod tls;
