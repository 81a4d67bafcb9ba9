/** Dials, and gives up what does not lead to where its settings say that it does. */

import type { DialBus } from "../link/link_bus.ts";
import { shownUrl } from "../link/shown_url.ts";
import type { LinkSetting } from "../options.ts";

/** `via` of a setting is an assertion: a URL that leads elsewhere is a mistake that should not look like a link. */
export function checkedDial(dial: DialBus, links: readonly LinkSetting[]): DialBus {
  return (url, options, done) =>
    dial(url, options, (result) => {
      const via = links.find((link) => link.url === url)?.via;
      if ("failure" in result || via === undefined) return done(result);
      const { bus } = result;
      if (bus.leadsTo === undefined || (bus.leadsTo === "broker") === (via === "broker")) return done(result);
      bus.close();
      const found = bus.leadsTo === "broker" ? "a nats-server" : "a node";
      const detail = `Cannot link over "${shownUrl(url)}": it is ${found}, and its setting says "via: ${via}"; ` +
        (via === "broker"
          ? "name a nats-server that both sides dial, or leave via out to link with that node"
          : "name a node, or leave via out to meet whoever dials that server, too");
      done({ failure: { code: "VIA_MISMATCH", detail } });
    });
}
