/** One at a time, over all tabs and the service worker of this browser. */
export async function locked<Result>(name: string, act: () => Promise<Result>): Promise<Result> {
  if (!("locks" in navigator)) return act(); // plain HTTP: there is no worker beside us either
  return navigator.locks.request(`mengding-field-${name}`, act) as Promise<Result>;
}

/** The same, but nothing at all when somebody else is at it. */
export async function lockedOrNot(name: string, act: () => Promise<void>): Promise<boolean> {
  if (!("locks" in navigator)) {
    await act();
    return true;
  }
  return navigator.locks.request(`mengding-field-${name}`, { ifAvailable: true }, async (lock) => {
    if (!lock) return false;
    await act();
    return true;
  });
}
