// Keeps a page current. Every page is its own source: it is fetched again every few seconds, and the blocks marked
// data-live are replaced where they differ. Links marked data-swap change the page the same way, without a jump.
(() => {
  const REFRESH_MS = 5000;
  const lang = document.documentElement.lang;
  const lost = document.getElementById('lost');
  let running = null;

  // ---- times

  const two = (n) => String(n).padStart(2, '0');
  const local = (date) =>
    `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ` +
    `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  const relative = new Intl.RelativeTimeFormat(lang, { numeric: 'always', style: 'short' });

  const age = (date) => {
    const seconds = Math.max(0, Math.round((Date.now() - date) / 1000));
    if (seconds < 60) return relative.format(-seconds, 'second');
    if (seconds < 3600) return relative.format(-Math.floor(seconds / 60), 'minute');
    if (seconds < 86400) return relative.format(-Math.floor(seconds / 3600), 'hour');
    return relative.format(-Math.floor(seconds / 86400), 'day');
  };

  const showTimes = (root) => {
    for (const time of root.querySelectorAll('time[datetime]')) {
      const date = new Date(time.dateTime);
      const text = 'age' in time.dataset ? age(date) : local(date);
      if (time.textContent !== text) time.textContent = text;
      if ('age' in time.dataset) time.title = local(date);
    }
  };

  // ---- refreshing

  // A block that somebody is reading or using stays as it is.
  const inUse = (block) => {
    const selection = getSelection();
    return block.contains(document.activeElement) && document.activeElement.matches('input, select, summary')
      || block.querySelector('details[open]') !== null
      || (!selection.isCollapsed && block.contains(selection.anchorNode));
  };

  const replaceBlocks = (html, force) => {
    const fresh = new DOMParser().parseFromString(html, 'text/html');
    for (const block of document.querySelectorAll('[data-live]')) {
      const next = fresh.getElementById(block.id);
      if (next === null || (!force && inUse(block))) continue;
      showTimes(next);
      if (next.innerHTML === block.innerHTML) continue;
      const scrolled = [...block.querySelectorAll('.table-wrap')].map((e) => [e.scrollLeft, e.scrollTop]);
      block.replaceChildren(...next.childNodes);
      block.querySelectorAll('.table-wrap').forEach((e, i) => {
        if (scrolled[i]) [e.scrollLeft, e.scrollTop] = scrolled[i];
      });
    }
  };

  const load = async (address, force) => {
    if (running !== null) {
      if (!force) return;
      running.abort();
    }
    const mine = running = new AbortController();
    try {
      const answer = await fetch(address, { signal: mine.signal, headers: { Accept: 'text/html' } });
      if (!answer.ok) throw new Error(String(answer.status));
      replaceBlocks(await answer.text(), force);
      lost.hidden = true;
      document.dispatchEvent(new CustomEvent('refreshed', { detail: { changed: force } }));
    } catch (error) {
      if (error.name !== 'AbortError') lost.hidden = false;
    } finally {
      if (running === mine) running = null;
    }
  };

  document.addEventListener('click', (event) => {
    const link = event.target.closest('a[data-swap]');
    if (link === null || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    const focus = link.closest('[data-live]')?.id;
    const place = link.getAttribute('href');
    history.replaceState(null, '', place);
    load(place, true).then(() => {
      const again = focus && [...document.getElementById(focus).querySelectorAll('a[data-swap]')]
        .find((a) => a.textContent === link.textContent);
      again?.focus({ preventScroll: true });
    });
  });

  document.addEventListener('change', (event) => {
    if (event.target.matches('select[data-submit]')) event.target.form.requestSubmit();
  });

  // A form's own times are the viewer's: the server knows the zone from the cookie.
  showTimes(document);
  if (document.querySelector('[data-live]') !== null) {
    setInterval(() => {
      if (!document.hidden) load(location.href, false);
    }, REFRESH_MS);
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) load(location.href, false);
    });
  }
  setInterval(() => {
    if (!document.hidden) showTimes(document);
  }, 1000);
})();
