// A SCIM server on scimmy-routers (https://www.npmjs.com/package/scimmy-routers), with users and groups in memory.
// Every path below the root is a server of its own. Start: node scimmy.cjs PORT [bulk], with its modules in NODE_PATH.
const express = require("express");
const SCIMMY = require("scimmy").default ?? require("scimmy");
const routers = require("scimmy-routers");
const { randomUUID } = require("node:crypto");

const tenants = new Map();
const rowsOf = (name, kind) => {
    if (!tenants.has(name)) tenants.set(name, { User: new Map(), Group: new Map() });
    return tenants.get(name)[kind];
};

function handlers(kind, unique) {
    return {
        egress: (resource, tenant) => {
            const rows = rowsOf(tenant, kind);
            if (!resource.id) return resource.filter ? resource.filter.match([...rows.values()]) : [...rows.values()];
            if (!rows.has(resource.id)) throw new SCIMMY.Types.Error(404, null, `no ${kind} ${resource.id}`);
            return rows.get(resource.id);
        },
        ingress: (resource, data, tenant) => {
            const rows = rowsOf(tenant, kind);
            const id = resource.id ?? randomUUID();
            if (resource.id && !rows.has(id)) throw new SCIMMY.Types.Error(404, null, `no ${kind} ${id}`);
            const taken = [...rows.values()].some((row) =>
                unique && row.id !== id && row[unique].toLowerCase() === data[unique].toLowerCase());
            if (taken) throw new SCIMMY.Types.Error(409, "uniqueness", `${data[unique]} is taken`);
            const plain = JSON.parse(JSON.stringify(data));
            const now = new Date().toISOString();
            rows.set(id, { ...plain, id, meta: { created: rows.get(id)?.meta.created ?? now, lastModified: now } });
            return rows.get(id);
        },
        degress: (resource, tenant) => {
            if (!rowsOf(tenant, kind).delete(resource.id)) throw new SCIMMY.Types.Error(404, null, `no ${kind}`);
            for (const group of rowsOf(tenant, "Group").values())
                group.members = (group.members ?? []).filter((member) => member.value !== resource.id);
        },
    };
}

SCIMMY.Resources.declare(SCIMMY.Resources.User, handlers("User", "userName"));
SCIMMY.Resources.declare(SCIMMY.Resources.Group, handlers("Group", null));
const bulk = { supported: process.argv[3] === "bulk", maxOperations: 50 };
SCIMMY.Config.set({ patch: true, bulk, filter: { supported: true, maxResults: 200 } });

const Routers = routers.default ?? routers;
const app = express();
// Under express 5 each look at a query parses it anew, and the numbers that scimmy-routers puts there are lost: it would
// list the first twenty whatever is asked for.
app.set("query parser", (text) => {
    const query = Object.fromEntries(new URLSearchParams(text));
    for (const name of ["startIndex", "count"]) if (name in query) query[name] = Number(query[name]);
    return query;
});
app.use("/:tenant", new Routers({
    type: "bearer",
    handler: () => "somebody",
    context: (request) => request.params.tenant,
    baseUri: (request) => `http://${request.headers.host}/${request.params.tenant}`,
}));
app.listen(Number(process.argv[2]), "127.0.0.1");
