// Drives an independent Web API client against the sandbox: node client.cjs URL TOKEN, one JSON object on stdout.
"use strict";

const Module = require("node:module");
const load = Module._load;
// The client asks for two proxy packages at its start and uses them only when a proxy is configured.
Module._load = function (name, ...rest) {
  return name === "http-proxy-agent" || name === "https-proxy-agent" ? {} : load.call(this, name, ...rest);
};
const { DynamicsWebApi } = require("./dynamics-web-api.cjs");

const [url, token] = process.argv.slice(2);
const collection = "leads";
const api = new DynamicsWebApi({
  serverUrl: url,
  dataApi: { version: "9.2" },
  onTokenRefresh: async () => token,
  propagateErrors: true,
});

async function refused(work) {
  try {
    return { unexpected: await work() };
  } catch (error) {
    return { status: error.status, code: error.code, message: error.message };
  }
}

async function everyPage(request) {
  const pages = [];
  let link;
  do {
    const page = await api.retrieveMultiple(request, link);
    pages.push(page.value.map(row => row.subject));
    link = page.oDataNextLink;
  } while (link);
  return pages;
}

async function main() {
  const seen = {};
  seen.whoAmI = await api.callFunction("WhoAmI");

  const id = await api.create({ collection, data: { subject: "First", companyname: "Örnek A.Ş." } });
  seen.created = await api.retrieve({ collection, key: id, select: ["subject", "companyname", "statecode"] });
  const byKey = "hnt_domain='ornek.example'";
  seen.upserted = await api.upsert({
    collection, key: byKey, data: { subject: "By key" }, returnRepresentation: true, select: ["leadid", "subject"],
  });
  seen.createOnly = await refused(
    () => api.upsert({ collection, key: byKey, data: { subject: "No" }, ifnonematch: "*" }));
  seen.updated = await api.update({ collection, key: seen.upserted.leadid, data: { subject: "Second" }, ifmatch: "*" });
  seen.stale = await refused(() => api.update({ collection, key: id, data: { subject: "No" }, ifmatch: 'W/"1"' }));
  seen.keyTaken = await refused(() => api.create({ collection, data: { subject: "No", hnt_domain: "ornek.example" } }));
  seen.tooLong = await refused(() => api.create({ collection, data: { subject: "x".repeat(301) } }));
  seen.unknown = await refused(() => api.create({ collection, data: { nothing: 1 } }));
  seen.byKey = await api.retrieve({ collection, key: byKey, select: ["subject"] });

  for (const number of [1, 2, 3, 4, 5]) await api.create({ collection, data: { subject: `Row ${number}` } });
  seen.pages = await everyPage({
    collection, select: ["subject"], filter: "startswith(subject,'Row')", orderBy: ["subject desc"], maxPageSize: 2,
  });
  seen.count = await api.count({ collection });

  api.startBatch();
  api.upsert({ collection, key: "hnt_domain='one.example'", data: { subject: "One" }, ifnonematch: "*" });
  api.upsert({ collection, key: "hnt_domain='two.example'", data: { subject: "Two" } });
  api.retrieve({ collection, key: byKey, select: ["subject"] });
  seen.batch = (await api.executeBatch({ inChangeSet: false })).map(part => part?.subject ?? null);
  api.startBatch();
  api.create({ collection, data: { subject: "Undone" } });
  api.create({ collection, data: { subject: "No", hnt_domain: "one.example" } });
  try {
    await api.executeBatch();
  } catch (errors) {
    seen.changeSet = errors.map(error => ({ status: error.status, message: error.message }));
  }
  seen.undone = (await api.retrieveMultiple({ collection, select: ["subject"], filter: "subject eq 'Undone'" })).value.length;

  seen.deleted = await api.deleteRecord({ collection, key: id });
  seen.gone = await refused(() => api.retrieve({ collection, key: id, select: ["subject"] }));

  const lead = "LogicalName='lead'";
  const picklist = "Microsoft.Dynamics.CRM.PicklistAttributeMetadata";
  const choices = await api.retrieveAttributes({
    entityKey: lead, castType: picklist, select: ["LogicalName"], expand: [{ property: "OptionSet", select: ["Options"] }],
  });
  const segment = choices.value.find(column => column.LogicalName === "hnt_leadsegment");
  seen.segments = Object.fromEntries(
    segment.OptionSet.Options.map(option => [option.Label.UserLocalizedLabel.Label, option.Value]));
  const label = text => ({ LocalizedLabels: [{ Label: text, LanguageCode: 1033 }] });
  const column = {
    "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata", SchemaName: "hnt_Extra", MaxLength: 40,
    DisplayName: label("Extra"),
  };
  seen.columnId = await api.createAttribute({ entityKey: lead, data: column });
  seen.columnExists = await refused(() => api.createAttribute({ entityKey: lead, data: column }));
  const key = { SchemaName: "hnt_ExtraKey", KeyAttributes: ["hnt_extra"], DisplayName: label("Extra") };
  seen.keyId = await api.create({ collection: "EntityDefinitions", key: lead, navigationProperty: "Keys", data: key });
  console.log(JSON.stringify(seen));
}

main().catch(error => {
  console.error(error);
  process.exit(1);
});
