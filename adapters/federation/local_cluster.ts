/** A node as federation sees it. */

import { type LocalCluster, travellingFilter, type Want } from "../../federation/mod.ts";
import { isSystemTopic, type LocalWant, type WeftNode } from "../../node/mod.ts";

export function createLocalCluster(node: WeftNode): LocalCluster {
  const toWants = createTranslation();
  let told: readonly LocalWant[] = [];
  let wants: readonly Want[] = [];
  return {
    node: node.id,
    cluster: node.cluster,
    wants() {
      const now = node.wants();
      if (now !== told) [told, wants] = [now, toWants(now)];
      return wants;
    },
    hasMember: (group) => node.wants().some((want) => want.group === group),
    watchWants: (listener) => void node.watchWants(listener),
    judge: (arrivals, done) => node.judge(arrivals, done),
    travels: ({ topic }) => !isSystemTopic(topic),
  };
}

interface Translated {
  readonly want: Want;
  /** Equal for wants that are the same but for their durability. */
  readonly text: string;
}

/** Each want is translated once, however often the list that it is in changes. */
function createTranslation(): (wants: readonly LocalWant[]) => readonly Want[] {
  const known = new WeakMap<LocalWant, Translated>();
  return (wants) => {
    const listed = new Map<string, Want>();
    for (const local of wants) {
      let translated = known.get(local);
      if (translated === undefined) known.set(local, translated = translate(local));
      // Filters that differ may be the same as far as they travel.
      const before = listed.get(translated.text);
      if (before === undefined || !before.durable) listed.set(translated.text, translated.want);
    }
    return [...listed.values()];
  };
}

function translate({ pattern, types, source, filters, group, groupKey, durable }: LocalWant): Translated {
  const filter = travellingFilter({ types, source, filters });
  return {
    want: { pattern, filter, group, groupKey, durable },
    text: JSON.stringify([pattern, filter, group, groupKey]),
  };
}
