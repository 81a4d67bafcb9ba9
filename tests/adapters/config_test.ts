import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import {
  ConfigError,
  configFlags,
  configJsonSchema,
  environmentName,
  loadConfig,
  type LoadedConfig,
  type LoadOptions,
  nearest,
  parseByteSize,
  parseDuration,
  settings,
  showConfig,
} from "../../adapters/config/mod.ts";

interface Given extends Omit<LoadOptions, "directory"> {
  readonly files?: Readonly<Record<string, string>>;
}

/** Loads from a directory that holds just these files. */
async function load({ files = {}, ...options }: Given = {}): Promise<LoadedConfig> {
  const directory = mkdtempSync(join(tmpdir(), "weft-config-"));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
    return await loadConfig({ ...options, directory });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The message of the `ConfigError` that loading ends in. */
async function refusal(given: Given): Promise<string> {
  try {
    await load(given);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).message;
  }
  return expect.unreachable("the configuration was accepted");
}

const sourceOf = (loaded: LoadedConfig, path: string) =>
  showConfig(loaded).find((entry) => entry.path === path)?.source;

describe("loadConfig()", () => {
  it("gives the documented defaults when nothing is set", async () => {
    const { config, warnings } = await load();
    expect(config.http).toEqual({ host: "127.0.0.1", port: 7700, allowedHosts: [] });
    expect(config.dataDir).toBe(".weft");
    expect(config.store).toEqual({ kind: "sqlite", maxBytes: 10 * 2 ** 30, overflow: "block" });
    expect(config.limits).toMatchObject({ bodyBytes: 8 * 2 ** 20, eventBytes: 2 ** 20, batchEvents: 1_000 });
    expect(config.publishWindow).toEqual({ idsMax: 2 ** 20, ageMs: 600_000 });
    expect(warnings).toEqual([]);
  });

  for (
    const [format, text] of Object.entries({
      yaml: "http: { port: 7800 }\nretention: [{ pattern: 'a.>', maxAge: 7d }]",
      toml: "[http]\nport = 7800\n[[retention]]\npattern = 'a.>'\nmaxAge = '7d'",
      json: '{"http": {"port": 7800}, "retention": [{"pattern": "a.>", "maxAge": "7d"}]}',
    })
  ) {
    it(`reads weft.${format} in the working directory`, async () => {
      const { config } = await load({ files: { [`weft.${format}`]: text } });
      expect(config.http.port).toBe(7_800);
      expect(config.retention).toEqual([{ pattern: "a.>", maxAgeMs: 604_800_000 }]);
    });
  }

  it("lets the environment win over the file, and flags over the environment", async () => {
    const files = { "weft.yaml": "node: { id: alice, cluster: a }\nhttp: { port: 1 }" };
    const environment = { WEFT_HTTP__PORT: "2", WEFT_NODE__CLUSTER: "b" };
    const loaded = await load({ files, environment, flags: { port: ["3"] } });
    expect(loaded.config.node).toEqual({ id: "alice", cluster: "b" });
    expect(loaded.config.http.port).toBe(3);
    expect(sourceOf(loaded, "node.id")).toBe("weft.yaml:1:9");
    expect(sourceOf(loaded, "node.cluster")).toBe("WEFT_NODE__CLUSTER");
    expect(sourceOf(loaded, "http.port")).toBe("--port");
    expect(sourceOf(loaded, "http.host")).toBe("default");
  });

  it("reads the file that WEFT_CONFIG names, and the flag's before that", async () => {
    const files = { "a.yaml": "dataDir: a", "b.yaml": "dataDir: b", "weft.yaml": "dataDir: c" };
    expect((await load({ files, environment: { WEFT_CONFIG: "a.yaml" } })).config.dataDir).toBe("a");
    expect(
      (await load({ files, environment: { WEFT_CONFIG: "a.yaml" }, flags: { config: ["b.yaml"] } })).config.dataDir,
    ).toBe(
      "b",
    );
  });

  it("refuses two files of which neither was named", async () => {
    expect(await refusal({ files: { "weft.yaml": "", "weft.toml": "" } })).toContain("weft.yaml and weft.toml");
  });

  it("reads lists from the environment, with commas or as JSON", async () => {
    const environment = {
      WEFT_FEDERATION__JOIN: "nats://a:1, nats://b:2",
      WEFT_FEDERATION__TOKEN: "the-token-of-the-mesh",
      WEFT_AUTH__TOKENS: '[{"token":"long-enough","publish":[">"]}]',
      WEFT_LIMITS__BODY_BYTES: "1MiB",
    };
    const { config } = await load({ environment });
    expect(config.federation.join).toEqual(["nats://a:1", "nats://b:2"]);
    expect(config.auth.tokens).toEqual([{ token: "long-enough", publish: [">"] }]);
    expect(config.limits.bodyBytes).toBe(2 ** 20);
  });

  it("takes any setting by --set, and each --join", async () => {
    const { config } = await load({
      flags: {
        set: ["log.level=error", "cors.origins=https://a,https://b"],
        join: ["nats://127.0.0.1:1", "nats://127.0.0.1:2"],
      },
    });
    expect(config.log.level).toBe("error");
    expect(config.cors.origins).toEqual(["https://a", "https://b"]);
    expect(config.federation.join).toEqual(["nats://127.0.0.1:1", "nats://127.0.0.1:2"]);
  });

  it("refuses addresses to join that no link can dial, without showing passwords", async () => {
    for (const address of ["127.0.0.1:7701", "http://127.0.0.1:7700", "nats://"]) {
      const refused = load({ flags: { join: [address] } });
      await expect(refused).rejects.toThrow(`"${address}" must be nats://host:port or tls://host:port`);
    }
    await expect(load({ flags: { join: ["weft:secret@nats.example.com"] } })).rejects.toThrow(
      /join\[0\]: must be nats:/,
    );
  });

  it("takes a registry in one flag", async () => {
    const { config } = await load({ flags: { registry: ["consul:http://127.0.0.1:8500"] } });
    expect(config.federation.registry).toEqual({ kind: "consul", url: "http://127.0.0.1:8500" });
  });
});

describe("--ports", () => {
  it("sets all doors and a data directory of its own", async () => {
    const { config, warnings } = await load({ flags: { ports: ["7710"] } });
    expect([config.http.port, config.nats.port, config.grpc.port]).toEqual([7_710, 7_711, 7_712]);
    expect(config.dataDir).toBe(".weft-7710");
    expect(warnings).toEqual([]);
  });

  it("yields to a port and a data directory that are named", async () => {
    const files = { "weft.yaml": "dataDir: mine\nhttp: { port: 1 }" };
    const { config } = await load({ files, flags: { ports: ["7710"], "nats-port": ["9"] } });
    expect(config.dataDir).toBe("mine");
    expect([config.http.port, config.nats.port]).toEqual([7_710, 9]);
  });

  it("means free ports by 0, and leaves the data directory", async () => {
    const { config } = await load({ environment: { WEFT_PORTS: "0" } });
    expect([config.http.port, config.nats.port, config.grpc.port]).toEqual([0, 0, 0]);
    expect(config.dataDir).toBe(".weft");
  });

  for (const value of ["65535", "x", "-1", ""]) {
    it(`refuses "${value}"`, async () =>
      expect(await refusal({ flags: { ports: [value] } })).toContain("must be a port"));
  }
});

describe("a mistake in the configuration", () => {
  const cases: readonly (readonly [rule: string, given: Given, parts: readonly string[]])[] = [
    ["names the nearest known key and the place", { files: { "weft.yaml": "http:\n  prot: 1" } }, [
      "weft.yaml:2:3",
      'http has no setting "prot"; did you mean "port"?',
    ]],
    ["lists what there is when nothing is near", { files: { "weft.json": '{"tls2zzz": 1}' } }, [
      "weft.json:1:2",
      "there is: node, dataDir, http",
    ]],
    ["finds the line in TOML", { files: { "weft.toml": "[http]\n\nprot = 1" } }, ["weft.toml:3:1", '"port"']],
    ["finds an item of a list", { files: { "weft.yaml": "retention:\n- pattern: a\n  maxAgee: 1d" } }, [
      "weft.yaml:3:3",
      'retention[0] has no setting "maxAgee"; did you mean "maxAge"?',
    ]],
    ["names the variable", { environment: { WEFT_HTTP__PORT: "seven" } }, [
      "WEFT_HTTP__PORT",
      '"seven" must be a whole',
    ]],
    ["names the flag", { flags: { port: ["70000"] } }, ["--port", "from 0 to 65535"]],
    ["names a size that is none", { files: { "weft.yaml": "store: { maxBytes: 10 GigaB }" } }, ["such as 10GiB"]],
    ["names a pattern that is none", { files: { "weft.yaml": "retention: [{ pattern: 'a.>.b', maxAge: 1d }]" } }, [
      "retention[0].pattern",
      "a.>.b",
    ]],
    ["names a missing key", { files: { "weft.yaml": "tls: { cert: c.pem }" } }, ["tls.key", "is missing: tls.cert"]],
    ["names a missing certificate", { files: { "weft.yaml": "tls: { key: k.pem, ca: a.pem }" } }, [
      "tls.cert",
      "is missing: tls.key",
    ]],
    ["names the place of broken YAML", { files: { "weft.yaml": "http: {\n  port: 1" } }, ["weft.yaml:2:"]],
    ["names the place of broken TOML", { files: { "weft.toml": "a = \n" } }, ["weft.toml:1:"]],
    ["tells of broken JSON", { files: { "weft.json": "{" } }, ["weft.json: "]],
    ["wants settings, not a list", { files: { "weft.yaml": "- 1" } }, ["must hold settings"]],
    ["wants settings in a section", { files: { "weft.yaml": "http: 7700" } }, ["must hold settings, not 7700"]],
    ["guesses the setting of --set", { flags: { set: ["htp.port=1"] } }, ['did you mean "http.port"?']],
    ["misses a file that was named", { flags: { config: ["gone.yaml"] } }, ["gone.yaml: cannot be read"]],
  ];
  for (const [rule, given, parts] of cases) {
    it(rule, async () => {
      const message = await refusal(given);
      for (const part of parts) expect(message).toContain(part);
    });
  }

  it("is told together with all others", async () => {
    expect((await refusal({ files: { "weft.yaml": "htpp: {}\nlog: { level: loud }" } })).split("\n")).toHaveLength(2);
  });

  it("says that a seed is no public key, without showing it", async () => {
    const seed = `SU${"A".repeat(56)}`;
    const message = await refusal({ files: { "weft.yaml": `auth: { nkeys: [{ nkey: ${seed} }] }` } });
    expect(message).toContain("auth.nkeys[0].nkey");
    expect(message).not.toContain(seed);
  });

  it("never shows a secret", async () => {
    const message = await refusal({ files: { "weft.yaml": "auth: { tokens: [{ token: hunter2 }] }" } });
    expect(message).toContain("auth.tokens[0].token");
    expect(message).not.toContain("hunter2");
  });
});

describe("a door that others can reach", () => {
  it("is refused without authentication, with the way out", async () => {
    const message = await refusal({ flags: { host: ["0.0.0.0"] } });
    for (const part of ["--host", "http.host", "auth.tokens", "auth.jwt", "127.0.0.1"]) expect(message).toContain(part);
    expect(await refusal({ environment: { WEFT_NATS__HOST: "::" } })).toContain("nats.host");
  });

  it("is accepted with tokens", async () => {
    const files = { "weft.yaml": "auth: { tokens: [{ token: long-enough, admin: true }] }" };
    expect((await load({ files, flags: { host: ["0.0.0.0"] } })).config.http.host).toBe("0.0.0.0");
  });

  it("is accepted with NKeys where NATS clients knock, and nowhere else", async () => {
    const nkey = `U${"A".repeat(55)}`;
    const files = { "weft.yaml": `auth: { nkeys: [{ nkey: ${nkey} }] }\nfederation: { token: s3cret }` };
    const { config } = await load({ files, environment: { WEFT_NATS__HOST: "0.0.0.0" } });
    expect(config.auth.nkeys).toEqual([{ nkey }]);
    const message = await refusal({ files, flags: { host: ["0.0.0.0"] } });
    expect(message).toContain("http.host");
    expect(message).not.toContain("nats.host");
  });

  for (const host of ["127.0.0.1", "127.8.8.8", "localhost", "::1", "[::1]"]) {
    it(`is not what listens on ${host}`, async () =>
      expect((await load({ flags: { host: [host] } })).config.http.host).toBe(host));
  }
});

describe("warnings", () => {
  it("tell of what was set and has no effect yet, with its source", async () => {
    const { warnings } = await load({ files: { "weft.yaml": "federation: { registry: { kind: consul } }" } });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain("federation.registry (weft.yaml:1:15) has no effect yet");
  });

  it("tell nothing of links, tags and what they cost, which all have their effect", async () => {
    const links = 'links: [{ url: "nats://127.0.0.1:1", cost: 5, via: broker, tags: [eu] }]';
    const tagCosts = "tagCosts: [{ tag: eu, cost: never, lanes: [bulk] }, { tag: us, cost: 50 }]";
    const traffic = "traffic: [{ pattern: a, lane: bulk, class: best-effort }]";
    const { warnings, config } = await load({
      files: { "weft.yaml": `federation: { ${links}, ${tagCosts} }\n${traffic}` },
    });
    expect(warnings).toEqual([]);
    expect(config.federation.tagCosts).toEqual([{ tag: "eu", cost: "never", lanes: ["bulk"] }, {
      tag: "us",
      cost: 50,
    }]);
  });

  it("tell of a rule that never holds, since an earlier one takes all that fits it", async () => {
    const rules =
      '[{ pattern: "metrics.>", class: best-effort }, { pattern: a, lane: high }, { pattern: metrics.cpu, lane: bulk }]';
    const { warnings } = await load({ files: { "weft.yaml": `traffic: ${rules}` } });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/^traffic\[2\] \(weft\.yaml:1:.*"metrics\.cpu" is within "metrics\.>" of traffic\[0\]/);
  });

  it("tell of no rule that is wider than those before it", async () => {
    const rules =
      '[{ pattern: "metrics.>", maxAge: 1h }, { pattern: "*.cpu", maxAge: 1h }, { pattern: ">", maxAge: 7d }]';
    expect((await load({ files: { "weft.yaml": `retention: ${rules}` } })).warnings).toEqual([]);
  });

  it("warn of a name that a cluster manager may have set", async () => {
    const { warnings } = await load({ environment: { WEFT_PORT: "tcp://10.0.0.1:7700", OTHER: "x" } });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain("WEFT_PORT");
  });

  it("refuse a name that can only be a misspelt setting", async () => {
    expect(await refusal({ environment: { WEFT_HTTP__PROT: "1" } })).toContain("did you mean WEFT_HTTP__PORT?");
  });
});

describe("showConfig()", () => {
  it("masks user and password of an address", async () => {
    const shown = showConfig(await load({ flags: { join: ["nats://weft:hunter2@10.0.0.1:4222"] } }));
    const { value } = shown.find(({ path }) => path === "federation.join")!;
    expect(value).toEqual(["nats://********@10.0.0.1:4222"]);
  });

  it("masks secrets and shows the rest", async () => {
    const environment = {
      WEFT_FEDERATION__TOKEN: "mesh-secret",
      WEFT_AUTH__TOKENS: '[{"name":"ops","token":"long-enough"}]',
    };
    const shown = showConfig(await load({ environment }));
    expect(shown.find(({ path }) => path === "federation.token")?.value).toBe("********");
    expect(shown.find(({ path }) => path === "auth.tokens[0].token")?.value).toBe("********");
    expect(shown.find(({ path }) => path === "auth.tokens[0].name")?.value).toBe("ops");
    expect(JSON.stringify(shown)).not.toContain("mesh-secret");
  });
});

describe("settings", () => {
  it("have names in the environment as the contract says", () => {
    expect(environmentName("dataDir")).toBe("WEFT_DATA_DIR");
    expect(environmentName("federation.registry.kind")).toBe("WEFT_FEDERATION__REGISTRY__KIND");
    expect(environmentName("store.maxBytes")).toBe("WEFT_STORE__MAX_BYTES");
  });

  it("have names in the environment that differ from each other", () => {
    const names = settings.map((setting) => environmentName(setting.path));
    expect(new Set(names).size).toBe(names.length);
  });

  it("are described, all of them", () => {
    expect(settings.filter((setting) => setting.description === "" && !setting.path.startsWith("auth.jwt.claims.")))
      .toEqual([]);
  });

  it("are what flags point at", () => {
    const paths = new Set(settings.map((setting) => setting.path));
    expect(configFlags.filter(({ path }) => path !== undefined && !paths.has(path))).toEqual([]);
  });
});

describe("configJsonSchema()", () => {
  it("describes what people write: units allowed, unknown keys not", async () => {
    const schema = JSON.parse(JSON.stringify(await configJsonSchema()));
    expect(schema.additionalProperties).toBe(false);
    expect(schema.properties.store.properties.maxBytes.anyOf).toEqual([{ type: "number" }, { type: "string" }]);
    expect(schema.properties.http.properties.port.default).toBe(7_700);
    expect(schema.properties.http.properties.port.kind).toBeUndefined();
  });
});

describe("parseByteSize() and parseDuration()", () => {
  it("know binary and decimal units", () => {
    expect(["10GiB", "1 kB", "1.5MiB", "7", "7B", "x", "1 parsec", ""].map(parseByteSize)).toEqual(
      [10 * 2 ** 30, 1_000, 1_572_864, 7, 7, undefined, undefined, undefined],
    );
  });

  it("know units of time", () => {
    expect(["7d", "10min", "1.5s", "250", "2h", "1y", "-1s"].map(parseDuration)).toEqual(
      [604_800_000, 600_000, 1_500, 250, 7_200_000, undefined, undefined],
    );
  });
});

describe("nearest()", () => {
  it("forgives one typing mistake in a word of four letters", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{4,12}$/), fc.nat(), (word, at) => {
        const index = at % (word.length - 1);
        const swapped = word.slice(0, index) + word[index + 1] + word[index] + word.slice(index + 2);
        expect(nearest(swapped, [word, "0123456789abcdef"])).toBe(word);
        expect(nearest(word.slice(0, index) + word.slice(index + 1), [word])).toBe(word);
      }),
    );
  });

  it("does not guess what is far away", () => expect(nearest("zebra", ["port", "host"])).toBeUndefined());
});

describe("findExposure()", () => {
  it("refuses a link that leaves the machine without the federation's token", async () => {
    await expect(load({ flags: { join: ["nats://10.0.0.1:7701"] } })).rejects.toThrow("set federation.token");
  });

  it("lets a link leave with the token, or with a user that the URL names", async () => {
    const token = { WEFT_FEDERATION__TOKEN: "the-token-of-the-mesh" };
    await load({ flags: { join: ["nats://10.0.0.1:7701"] }, environment: token });
    await load({ flags: { join: ["nats://weft:secret@10.0.0.1:4222"] } });
  });

  it("refuses an endpoint for other machines without the federation's token", async () => {
    const environment = { WEFT_NATS__HOST: "0.0.0.0", WEFT_AUTH__TOKENS: '[{"token":"long-enough"}]' };
    await expect(load({ environment })).rejects.toThrow("join the mesh as a cluster");
  });
});
