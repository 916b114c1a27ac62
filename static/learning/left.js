// An exam whose time is over: what this phone could not send of it is sent before anything else can be pressed.
(() => {
  const left = document.getElementById('left'), words = JSON.parse(left.dataset.words);
  const isMine = (name) => name.startsWith(`guanxue/${left.dataset.person}/exam/${left.dataset.attempt}/`);
  try { if (!Object.keys(localStorage).some(isMine)) return; } catch (_none) { return; }
  const buttons = [...document.querySelectorAll('main form button')];
  const lock = (is) => buttons.forEach((button) => { button.disabled = is; });
  const say = (text, count) => { left.textContent = text.replace('%s', count); left.hidden = false; };
  const tell = (text, count) => { say(text, count); lock(false); };
  const reload = () => location.reload(), nothing = () => {};
  say(words.sending);
  lock(true);
  setTimeout(() => lock(false), 8000);  // a dead line holds nobody here
  window.keepAnswers(left, {
    saved: reload, done: reload, waits: (count) => tell(words.waits, count), late: (count) => tell(words.late, count), closed: () => tell(words.closed),
    offline: () => say(words.offline), signedOut: () => say(words.offline), unkept: nothing, held: nothing, restore: nothing, taken: nothing, signedIn: nothing, isBlank: () => false,
  });
})();
