// The least script that the page needs; without it everything works, by loading pages. It does five things:
//
//   live    when something has changed, asks for the same page again and puts in what differs (idiomorph), so that focus, scroll,
//           selection and what is half written stay
//   forms   sends them without leaving the page, and keeps what is typed in this window until it was taken
//   write   sends the text of a note as somebody writes, and brings in what others write
//   keys    / goes to the search
//   paper   prints, and copies a code, where somebody asks for that
//
// No string becomes markup or program here: documents come parsed from the browser (XMLHttpRequest.responseType).
"use strict";

(() => {
  const page = (url, method, body) => new Promise((done, failed) => {
    const ask = new XMLHttpRequest();
    ask.open(method, url);
    ask.responseType = "document";
    ask.timeout = 30000;
    if (body) ask.setRequestHeader("Content-Type", "application/x-www-form-urlencoded");
    ask.onload = () => ask.response && ask.response.querySelector("main") ? done({ page: ask.response, url: ask.responseURL, status: ask.status }) : failed();
    ask.onerror = ask.ontimeout = failed;
    ask.send(body);
  });

  let busy = false; // a form is being sent
  let shown = location.pathname + location.search;

  // What somebody has typed or chosen, and not sent, is theirs.
  const touched = (e) => e.matches?.("input, textarea, select") && (e.dataset.touched === "yes" || e === document.activeElement);

  const show = (next) => {
    document.title = next.title;
    document.documentElement.lang = next.documentElement.lang;
    const before = new Set([...document.querySelectorAll("main li[id]")].map((e) => e.id));
    Idiomorph.morph(document.body, next.body, {
      morphStyle: "innerHTML",
      callbacks: {
        beforeNodeMorphed: (old) => !(old.nodeType === 1 && (stays(old, next) || touched(old) || old.id === "gone" || old.id === "news")),
        beforeNodeRemoved: (old) => !(old.nodeType === 1 && (touched(old) || old.querySelector?.("[data-touched=yes]") && old.closest("form[data-keep]"))),
      },
    });
    offer();
    begin();
    if (before.size) for (const e of document.querySelectorAll("main li[id]")) if (!before.has(e.id)) e.classList.add("fresh");
  };

  // Together: what somebody writes in a note goes out as they write, and what others write comes in around their cursor.
  const together = new Map(); // of forms: the text and heads that it was changed from last, and whether it is being sent
  const pause = 700, longest = 2000; // milliseconds
  const write = (form) => {
    const state = together.get(form), field = form.elements.text;
    if (state.busy) { state.again = true; return; }
    clearTimeout(state.timer);
    state.busy = true; state.again = false; state.since = 0;
    const sent = field.value;
    const ask = new XMLHttpRequest();
    ask.open("POST", form.dataset.write);
    ask.responseType = "json";
    ask.timeout = 30000;
    ask.setRequestHeader("Content-Type", "application/x-www-form-urlencoded");
    const failed = () => { state.busy = false; tell(form, false); if (form.isConnected) state.timer = setTimeout(write, 1000, form); };
    ask.onload = () => {
      if (ask.status >= 400 || !ask.response) { failed(); return; }
      state.busy = false;
      const now = ask.response;
      carry(field, sent, now);
      state.text = now.text;
      form.elements.heads.value = now.heads;
      form.elements["was.text"].value = now.text;
      tell(form, field.value === now.text);
      if (field.value === now.text) forget(form); else keep(form);
      here(true);
      if (state.again || field.value !== now.text) later(form);
    };
    ask.onerror = ask.ontimeout = failed;
    const body = { text: sent, heads: form.elements.heads.value };
    if (sent === state.text) body.same = "yes";
    ask.send(new URLSearchParams(body));
  };
  const later = (form) => {
    const state = together.get(form);
    state.since ||= Date.now();
    clearTimeout(state.timer);
    state.timer = setTimeout(write, Math.max(0, Math.min(pause, state.since + longest - Date.now())), form);
  };
  const tell = (form, sent) => {
    const e = form.querySelector("[data-sent]");
    if (e) e.textContent = sent ? e.dataset.sent : e.dataset.unsent;
  };
  // carry puts what has come into a field in which somebody may have gone on typing since it was sent.
  const carry = (field, sent, now) => {
    const typed = field.value;
    let from = 0, to = sent.length, end = typed.length;
    while (from < to && from < end && sent[from] === typed[from]) from++;
    while (to > from && end > from && sent[to - 1] === typed[end - 1]) { to--; end--; }
    const mine = typed.slice(from, end); // stands in the place of sent[from:to]
    let text = "", at = 0, put = sent === typed;
    const places = []; // of each unit of what was sent, and of its end, in the new text
    let start = -1; // of mine in it
    const putMine = () => { if (!put) { start = text.length; text += mine; put = true; } };
    for (const step of now.steps) {
      if (step.new) { text += step.new; continue; }
      for (let i = 0; i < (step.same || step.gone); i++, at++) {
        if (at === from) putMine();
        places[at] = text.length;
        if (step.same && !(at >= from && at < to)) text += sent[at];
      }
    }
    if (at === from) putMine();
    places[at] = text.length;
    putMine();
    if (text === typed) return;
    const moved = (p) => start >= 0 && p > from && p <= end ? start + p - from : places[p <= from ? p : p - end + to] ?? text.length;
    const focus = document.activeElement === field, a = moved(field.selectionStart), b = moved(field.selectionEnd), scroll = field.scrollTop;
    field.value = text;
    field.scrollTop = scroll;
    if (focus) field.setSelectionRange(a, b);
  };
  const stays = (form, next) => together.has(form) && [...next.querySelectorAll("form[data-write]")].some((e) => e.dataset.write === form.dataset.write);
  const begin = () => {
    for (const form of together.keys()) if (!form.isConnected) { clearTimeout(together.get(form).timer); together.delete(form); }
    for (const form of document.querySelectorAll("form[data-write]")) {
      if (together.has(form)) continue;
      together.set(form, { text: form.elements["was.text"].value });
      if (form.elements.text.value !== form.elements["was.text"].value) later(form);
    }
  };
  document.addEventListener("input", (event) => {
    if (event.target.name !== "text" || !together.has(event.target.form)) return;
    tell(event.target.form, false);
    later(event.target.form);
  });

  // Live. One window of the browser listens for all, since a browser opens few connections to one place.
  let asking = false, again = false;
  const refresh = async () => {
    if (asking) { again = true; return; }
    asking = true;
    do {
      again = false;
      const at = location.href;
      try {
        const got = await page(at, "GET");
        if (got.url !== at && location.href === at && document.querySelector("[data-poll]")) { location.replace(got.url); return; }
        if (location.href === at && !busy) { show(got.page); here(true); }
      } catch { here(false); }
    } while (again);
    asking = false;
  };
  const gone = () => document.getElementById("gone");
  const here = (is) => { const e = gone(); if (e && e.hidden !== is) e.hidden = is; };
  const told = new BroadcastChannel("kith");
  const hear = (what) => {
    if (what === "change") { together.forEach((_, form) => write(form)); refresh(); } else here(what !== "gone");
  };
  told.onmessage = (e) => hear(e.data);
  const listen = () => new Promise(() => {
    const say = (what) => { told.postMessage(what); hear(what); };
    const open = () => {
      const live = new EventSource("/live");
      live.addEventListener("change", () => say("change"));
      live.onerror = () => {
        say("gone");
        if (live.readyState === EventSource.CLOSED) setTimeout(open, 1000);
      };
    };
    open();
  });
  if (document.body.hasAttribute("data-live")) {
    if (navigator.locks) navigator.locks.request("kith-live", listen); else listen();
  }

  // Forms.
  const kept = (form) => form?.dataset.keep && "kith:" + form.dataset.keep;
  const fields = (form) => [...form.elements].filter((e) => e.name && (e.type !== "hidden" || e.name.startsWith("was.") || e.name === "heads"));
  const keep = (form) => {
    const values = fields(form).map((e) => [e.name, e.value, e.checked ?? false]);
    try { sessionStorage.setItem(kept(form), JSON.stringify(values)); } catch { /* there is no room: it stays in the field */ }
  };
  const bring = (form) => {
    let values;
    try { values = JSON.parse(sessionStorage.getItem(kept(form))); } catch { return; }
    if (!values) return;
    for (const e of fields(form)) {
      const was = values.find(([name, value]) => name === e.name && (e.type !== "radio" && e.type !== "checkbox" || value === e.value));
      if (!was) continue;
      if (e.type === "radio" || e.type === "checkbox") e.checked = was[2]; else e.value = was[1];
      e.dataset.touched = "yes";
    }
  };
  const bringAll = () => document.querySelectorAll("form[data-keep]").forEach(bring);
  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (!form?.dataset.keep) return;
    for (const e of fields(form)) e.dataset.touched = "yes"; // also the text and heads that it was begun from
    keep(form);
  });
  const forget = (form) => {
    if (kept(form)) sessionStorage.removeItem(kept(form));
    for (const e of form.elements) delete e.dataset.touched;
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[data-forget]");
    if (link) forget(link.closest("form"));
  });
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.method !== "post" || "plain" in form.dataset || event.defaultPrevented) return;
    event.preventDefault();
    if (busy) return;
    busy = true;
    const button = event.submitter;
    button?.setAttribute("aria-busy", "true");
    try {
      const got = await page(form.action, "POST", new URLSearchParams(new FormData(form, button)));
      if (got.status < 400) {
        forget(form);
        const moved = new URL(got.url).pathname !== location.pathname;
        if (got.url !== location.href) history.pushState(null, "", got.url);
        show(got.page);
        shown = location.pathname + location.search;
        if (moved) scrollTo(0, 0);
        document.getElementById("main")?.focus({ preventScroll: true }); // and not what stands now where the button was
      } else {
        show(got.page);
        document.querySelector("[data-focus]")?.focus();
      }
      here(true);
    } catch { here(false); }
    button?.removeAttribute("aria-busy");
    busy = false;
  });
  addEventListener("popstate", () => { if (shown !== location.pathname + location.search) location.reload(); });

  // Keys.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, textarea, select")) return;
    const find = [...document.querySelectorAll("input[type=search]")].find((e) => e.offsetParent);
    if (find) { event.preventDefault(); find.focus(); }
  });

  // What waits for something that no event tells of is asked again.
  setInterval(() => { if (document.querySelector("[data-poll]") && !document.hidden) refresh(); }, 1000);

  // What only script can do shows only where there is script.
  const offer = () => document.querySelectorAll("[data-print], [data-copy]").forEach((e) => { e.hidden = false; });
  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-print], [data-copy]");
    if (!button) return;
    if ("print" in button.dataset) { print(); return; }
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = button.dataset.copied;
  });

  offer();
  bringAll();
  begin();
})();
