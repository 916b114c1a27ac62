// The kill switch (GUANXUE_SERVICE_WORKER=off): takes away whatever an earlier worker kept, and itself.
self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => {
  const emptied = self.caches ? self.caches.keys().then((names) =>
    Promise.all(names.filter((name) => name.startsWith('guanxue-')).map((name) => self.caches.delete(name)))) : Promise.resolve();
  event.waitUntil(emptied.then(() => self.registration.unregister()));
});
