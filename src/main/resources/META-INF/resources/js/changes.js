/** The entries of a diary after which another version is live, and what they are called. */
export const CHANGES = {
  PROMOTED: { kind: 'promoted', name: 'promoted' },
  ROLLED_BACK: { kind: 'back', name: 'rolled back' },
  PINNED: { kind: 'pinned', name: 'pinned' },
  DRIFTED: { kind: 'drifted', name: 'stream changed' },
};

/**
 * What changed the stream, or what is live, in the order in which it happened. `diary`: entries, the newest first. An entry
 * names the version that is live after it; where that was live before, as under a pin, there is no version to show.
 */
export function changes(diary) {
  const found = [];
  let live = null;
  for (const { type, version, at } of [...diary].reverse()) {
    const change = CHANGES[type];
    if (!change || version === null) {
      continue;
    }
    // Of the oldest entry that is known nobody knows what was live before: a change of the stream may have kept it.
    const goesLive = live === null ? type !== 'DRIFTED' : version !== live;
    found.push({ at, kind: change.kind, version: goesLive ? version : null });
    live = version;
  }
  return found.sort((a, b) => a.at - b.at);
}
