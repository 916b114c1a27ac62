// A training room's number changes by itself, and so does the list; what was ticked stays ticked.
(() => {
  const room = document.getElementById('room');
  if (!room) return;
  let changes = Date.now() + Number(room.dataset.left);
  async function look() {
    try {
      const reply = await fetch(location.pathname, { credentials: 'same-origin' });
      const there = reply.ok && new DOMParser().parseFromString(await reply.text(), 'text/html').getElementById('room');
      if (!there || there.dataset.left === '0') { if (there) location.reload(); return; }
      document.getElementById('number').textContent = there.querySelector('#number').textContent;
      changes = Date.now() + Number(there.dataset.left);
      const mine = room.querySelector('section:last-child'), theirs = there.querySelector('section:last-child');
      const ticked = Array.from(mine.querySelectorAll('input:checked')).map((one) => one.id), at = document.activeElement && document.activeElement.id;
      if (mine.contains(document.activeElement) && !/^person-/.test(at)) return;  // somebody is about to press
      mine.innerHTML = theirs.innerHTML;
      ticked.forEach((id) => { const one = document.getElementById(id); if (one && !one.disabled) one.checked = true; });
      if (/^person-/.test(at) && document.getElementById(at)) document.getElementById(at).focus();
    } catch (_offline) { /* asked again soon */ }
  }
  let last = Date.now();
  setInterval(() => {
    if (Date.now() < changes && Date.now() - last < 5000) return;
    last = Date.now();
    look();
  }, 500);
})();
