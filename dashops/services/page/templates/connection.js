/* Watches the page's kernel connection and says so when it is lost; sends nothing but questions
   whether the kernel still runs. */
(() => {
  /* Voilà ends the kernel on `beforeunload`, which also fires when a link starts a download and
     the page stays. On `pagehide` the page is really left. */
  const listen = window.addEventListener.bind(window);
  window.addEventListener = (type, ...rest) =>
    listen(type === 'beforeunload' ? 'pagehide' : type, ...rest);

  const Socket = window.WebSocket;
  const notice = (text, label, action) => {
    const box = document.getElementById('dashops-notice');
    if (!box) return;
    box.hidden = !text;
    box.replaceChildren(text || '');
    if (label) {
      const button = document.createElement('button');
      button.textContent = label;
      button.onclick = action;
      box.append(button);
    }
  };
  const reload = () => window.location.reload();
  const reloadSoon = () => {
    if (document.visibilityState === 'visible') setTimeout(reload, 1500);
    else document.addEventListener('visibilitychange', reload, { once: true });
  };
  let leaving = false;
  let checking = null;

  /* The kernel's state decides: still there → the page reconnects by itself; gone → say why. */
  const check = async (url, delay) => {
    checking = null;
    let answer = null;
    try {
      answer = await fetch(url, { cache: 'no-store', redirect: 'manual' });
    } catch { /* the server is down: ask again */ }
    if (leaving) return;
    if (answer && (answer.status === 410 || answer.status === 404)) {
      const body = await answer.json().catch(() => ({}));
      if (body.reason === 'lost' || body.reason === 'crashed' || answer.status === 404) {
        const text = 'The connection was lost and this page’s session with it.';
        /* The server counts: a kernel that dies again and again must not make the page load
           again and again. */
        if (body.again) reloadSoon();
        notice(body.again ? `${text} Reloading…` : text, 'Reload', reload);
      } else {
        const label = body.reason === 'logged out' ? 'Log in' : 'Start again';
        notice((body.message || 'This page’s session has ended') + '.', label, reload);
      }
      return;
    }
    checking = setTimeout(check, delay, url, Math.min(delay * 1.5, 15000));
  };

  window.WebSocket = class extends Socket {
    constructor(url, protocols) {
      super(url, protocols);
      const kernel = /^wss?:\/\/[^/]+(\/.*\/|\/)api\/kernels\/[0-9a-f-]+(?=\/channels)/.exec(url);
      if (!kernel) return;
      const state = kernel[0].replace(/^ws/, 'http');
      this.addEventListener('open', () => {
        clearTimeout(checking);
        checking = null;
        notice('');
      });
      this.addEventListener('close', () => {
        if (leaving || checking) return;
        notice('Connection lost. Trying to reconnect…', 'Reload', reload);
        checking = setTimeout(check, 500, state, 1000);
      });
    }
  };
  listen('pagehide', () => { leaving = true; });
  listen('pageshow', () => { leaving = false; });
})();
