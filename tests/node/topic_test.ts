/** Topics and patterns: what is valid, what a type becomes, what fits. */

import { describe, expect, it } from "bun:test";
import fc from "fast-check";

import type { CloudEvent } from "../../node/event.ts";
import {
  InvalidPatternError,
  InvalidTopicError,
  parsePattern,
  parseTopic,
  patternCovers,
  patternMatches,
  patternsOverlap,
  routingKey,
  topicFromType,
} from "../../node/topic.ts";

function eventOf(attributes: Record<string, string | number | boolean>): CloudEvent {
  return {
    attributes: { specversion: "1.0", id: "1", source: "/shop", type: "order.placed", ...attributes },
    data: undefined,
    dataForm: undefined,
  };
}

/** What `parse` throws, which must be an error. */
function thrownBy(parse: () => unknown): unknown {
  try {
    parse();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

const topicToken = fc.constantFrom("a", "b", "c");
const topics = fc.array(topicToken, { minLength: 1, maxLength: 5 }).map((tokens) => tokens.join("."));
const patterns = fc.tuple(
  fc.array(fc.oneof(topicToken, fc.constant("*")), { minLength: 1, maxLength: 4 }),
  fc.boolean(),
).map(([tokens, rest]) => [...tokens, ...(rest ? [">"] : [])].join("."));
const anyPattern = fc.oneof({ weight: 9, arbitrary: patterns }, { weight: 1, arbitrary: fc.constant(">") });

/** All topics of up to `lengthMax` tokens over a, b and one that no pattern names. */
function allTopics(lengthMax: number): string[] {
  let longest = ["a", "b", "c", "z"];
  const all = [...longest];
  for (let length = 2; length <= lengthMax; length++) {
    longest = longest.flatMap((topic) => ["a", "b", "c", "z"].map((token) => `${topic}.${token}`));
    all.push(...longest);
  }
  return all;
}

describe("parseTopic", () => {
  it("returns a valid topic unchanged", () => {
    for (const topic of ["order", "order.placed", "a%20b.%", "Bestellung.größe", "日本.注文", "a-b_c.$x.1"]) {
      expect(parseTopic(topic)).toBe(topic);
    }
  });

  it("refuses empty tokens, wildcards, whitespace, controls and unpaired surrogates", () => {
    const invalid = [
      "",
      ".",
      "a.",
      ".a",
      "a..b",
      "*",
      "a.>",
      "a*b",
      "a b",
      "a\u00a0b",
      "a\tb",
      "a\u0000",
      "a\u0085",
      "\ud800",
    ];
    for (const topic of invalid) expect(() => parseTopic(topic)).toThrow(InvalidTopicError);
  });

  it("says which token is at fault and what to do", () => {
    const error = thrownBy(() => parseTopic("order..placed")) as InvalidTopicError;
    expect(error.token).toBe(2);
    expect(error.topic).toBe("order..placed");
    expect(error.message).toBe(
      'Cannot use topic "order..placed": token 2 is empty; put text between the dots and none at the ends',
    );
  });

  it("measures the bound in bytes of UTF-8", () => {
    expect(parseTopic("ö".repeat(127))).toHaveLength(127);
    expect(() => parseTopic("ö".repeat(128))).toThrow("it has 256 bytes, more than 255");
    expect(parseTopic("a".repeat(300), { bytesMax: 300 })).toHaveLength(300);
  });

  it("keeps its message short and on one line whatever the topic", () => {
    const error = thrownBy(() => parseTopic("a\n".repeat(500))) as InvalidTopicError;
    expect(error.message.includes("\n")).toBe(false);
    expect(error.message.length).toBeLessThan(300);
  });
});

describe("parsePattern", () => {
  it("returns a valid pattern unchanged", () => {
    for (const pattern of ["order.placed", "*", ">", "*.>", "order.*.eu", "order.>"]) {
      expect(parsePattern(pattern)).toBe(pattern);
    }
  });

  it("refuses > before the end, wildcards mixed with text and all that a topic refuses", () => {
    for (const pattern of ["", ">.a", "a.>.*", "a*", "a.b>", "**", ">>", "a..*", "a. .>", "\u007f"]) {
      expect(() => parsePattern(pattern)).toThrow(InvalidPatternError);
    }
  });

  it("says which token is at fault", () => {
    expect((thrownBy(() => parsePattern("a.b.c*")) as InvalidPatternError).token).toBe(3);
  });
});

describe("topicFromType", () => {
  it("leaves a type alone that is a topic already", () => {
    expect(topicFromType("com.example.größe")).toBe("com.example.größe");
  });

  it("percent-encodes what a token cannot hold and writes an empty token as %", () => {
    expect(topicFromType("a b.*.x>y.100%.ü\u00a0")).toBe("a%20b.%2A.x%3Ey.100%25.ü%C2%A0");
    expect(topicFromType("..a.")).toBe("%.%.a.%");
    expect(topicFromType("")).toBe("%");
  });

  it("gives a valid topic for any text", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (type) => {
      parseTopic(topicFromType(type), { bytesMax: 10_000 });
    }));
  });

  it("gives different topics for different types, down to lone surrogates", () => {
    const unit = fc.constantFrom("a", ".", "%", "2", "5", "A", "*", " ", "\ud800", "\udc00", "\ufffd");
    const types = fc.array(unit, { maxLength: 6 }).map((units) => units.join(""));
    fc.assert(fc.property(fc.uniqueArray(types, { minLength: 2, maxLength: 30 }), (all) => {
      expect(new Set(all.map(topicFromType)).size).toBe(all.length);
    }));
  });
});

describe("routingKey", () => {
  it("is the extension attribute topic if present", () => {
    expect(routingKey(eventOf({ topic: "shop.orders" }))).toBe("shop.orders");
  });

  it("is the type, encoded, if no topic is present", () => {
    expect(routingKey(eventOf({ type: "order placed" }))).toBe("order%20placed");
  });

  it("refuses an explicit topic that is not valid", () => {
    expect(() => routingKey(eventOf({ topic: "shop.*" }))).toThrow(InvalidTopicError);
    expect(() => routingKey(eventOf({ topic: "" }))).toThrow(InvalidTopicError);
  });

  it("reads an Integer or Boolean topic as its text, as a door with headers would", () => {
    expect(routingKey(eventOf({ topic: 7 }))).toBe("7");
    expect(routingKey(eventOf({ topic: false }))).toBe("false");
  });
});

describe("patternMatches", () => {
  it("lets * stand for exactly one token and > for one or more", () => {
    const cases: [pattern: string, topic: string, fits: boolean][] = [
      ["order.placed", "order.placed", true],
      ["order.placed", "order.place", false],
      ["order.place", "order.placed", false],
      ["order.*", "order.placed", true],
      ["order.*", "order", false],
      ["order.*", "order.placed.eu", false],
      ["*.placed", "order.placed", true],
      ["*.placed", "order.x.placed", false],
      ["order.>", "order.placed.eu", true],
      ["order.>", "order", false],
      ["order.>", "orders.placed", false],
      [">", "order", true],
      ["*.>", "order", false],
      ["*", "%", true],
    ];
    for (const [pattern, topic, fits] of cases) {
      expect([pattern, topic, patternMatches(pattern, topic)]).toEqual([pattern, topic, fits]);
    }
  });

  it("agrees with the same rule written as a regular expression", () => {
    fc.assert(
      fc.property(anyPattern, topics, (pattern, topic) => {
        const source = pattern.split(".").map((token) => token === "*" ? "[^.]+" : token === ">" ? ".+" : token).join(
          "\\.",
        );
        expect(patternMatches(pattern, topic)).toBe(new RegExp(`^${source}$`).test(topic));
      }),
      { numRuns: 500 },
    );
  });
});

describe("patternsOverlap", () => {
  const universe = allTopics(5);

  it("is true exactly when some topic fits both", () => {
    fc.assert(fc.property(anyPattern, anyPattern, (a, b) => {
      const shared = universe.some((topic) => patternMatches(a, topic) && patternMatches(b, topic));
      expect(patternsOverlap(a, b)).toBe(shared);
    }));
  });
});

describe("patternCovers", () => {
  const universe = allTopics(5);

  it("is true exactly when every topic of the narrow pattern fits the wide one", () => {
    // Half of the narrow patterns are made from the wide one, or hardly any pair would cover.
    const pairs = fc.oneof(
      fc.tuple(anyPattern, anyPattern),
      anyPattern.map((wide) => [wide, wide.replace("*", "a").replace(">", "b.c")] as const),
    );
    fc.assert(fc.property(pairs, ([wide, narrow]) => {
      const covered = universe.every((topic) => !patternMatches(narrow, topic) || patternMatches(wide, topic));
      expect(patternCovers(wide, narrow)).toBe(covered);
    }));
  });
});
