// Runs in a world of its own beside the page's scripts: they cannot see it or change what it calls. Elements
// are read by the prototypes' getters, because a form answers to the names of its inputs.
() => {
  const getter = (of, name) => {
    const get = Object.getOwnPropertyDescriptor(of.prototype, name).get;
    return (on) => get.call(on);
  };
  const children = getter(Node, 'childNodes');
  const nodeType = getter(Node, 'nodeType');
  const isConnected = getter(Node, 'isConnected');
  const parent = getter(Node, 'parentNode');
  const ownerDocument = getter(Node, 'ownerDocument');
  const localName = getter(Element, 'localName');
  const attributes = getter(Element, 'attributes');
  const shadow = getter(Element, 'shadowRoot');
  const attribute = (of, name) => Element.prototype.getAttribute.call(of, name);
  const action = getter(HTMLFormElement, 'action');
  const CONTROLS = { input: HTMLInputElement, select: HTMLSelectElement, textarea: HTMLTextAreaElement,
    button: HTMLButtonElement };
  const owner = Object.fromEntries(Object.entries(CONTROLS).map(([tag, type]) => [tag, getter(type, 'form')]));
  const UNSEEN = new Set(['script', 'style', 'noscript', 'template']);
  const TEXTLESS = new Set(['radio', 'checkbox', 'submit', 'image', 'button', 'reset', 'hidden', 'file']);
  const ADDRESSES = new Set(['href', 'src', 'action', 'formaction']);

  let elements = [];
  let changed = performance.now();
  const observer = new MutationObserver(() => { changed = performance.now(); });
  const watched = new WeakSet();
  const watch = (root) => {
    if (watched.has(root)) return;
    watched.add(root);
    observer.observe(root, { childList: true, subtree: true, characterData: true, attributes: true });
  };
  watch(document);

  // The document of a frame, if it is the page's own; another origin's is nobody's business here.
  const inside = (element, tag) => {
    if (tag !== 'iframe' && tag !== 'frame') return null;
    try { return element.contentDocument?.documentElement ?? null; } catch { return null; }
  };

  const isHtml = (element) => element.namespaceURI === 'http://www.w3.org/1999/xhtml';

  const boxes = (element, tag, type) => {
    const style = getComputedStyle(element);
    if (style.display === 'contents') return null;
    const options = { opacityProperty: true, visibilityProperty: true, contentVisibilityAuto: true };
    if (!element.checkVisibility(options)) return false;
    const pressed = tag in CONTROLS || tag === 'a';
    const rect = element.getBoundingClientRect();
    const view = ownerDocument(element).defaultView;
    if (pressed && (rect.width < 2 || rect.height < 2)) return false;
    if (rect.width > 0 && (rect.right + view.scrollX <= 0 || rect.bottom + view.scrollY <= 0)) return false;
    return !(pressed && style.clipPath === 'inset(50%)');
  };

  // Yes or no by layout. Ticks are often painted by their label, with the element itself out of sight.
  const visible = (element, tag, type, outer) => {
    const seen = boxes(element, tag, type) ?? outer;
    if (seen || tag !== 'input' || (type !== 'radio' && type !== 'checkbox')) return seen;
    return [...(element.labels ?? [])].some((label) => boxes(label, 'label', '') === true);
  };

  const fill = (element, tag, type) => {
    if (tag === 'select' || (tag === 'input' && TEXTLESS.has(type))) return false;
    return (tag === 'input' || tag === 'textarea') && CONTROLS[tag] && element.value !== '';
  };

  const list = (element, tag, type, frame, whole) => {
    const found = [];
    const all = attributes(element);
    for (let at = 0; at < all.length && at < 60; at++) {
      const { name, value } = all[at];
      // What was typed must not be read, and scripts mirror it into the attribute.
      if (name === 'value' && tag === 'input' && !TEXTLESS.has(type) && (!whole || type === 'password')) continue;
      if (name === 'srcdoc') continue;
      const absolute = frame && ADDRESSES.has(name);
      const base = absolute ? ownerDocument(element).baseURI : null;
      let text = value;
      if (absolute) try { text = new URL(value, base).href; } catch { text = value; }
      found.push(name, text.slice(0, 4000));
    }
    return found;
  };

  // Where to go below an element: into its frame, its shadow, what is slotted into it, or its children.
  const below = (element, tag) => {
    const framed = inside(element, tag);
    if (framed) return [framed];
    const root = shadow(element);
    if (root) { watch(root); return children(root); }
    if (tag === 'slot') {
      const slotted = HTMLSlotElement.prototype.assignedNodes.call(element);
      if (slotted.length) return slotted;
    }
    return UNSEEN.has(tag) ? [] : children(element);
  };

  // The tree in document order: a list opens an element, a text stands for itself, 0 closes.
  const walk = (whole) => {
    const most = { elements: 60000, text: whole ? 8000000 : 2000000, one: whole ? 200000 : 5000 };
    const started = performance.now();
    const out = [];
    const places = new Map();
    const owners = [];
    elements = [];
    let text = 0;
    const stack = [];
    const open = (element, frame, outer) => {
      let tag = localName(element);
      const type = tag === 'input' ? element.type : '';
      const seen = visible(element, tag, type, outer);
      const flags = (seen ? 1 : 0) | (fill(element, tag, type) ? 2 : 0);
      const uid = elements.length;
      elements.push(element);
      places.set(element, uid);
      if (tag in owner && isHtml(element)) {
        const form = owner[tag](element);
        if (form) owners.push(uid, form);
      }
      const framed = inside(element, tag);
      if (framed) watch(ownerDocument(framed));
      // What is read through a frame or a shadow stands in the page like everything else.
      const shown = frame && ['html', 'head', 'body'].includes(tag) ? 'div' : framed ? 'div' : tag;
      out.push([shown, flags, list(element, tag, type, frame, whole)]);
      stack.push({ nodes: below(element, tag), at: 0, frame: frame || framed !== null, seen });
    };
    open(document.documentElement, false, true);
    while (stack.length) {
      const top = stack[stack.length - 1];
      const late = performance.now() - started > 3000;
      if (top.at >= top.nodes.length || late) { out.push(0); stack.pop(); continue; }
      const node = top.nodes[top.at++];
      const kind = nodeType(node);
      if (kind === 1 && elements.length < most.elements) open(node, top.frame, top.seen);
      if (kind === 3 && text < most.text) {
        const data = node.data.slice(0, most.one);
        text += data.length;
        out.push(data);
      }
    }
    const owned = [];
    for (let at = 0; at < owners.length; at += 2) {
      const form = places.get(owners[at + 1]);
      if (form !== undefined) owned.push(owners[at], form);
    }
    return { url: location.href, nodes: out, owners: owned };
  };

  const offset = (element) => {
    let [x, y] = [0, 0];
    let view = ownerDocument(element).defaultView;
    while (view && view !== window && view.frameElement) {
      const frame = view.frameElement;
      const rect = frame.getBoundingClientRect();
      x += rect.left + frame.clientLeft;
      y += rect.top + frame.clientTop;
      view = ownerDocument(frame).defaultView;
    }
    return [x, y];
  };

  const around = (element) => {
    const chain = [];
    for (let node = element; node; node = parent(node) ?? node.host) chain.push(node);
    return chain;
  };

  // The place to press an element at, or null if something lies over it.
  const point = (element) => {
    element.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' });
    const rect = element.getBoundingClientRect();
    if (rect.width < 1 || rect.height < 1) return null;
    const [x, y] = [rect.left + rect.width / 2, rect.top + rect.height / 2];
    const root = Node.prototype.getRootNode.call(element);
    const hit = (root.elementFromPoint ? root : document).elementFromPoint(x, y);
    if (!hit || !(around(hit).includes(element) || around(element).includes(hit))) return null;
    const [dx, dy] = offset(element);
    return [x + dx, y + dy];
  };

  const target = (element, tag) => {
    const form = tag in owner ? owner[tag](element) : tag === 'form' ? element : null;
    if (!form) return null;
    const own = ['input', 'button'].includes(tag) && attribute(element, 'formaction');
    try { return own ? new URL(own, ownerDocument(element).baseURI).href : action(form); } catch { return 'about:blank'; }
  };

  // The element at a place of the last walk, if it is still what it was there.
  const at = (uid, tag, type, name, id) => {
    const is = (element) => element && isConnected(element) && localName(element) === tag
      && (attribute(element, 'type') ?? '') === type && (attribute(element, 'name') ?? '') === name
      && (attribute(element, 'id') ?? '') === id;
    if (!is(elements[uid])) walk(false);
    return is(elements[uid]) ? elements[uid] : null;
  };

  const looked = (element) => {
    const tag = localName(element);
    const type = tag === 'input' ? element.type : '';
    return {
      visible: visible(element, tag, type, true), readonly: element.readOnly === true,
      disabled: Element.prototype.matches.call(element, ':disabled'), checked: element.checked === true,
      url: ownerDocument(element).defaultView.location.href, target: target(element, tag),
    };
  };

  return {
    walk,
    quiet: () => {
      const ready = document.readyState;
      const scripts = document.scripts.length + document.querySelectorAll('[onload],iframe').length;
      const refresh = document.querySelector('meta[http-equiv="refresh" i]');
      return { ready, scripts, since: performance.now() - changed,
        refresh: refresh ? attribute(refresh, 'content') ?? '' : '' };
    },
    look: (...what) => { const element = at(...what); return element && looked(element); },
    focus: (...what) => {
      const element = at(...what);
      if (!element) return null;
      element.scrollIntoView({ block: 'center', behavior: 'instant' });
      HTMLElement.prototype.focus.call(element);
      if (element.select) element.select();
      return looked(element);
    },
    choose: (value, ...what) => {
      const element = at(...what);
      if (!element) return null;
      const option = [...element.options].find((one) => one.value === value || one.text.trim() === value);
      if (!option) return null;
      element.value = option.value;
      for (const event of ['input', 'change']) element.dispatchEvent(new Event(event, { bubbles: true }));
      return true;
    },
    point: (...what) => { const element = at(...what); return element ? { point: point(element) } : null; },
    area: (...what) => {
      const element = at(...what);
      if (!element) return null;
      element.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' });
      const rect = element.getBoundingClientRect();
      const [dx, dy] = offset(element);
      return { x: rect.left + dx + scrollX, y: rect.top + dy + scrollY, width: rect.width, height: rect.height };
    },
    press: (...what) => { const element = at(...what); if (element) HTMLElement.prototype.click.call(element); return !!element; },
    send: (...what) => {
      const element = at(...what);
      if (!element) return null;
      HTMLFormElement.prototype.requestSubmit.call(element);
      return true;
    },
    store: () => {
      const read = (area) => { try { return Object.entries(area()); } catch { return []; } };
      return { origin: location.origin, local: read(() => localStorage), session: read(() => sessionStorage) };
    },
    restore: (local, session) => {
      for (const [name, value] of local) localStorage.setItem(name, value);
      for (const [name, value] of session) sessionStorage.setItem(name, value);
      return true;
    },
  };
}
