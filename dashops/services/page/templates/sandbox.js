/* A page without an origin has no storage and no cookies, and a script that asks for them fails.
   Those of libraries do ask: what they keep lasts as long as the page. */
(() => {
  const storage = () => {
    const kept = new Map();
    const methods = {
      getItem: (key) => kept.get(String(key)) ?? null,
      setItem: (key, value) => { kept.set(String(key), String(value)); },
      removeItem: (key) => { kept.delete(String(key)); },
      clear: () => kept.clear(),
      key: (index) => [...kept.keys()][index] ?? null,
    };
    return new Proxy(methods, {
      get: (_, key) => methods[key] ?? (key === 'length' ? kept.size : kept.get(key)),
      set: (_, key, value) => { kept.set(String(key), String(value)); return true; },
      deleteProperty: (_, key) => { kept.delete(key); return true; },
      has: (_, key) => key in methods || kept.has(key),
      ownKeys: () => [...kept.keys()],
      getOwnPropertyDescriptor: (_, key) =>
        kept.has(key) ? { value: kept.get(key), writable: true, enumerable: true, configurable: true } : undefined,
    });
  };
  for (const name of ['localStorage', 'sessionStorage']) {
    Object.defineProperty(window, name, { value: storage(), configurable: true });
  }
  Object.defineProperty(document, 'cookie', { get: () => '', set: () => {}, configurable: true });
})();
