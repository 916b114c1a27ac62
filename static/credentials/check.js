// Checks a credential file in the browser: nothing is sent anywhere. Works as part of the site and inside one file to keep.
(() => {
  const root = document.getElementById('check');
  if (!root) return;
  const keys = JSON.parse(root.dataset.keys), words = JSON.parse(root.dataset.words), kept = JSON.parse(root.dataset.lists);
  const part = (id) => document.getElementById(id);
  const verdict = part('verdict'), why = part('why'), facts = part('facts'), listed = part('listed'), result = part('result');
  const BITS = 131072;
  const KINDS = { EdDSA: { kty: 'OKP', crv: 'Ed25519' } }; // a further algorithm is a line here

  // base64url without padding, written in the one way there is for it.
  const decode = (text) => {
    if (!/^[A-Za-z0-9_-]*$/.test(text)) throw new Error('form');
    const plain = atob(text.replace(/-/g, '+').replace(/_/g, '/') + '==='.slice((text.length + 3) % 4));
    const again = btoa(plain).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
    if (again !== text) throw new Error('form');
    return Uint8Array.from(plain, (c) => c.charCodeAt(0));
  };
  const utf8 = (bytes) => decodeURIComponent(Array.from(bytes, (b) => `%${`0${b.toString(16)}`.slice(-2)}`).join(''));
  const parse = (text) => {
    const parts = text.trim().split('.');
    if (parts.length !== 3) throw new Error('form');
    const told = parts.slice(0, 2).map((p) => JSON.parse(utf8(decode(p))));
    if (told.some((t) => typeof t !== 'object' || t === null || Array.isArray(t))) throw new Error('form');
    return { header: told[0], payload: told[1], signed: `${parts[0]}.${parts[1]}`, signature: decode(parts[2]) };
  };
  const last = (address) => String(address).split('/').pop();
  const ascii = (text) => Uint8Array.from(text, (c) => c.charCodeAt(0));

  // The token, if a published key signed it. The key says by which algorithm, never the file.
  const opened = async (text) => {
    let token;
    try { token = parse(text); } catch (_bad) { throw new Error('form'); }
    if (!Object.prototype.hasOwnProperty.call(KINDS, token.header.alg) || token.header.crit) throw new Error('algorithm');
    const named = keys.filter((k) => k.kid === last(token.header.kid || '')); // twice where a key came back with a backup
    const key = named[0];
    if (!key) throw new Error('key');
    const kind = KINDS[key.alg];
    if (!kind || key.alg !== token.header.alg || key.kty !== kind.kty || key.crv !== kind.crv) throw new Error('signature');
    let own;
    try {
      own = await crypto.subtle.importKey('jwk', { kty: key.kty, crv: key.crv, x: key.x }, { name: kind.crv }, false, ['verify']);
    } catch (_unknown) { throw new Error('browser'); }
    if (!await crypto.subtle.verify({ name: kind.crv }, own, token.signature, ascii(token.signed))) throw new Error('signature');
    token.named = named;
    return token;
  };

  const seconds = (text) => {
    const ms = typeof text === 'string' && /(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : NaN;
    if (Number.isNaN(ms)) throw new Error('schema');
    return ms / 1000;
  };
  const must = (condition) => { if (!condition) throw new Error('schema'); };
  const checkForm = (p) => {
    must(Array.isArray(p.type) && p.type.includes('VerifiableCredential'));
    must(p.type.includes('OpenBadgeCredential') || p.type.includes('AchievementCredential'));
    must(p.issuer && p.credentialSubject && p.credentialSubject.achievement && p.credentialStatus && p.microCredential);
    must(p.iss === p.issuer.id && p.jti === p.id && p.sub === p.credentialSubject.id && p.nbf === seconds(p.validFrom));
    must(p.validUntil ? p.exp === seconds(p.validUntil) : p.exp === undefined);
    must(/^\d+$/.test(p.credentialStatus.statusListIndex) && Number(p.credentialStatus.statusListIndex) < BITS);
  };
  const checkTimes = (p, named) => {
    const from = seconds(p.validFrom), now = Date.now() / 1000;
    const signedThen = (key) => (!key.since || from >= seconds(key.since)) && (!key.until || from <= seconds(key.until));
    if (!named.some(signedThen)) throw new Error('retired');
    if (from > now) throw new Error('early');
    if (p.validUntil && seconds(p.validUntil) < now) throw new Error('expired');
  };

  // Nothing where the browser cannot unpack: then nobody knows whether it was revoked, and that is said.
  const bitsOf = async (text) => {
    if (typeof DecompressionStream === 'undefined') return null;
    const stream = new Blob([decode(text.slice(1))]).stream().pipeThrough(new DecompressionStream('gzip'));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  };
  // The list the credential names: one that lies in this file, else the site's own where we are on it.
  const listText = async (number) => {
    const own = kept.find((text) => last(parse(text).payload.id) === number);
    if (own || !root.dataset.site) return own;
    const answer = await fetch(`/credentials/status/${encodeURIComponent(number)}`);
    return answer.ok ? answer.text() : undefined;
  };
  const standing = async (status) => {
    let text;
    try { text = await listText(last(status.statusListCredential)); } catch (_offline) { return ''; }
    if (!text) return '';
    const list = (await opened(text)).payload;
    if (seconds(list.validUntil) < Date.now() / 1000) return '';
    const bits = await bitsOf(list.credentialSubject.encodedList), index = Number(status.statusListIndex);
    if (!bits) return '';
    if (bits[index >> 3] & (0x80 >> (index & 7))) throw new Error(list.replacedIndexes.includes(index) ? 'replaced' : 'revoked');
    return list.validFrom;
  };

  const line = (label, text) => {
    const dt = document.createElement('dt'), dd = document.createElement('dd');
    dt.textContent = label;
    dd.textContent = text;
    facts.append(dt, dd);
  };
  const show = (fault, token, listedAt) => {
    result.hidden = false;
    result.className = fault ? 'card stack bad' : 'card stack good';
    verdict.textContent = !fault ? words.valid : fault === 'browser' ? words.unknown : words.invalid;
    why.textContent = fault ? words.why[fault] || words.why.form : words.fits;
    facts.textContent = '';
    listed.textContent = '';
    if (token) {
      const said = token.payload.microCredential, work = said.workload || {};
      [[words.learner, said.learner], [words.title, said.title], [words.body, said.awardingBody],
        [words.work, `${work.classHours} / ${work.credits}`], [words.date, String(said.date).slice(0, 10)],
        [words.serial, last(token.payload.id)]].forEach(([label, text]) => line(label, String(text)));
      if (!fault) listed.textContent = listedAt ? words.listed.replace('{day}', listedAt.slice(0, 10)) : words.unlisted;
    }
    verdict.focus();
  };
  const judge = async (text) => {
    let token;
    try {
      if (typeof crypto === 'undefined' || !crypto.subtle) throw new Error('browser');
      token = await opened(text);
      checkForm(token.payload);
      checkTimes(token.payload, token.named);
      show('', token, await standing(token.payload.credentialStatus));
    } catch (problem) {
      const fault = words.why[problem.message] ? problem.message : 'form';
      show(fault, ['expired', 'revoked', 'replaced', 'retired', 'early'].includes(fault) ? token : null, '');
    }
  };

  const take = (file) => {
    if (!file) return;
    if (file.size > 1000000) { show('form'); return; }
    const reader = new FileReader();
    reader.onload = () => judge(String(reader.result));
    reader.readAsText(file);
  };
  const picker = part('file');
  picker.addEventListener('change', () => take(picker.files[0]));
  ['dragover', 'drop'].forEach((name) => root.addEventListener(name, (event) => {
    event.preventDefault();
    if (name === 'drop') take(event.dataTransfer.files[0]);
  }));
  part('pick').hidden = false;
})();
