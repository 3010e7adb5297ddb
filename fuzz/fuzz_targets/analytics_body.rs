//! Every body of the Analytics API.

#![no_main]

use libfuzzer_sys::fuzz_target;
use obol_protocol::analytics::*;

fuzz_target!(|body: &[u8]| {
    let _ = CreateAnalyticsInstanceDetails::parse(body);
    let _ = UpdateAnalyticsInstanceDetails::parse(body);
    let _ = ScaleAnalyticsInstanceDetails::parse(body);
    let _ = ChangeCompartmentDetails::parse(body);
    let _ = ChangeAnalyticsInstanceNetworkEndpointDetails::parse(body);
    let _ = SetKmsKeyDetails::parse(body);
    let _ = SetFeatureBundleDetails::parse(body);
    let _ = CreatePrivateAccessChannelDetails::parse(body);
    let _ = UpdatePrivateAccessChannelDetails::parse(body);
    let _ = CreateVanityUrlDetails::parse(body);
    let _ = UpdateVanityUrlDetails::parse(body);
    let _ = ResourceGroupDetails::parse(body);
});
