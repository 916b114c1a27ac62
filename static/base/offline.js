// After the page: let the phone keep what can be read without a network, and let it forget when its owner signs out.
(() => {
  const told = document.currentScript.dataset, workers = navigator.serviceWorker || null;
  const keys = (kind) => { try { return Object.keys(localStorage).filter((name) => kind.test(name)); } catch (_none) { return []; } };
  // What was studied and waits to be sent, in milliseconds: in the record and on the shelf (learning/tickets.js).
  const recorded = (name) => { try { return JSON.parse(localStorage.getItem(name)).ms || 0; } catch (_none) { return 0; } };
  const waiting = (person) => recorded(`guanxue/${person}/waiting`) + (window.shelf ? window.shelf.waiting(person, true) : 0);
  // What others who use this phone have not sent yet stays for them.
  const isOthers = (name, person) => !name.startsWith(`guanxue/${person}/`)
    && (/^guanxue\/\d+\/(beats|off|exam)\//.test(name) || (/^guanxue\/\d+\/waiting$/.test(name) && recorded(name) > 0));
  async function forget(person) {
    keys(/./).filter((name) => !isOthers(name, person)).forEach((name) => localStorage.removeItem(name));
    if (workers && workers.controller) workers.controller.postMessage({ does: 'forget' });
    if (window.tickets) await window.tickets.forget(person);
  }
  const within = (ms, work) => Promise.race([work, new Promise((later) => setTimeout(later, ms))]).catch(() => {});  // no line or store holds anybody here
  async function send(person, csrf) {
    if (window.shelf) await window.shelf.deliver(person, csrf, { isLeaving: true });
    if (window.tickets) await window.tickets.sync(person, csrf);
  }
  // Signing out forgets it: it is sent first, and where that does not do, somebody is asked.
  async function leave(form) {
    const person = form.dataset.person, button = form.querySelector('button');
    button.disabled = true;
    if (waiting(person)) await within(10000, send(person, form.elements.csrf_token.value));
    const left = Math.ceil(waiting(person) / 60000);
    const lost = [left && form.dataset.lost.replace('%s', left), keys(RegExp(`^guanxue/${person}/exam/`)).length && form.dataset.unsent].filter(Boolean);
    button.disabled = false;
    if (lost.length && !window.confirm(lost.join('\n'))) return;
    await within(3000, forget(person));
    form.submit();
  }
  const form = document.querySelector('form[data-lost]'), note = document.getElementById('others');
  if (form) form.addEventListener('submit', (event) => { event.preventDefault(); leave(form); });
  if (note) note.hidden = !keys(/./).some((name) => isOthers(name, form.dataset.person));
  // A page that is shown once somebody has gone for good.
  const gone = document.querySelector('[data-gone]');
  if (gone) window.addEventListener('load', () => forget(gone.dataset.gone).catch(() => {}));
  if (!workers || !told.worker) return;
  window.addEventListener('load', () => setTimeout(() => {
    workers.register(told.worker).then(() => workers.ready).then((registration) => registration.active.postMessage({
      does: 'keep', language: document.documentElement.lang.replace(/-/g, '_'), isMine: 'mine' in told, isSaving: 'saving' in told,
    })).catch(() => {});  // a browser that keeps nothing shows everything all the same
  }, 1000));
})();
