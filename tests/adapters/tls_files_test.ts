import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "bun:test";

import { readCa, readTls } from "../../adapters/tls_files.ts";
import { tempDir } from "../support/temp_dir.ts";

const CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n";
const KEY = "-----BEGIN EC PRIVATE KEY-----\nMA==\n-----END EC PRIVATE KEY-----\n";

function writeFiles(directory: string) {
  mkdirSync(directory, { recursive: true });
  const [cert, key] = [join(directory, "cert.pem"), join(directory, "key.pem")];
  writeFileSync(cert, CERTIFICATE);
  writeFileSync(key, KEY);
  return { cert, key };
}

describe("readTls() and readCa()", () => {
  it("give what the files hold, and nothing where none is named", () => {
    using folder = tempDir();
    const { cert, key } = writeFiles(folder.path);
    expect(readTls({ tls: { cert, key } })).toEqual({ cert: CERTIFICATE, key: KEY });
    expect(readCa({ tls: { ca: cert } })).toBe(CERTIFICATE);
    expect([readTls({ tls: undefined }), readTls({ tls: { ca: cert } }), readCa({ tls: { cert, key } })]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("name the setting of a file that is not there", () => {
    using folder = tempDir();
    const { cert, key } = writeFiles(folder.path);
    expect(() => readTls({ tls: { cert: `${cert}.old`, key } })).toThrow(`Cannot read tls.cert "${cert}.old"`);
    expect(() => readCa({ tls: { ca: `${cert}.old` } })).toThrow(`Cannot read tls.ca "${cert}.old"`);
  });

  it("name the setting of a file that holds something else, such as the other one of the two", () => {
    using folder = tempDir();
    const { cert, key } = writeFiles(folder.path);
    expect(() => readTls({ tls: { cert: key, key } })).toThrow(`Cannot use tls.cert "${key}": it holds no certificate`);
    expect(() => readTls({ tls: { cert, key: cert } })).toThrow(
      `Cannot use tls.key "${cert}": it holds no private key`,
    );
  });
});
