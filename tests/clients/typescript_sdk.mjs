// The official TypeScript SDK, unmodified, against a running dev cloud.
//
// usage: node typescript_sdk.mjs <dev.env>

import assert from "node:assert/strict";
import { createRequire } from "node:module";

import { Cloud, covers, passed } from "./dev_cloud.mjs";

// The SDK is CommonJS, and installed beside the tests' other tools, not beside this file.
const require = createRequire(`${process.env.OBOL_NODE_PACKAGES}/`);
const common = require("oci-common");
const analytics = require("oci-analytics");

const cloud = new Cloud();
const provider = new common.ConfigFileAuthenticationDetailsProvider(cloud.configFile, "DEFAULT");
const client = new analytics.AnalyticsClient({ authenticationDetailsProvider: provider });
client.endpoint = cloud.url;

const { models } = analytics;
const capacity = (capacityValue) => ({ capacityType: models.CapacityType.OlpuCount, capacityValue });

async function finished(workRequestId, result) {
  assert.ok(workRequestId, "a long operation names its work request (analytics rule 3)");
  const waiter = client.createWaiters(workRequestId, {
    terminationStrategy: new common.MaxTimeTerminationStrategy(60),
    delayStrategy: new common.FixedTimeDelayStrategy(0.2),
  });
  const { workRequest } = await waiter.forWorkRequest({ workRequestId });
  assert.equal(workRequest.status, "SUCCEEDED", workRequestId);
  assert.ok(Date.parse(workRequest.timeFinished), "a finished work request says when (analytics rule 5)");
  assert.equal(workRequest.resources[0].actionResult, result);
  return workRequest;
}

async function refused(what, call, status, code) {
  try {
    await call();
  } catch (error) {
    assert.deepEqual([error.statusCode, error.serviceCode], [status, code], `${what}: ${error.message}`);
    passed(`${what}: ${status} ${code}, refused by ${await cloud.explained(error.opcRequestId)}`);
    return;
  }
  assert.fail(`${what} was accepted`);
}

const createDetails = (name, idcsAccessToken) => ({
  createAnalyticsInstanceDetails: {
    name,
    compartmentId: cloud.compartment_id,
    featureSet: models.FeatureSet.EnterpriseAnalytics,
    capacity: capacity(1),
    licenseType: models.LicenseType.LicenseIncluded,
    idcsAccessToken,
    networkEndpointDetails: { networkEndpointType: "PUBLIC", whitelistedIps: ["203.0.113.7"] },
  },
});

const made = await client.createAnalyticsInstance(createDetails("typescriptOne", await cloud.userToken()));
assert.equal(made.analyticsInstance.lifecycleState, "CREATING");
await finished(made.opcWorkRequestId, "CREATED");
const analyticsInstanceId = made.analyticsInstance.id;
const got = await client.getAnalyticsInstance({ analyticsInstanceId });
assert.equal(got.analyticsInstance.lifecycleState, "ACTIVE");
assert.ok(Date.parse(got.analyticsInstance.timeCreated));
assert.deepEqual(got.analyticsInstance.networkEndpointDetails.whitelistedIps, ["203.0.113.7"]);
passed("create with a waiter, get");
covers("CreateAnalyticsInstance", "GetAnalyticsInstance", "GetWorkRequest");

await refused(
  "create without a token",
  () => client.createAnalyticsInstance(createDetails("typescriptTwo", undefined)),
  400,
  "InvalidParameter",
);
await refused(
  "an instance nobody has",
  () => client.getAnalyticsInstance({ analyticsInstanceId: "ocid1.analyticsinstance.oc1.us-ashburn-1.none" }),
  404,
  "NotAuthorizedOrNotFound",
);

const ids = [];
for await (const each of client.listAllAnalyticsInstances({ compartmentId: cloud.compartment_id, limit: 1 })) {
  ids.push(each.id);
}
assert.ok(ids.includes(analyticsInstanceId), "the list in pages of one is whole");
assert.equal(new Set(ids).size, ids.length, "no instance comes twice");
const listing = await client.listWorkRequests({
  compartmentId: cloud.compartment_id,
  resourceId: analyticsInstanceId,
  status: [models.WorkRequestStatus.Succeeded, models.WorkRequestStatus.Failed],
});
assert.equal(listing.items.length, 1);
const workRequestId = listing.items[0].id;
assert.deepEqual((await client.listWorkRequestErrors({ workRequestId })).items, []);
assert.ok((await client.listWorkRequestLogs({ workRequestId })).items.length > 0);
passed("lists, with a repeated query parameter and pages");
covers("ListAnalyticsInstances", "ListWorkRequests", "ListWorkRequestErrors", "ListWorkRequestLogs");

const scaled = await client.scaleAnalyticsInstance({
  analyticsInstanceId,
  scaleAnalyticsInstanceDetails: { capacity: capacity(2) },
});
await finished(scaled.opcWorkRequestId, "SCALED");
passed("scale");
covers("ScaleAnalyticsInstance");

const updated = await client.updateAnalyticsInstance({
  analyticsInstanceId,
  updateAnalyticsInstanceDetails: { description: "h\u00e9llo", freeformTags: { owner: "tests" } },
});
assert.deepEqual([updated.analyticsInstance.description, updated.analyticsInstance.freeformTags.owner], ["h\u00e9llo", "tests"]);
await refused(
  "update with an old etag",
  () =>
    client.updateAnalyticsInstance({
      analyticsInstanceId,
      updateAnalyticsInstanceDetails: { description: "x" },
      ifMatch: "old",
    }),
  412,
  "NoEtagMatch",
);
passed("update");
covers("UpdateAnalyticsInstance");

const stopped = await client.stopAnalyticsInstance({ analyticsInstanceId });
await finished(stopped.opcWorkRequestId, "STOPPED");
const started = await client.startAnalyticsInstance({ analyticsInstanceId });
await finished(started.opcWorkRequestId, "STARTED");
passed("stop and start");
covers("StopAnalyticsInstance", "StartAnalyticsInstance");

const grouped = await client.createResourceGroup({
  analyticsInstanceId,
  createResourceGroupDetails: { resourceName: "finance", capacity: 1 },
});
assert.equal(grouped.childResourceId, grouped.instanceResourceGroup.id, "child-resource-id names the group");
await finished(grouped.opcWorkRequestId, "RESOURCE_GROUP_CREATED");
passed("a resource group");
covers("CreateResourceGroup");

const gone = await client.deleteAnalyticsInstance({ analyticsInstanceId, ifMatch: (await client.getAnalyticsInstance({ analyticsInstanceId })).etag });
await finished(gone.opcWorkRequestId, "DELETED");
passed("delete with if-match");
covers("DeleteAnalyticsInstance");
