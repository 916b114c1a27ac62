// After the page: let the phone keep what can be read without a network, and let it forget when its owner signs out.
(() => {
  const told = document.currentScript.dataset, workers = navigator.serviceWorker || null;
  const keys = (kind) => { try { return Object.keys(localStorage).filter((name) => kind.test(name)); } catch (_none) { return []; } };
  // What was studied without a network and waits to be sent (learning/tickets.js), in milliseconds.
  const waiting = () => keys(/^guanxue\/\d+\/waiting$/).reduce((sum, name) => {
    try { return sum + JSON.parse(localStorage.getItem(name)).ms; } catch (_fault) { return sum; }
  }, 0);
  function forget() {
    keys(/^guanxue\//).forEach((name) => localStorage.removeItem(name));
    if (window.indexedDB) window.indexedDB.deleteDatabase('guanxue-study');
    if (workers && workers.controller) workers.controller.postMessage({ does: 'forget' });
  }
  // Signing out forgets it: it is sent first, and where that does not do, somebody is asked.
  async function leave(form) {
    const box = document.getElementById('waiting');
    if (box && window.tickets) await window.tickets.sync(box.dataset.person, box.dataset.csrf).catch(() => {});
    const left = Math.ceil(waiting() / 60000);
    if (left && !window.confirm(form.dataset.lost.replace('%s', left))) return;
    forget();
    form.submit();
  }
  document.addEventListener('submit', (event) => {
    const form = event.target;
    if (!/\/logout$/.test(form.action)) return;
    if (!form.dataset.lost || !waiting()) { forget(); return; }
    event.preventDefault();
    leave(form);
  });
  if (!workers || !told.worker) return;
  window.addEventListener('load', () => setTimeout(() => {
    workers.register(told.worker).then(() => workers.ready).then((registration) => registration.active.postMessage({
      does: 'keep', language: document.documentElement.lang.replace(/-/g, '_'), isMine: 'mine' in told, isSaving: 'saving' in told,
    })).catch(() => {});  // a browser that keeps nothing shows everything all the same
  }, 1000));
})();
