import { describe, expect, it } from "bun:test";

import { Census } from "../../federation/custody/census.ts";
import { CENSUS_INTERVALS, type CensusAnswer, type CensusQuestion } from "../../federation/custody/census_message.ts";
import { LostCustody } from "../../federation/custody/lost_custody.ts";
import { Book } from "../../federation/ledger/book.ts";
import { FakeWorld } from "../support/fake_world.ts";

const NOTHING: CensusAnswer = { held: [], watched: true };

/** Cluster paris, which has handed over events 1 to 10 for oslo. Rome is on no way. */
function setUp() {
  const world = new FakeWorld();
  const book = new Book("oslo", 7);
  book.assign(0, 10);
  book.handOver(0, 10);
  const asked: string[] = [];
  const lost: (readonly [number, number])[][] = [];
  const mesh = {
    holders: ["paris", "london", "oslo", "rome"] as string[] | undefined,
    answer: (_cluster: string, _question: CensusQuestion): CensusAnswer | undefined => NOTHING,
  };
  const relay = {
    ask(to: string, _kind: string, body: unknown, _timeoutMs: number, done: (answer: unknown) => void) {
      asked.push(to);
      done(mesh.answer(to, body as CensusQuestion));
    },
  };
  const custody = new LostCustody({
    world,
    books: [book],
    census: new Census(relay),
    holders: () => mesh.holders,
    wayTo: () => ["paris", "london", "oslo"],
    onLost: (_book, numbers, done) => {
      lost.push([...numbers]);
      for (const [after, to] of numbers) book.handed.remove(after, to);
      done();
    },
  });
  const run = (seconds: number): void => {
    for (let second = 0; second < seconds; second++) {
      custody.look();
      world.advance(1000);
    }
  };
  return { book, mesh, asked, lost, run };
}

describe("LostCustody.look()", () => {
  it("finds what nobody has in two rounds of all clusters", () => {
    const { asked, lost, run } = setUp();
    run(3);
    expect(asked).toEqual(["paris", "london", "oslo", "rome"]);
    expect(lost).toEqual([]);
    run(3);
    expect(asked).toHaveLength(8);
    expect(lost).toEqual([[[0, 10]]]);
    run(60);
    expect(asked).toHaveLength(8);
  });

  it("asks for nothing that is not handed over, or ends soon", () => {
    const { book, asked, run } = setUp();
    run(1);
    book.end(0, 10, "delivered");
    book.assign(10, 20);
    run(60);
    expect(asked).toEqual([]);
  });

  it("leaves out what somebody has, in either round", () => {
    const { mesh, asked, lost, run } = setUp();
    mesh.answer = (cluster) => {
      if (cluster !== "london") return NOTHING;
      return { ...NOTHING, held: asked.filter((name) => name === "london").length === 1 ? [[0, 2]] : [[4, 5]] };
    };
    run(6);
    expect(lost).toEqual([[[2, 4], [5, 10]]]);
  });

  it("asks nobody else when those on the way have it, and then less and less often", () => {
    const { mesh, asked, lost, run } = setUp();
    mesh.answer = (cluster) => ({ ...NOTHING, held: cluster === "london" ? [[0, 10]] : [] });
    run(3600);
    expect(asked).not.toContain("rome");
    expect(asked.length).toBeLessThan(3 * 20);
    expect(lost).toEqual([]);
  });

  it("finds nothing while somebody is silent", () => {
    const { mesh, lost, run } = setUp();
    mesh.answer = (cluster) => cluster === "rome" ? undefined : NOTHING;
    run(600);
    expect(lost).toEqual([]);
    mesh.answer = () => NOTHING;
    run(600);
    expect(lost).toHaveLength(1);
  });

  it("finds nothing while somebody has not watched since the first round", () => {
    const { mesh, lost, run } = setUp();
    mesh.answer = (cluster) => ({ held: [], watched: cluster !== "rome" });
    run(600);
    expect(lost).toEqual([]);
  });

  it("asks nobody while a cluster that may have it cannot be reached", () => {
    const { mesh, asked, run } = setUp();
    mesh.holders = undefined;
    run(600);
    expect(asked).toEqual([]);
  });

  it("asks in the second round also who was known in the first, and is known no more", () => {
    const { mesh, asked, lost, run } = setUp();
    run(3);
    mesh.holders = ["paris", "london", "oslo"];
    mesh.answer = (cluster) => cluster === "rome" ? undefined : NOTHING;
    run(3);
    expect(asked.filter((cluster) => cluster === "rome")).toHaveLength(2);
    expect(lost).toEqual([]);
  });

  it("asks for ends that this side has come to by itself, too", () => {
    const { book, lost, run } = setUp();
    book.presume(0, 10, "expired");
    run(20);
    expect(lost).toEqual([[[0, 10]]]);
  });

  it("comes to what is behind as much as one question can hold, and somebody has", () => {
    const { book, mesh, lost, run } = setUp();
    for (let n = 10; n < 10 + 4 * CENSUS_INTERVALS; n += 2) {
      book.assign(n, n + 1);
      book.handOver(n, n + 1);
    }
    const last = 9 + 4 * CENSUS_INTERVALS;
    mesh.answer = (cluster) => ({ ...NOTHING, held: cluster === "london" ? [[0, last - 2]] : [] });
    run(120);
    expect(lost).toEqual([[[last - 1, last]]]);
  });
});
