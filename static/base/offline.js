// After the page: let the phone keep what can be read without a network, and let it forget when its owner signs out.
(() => {
  const told = document.currentScript.dataset, workers = navigator.serviceWorker || null;
  document.addEventListener('submit', (event) => {
    if (!/\/logout$/.test(event.target.action)) return;
    try {
      Object.keys(localStorage).filter((name) => name.startsWith('guanxue/')).forEach((name) => localStorage.removeItem(name));
    } catch (fault) { /* nothing was kept where nothing may be */ }
    if (workers && workers.controller) workers.controller.postMessage({ does: 'forget' });
  });
  if (!workers || !told.worker) return;
  window.addEventListener('load', () => setTimeout(() => {
    workers.register(told.worker).then(() => workers.ready).then((registration) => registration.active.postMessage({
      does: 'keep', language: document.documentElement.lang.replace(/-/g, '_'), isMine: 'mine' in told, isSaving: 'saving' in told,
    })).catch(() => {});  // a browser that keeps nothing shows everything all the same
  }, 1000));
})();
