/**
 * Stand-in for LuCI's browser client: what the HA gateway's view needs of it, and no more. It keeps LuCI's loader
 * rules (pragmas found as text, source evaluated as a strict function body with no newline before the closing brace, a
 * class expected back), the classes' `extend`, the sequence of a view, `rpc` with its errors. Everything else fails
 * loudly. Not here: request batching, uci, form, poll's indicator, translations (TR is looked up by text, not by hash).
 */
((window, document) => {
  const { L } = window;
  const PRAGMA = /^(['"])require[ \t]+(\S+)(?:[ \t]+as[ \t]+([A-Za-z_]\w*))?\1$/;

  /* Classes */
  class Base {
    constructor(...args) {
      if (typeof this.__init__ === 'function') this.__init__(...args);
    }

    static extend(properties) {
      // biome-ignore lint/complexity/noThisInStatic: a subclass of whatever class this is called on
      const child = class extends this {};
      for (const key of Object.keys(properties)) {
        Object.defineProperty(child.prototype, key, {
          value: properties[key],
          writable: true,
          configurable: true,
        });
      }
      return child;
    }
  }

  /* Messages on top of the page, as LuCI shows what its loader catches. */
  function notify(title, text) {
    const box = document.createElement('div');
    box.className = 'alert-message danger';
    const head = document.createElement('h4');
    head.textContent = title;
    const body = document.createElement('pre');
    body.textContent = text;
    box.append(head, body);
    document.getElementById('maincontent').prepend(box);
  }

  function raise(type, message) {
    const error = new Error(message);
    error.name = type;
    throw error;
  }

  /* rpc */
  let sequence = 1;
  async function post(message) {
    let response;
    try {
      response = await fetch('/ubus', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(message),
      });
    } catch {
      return raise('Error', 'XHR request aborted by browser');
    }
    return response;
  }

  const rpc = new (Base.extend({
    declare(options) {
      return async (...values) => {
        const args = {};
        (options.params ?? []).forEach((name, index) => {
          if (values[index] !== undefined) args[name] = values[index];
        });
        const what = `RPC call to ${options.object}/${options.method} failed with`;
        const response = await post({
          jsonrpc: '2.0',
          id: sequence++,
          method: 'call',
          params: [L.env.sessionid, options.object, options.method, args],
        });
        if (!response.ok)
          raise('RPCError', `${what} HTTP error ${response.status}: ${response.statusText || '?'}`);
        const message = await response.json();
        if (message.error)
          raise('RPCError', `${what} error ${message.error.code}: ${message.error.message || '?'}`);
        const [status, data] = message.result;
        if (status !== 0 && options.reject) raise('RPCError', `${what} ubus code ${status}: ?`);
        if (status !== 0) return status;
        return data ?? 0;
      };
    },
    list() {
      raise('Error', 'rpc.list is not in the stand-in');
    },
  }))();

  /* view */
  const View = Base.extend({
    __init__() {
      const place = document.getElementById('view');
      place.replaceChildren(
        Object.assign(document.createElement('div'), { className: 'spinning', textContent: 'Loading view…' }),
      );
      Promise.resolve(this.load())
        .then((data) => this.render(data))
        .then((nodes) => {
          if (typeof nodes === 'string') place.innerHTML = nodes;
          else place.replaceChildren(...[nodes].flat().filter((node) => node !== null && node !== undefined));
          if (this.handleSave !== null || this.handleSaveApply !== null || this.handleReset !== null) {
            raise('Error', "the footer's buttons are not in the stand-in");
          }
        })
        .catch((error) => notify(error.name, error.message));
    },
    load() {},
    render() {},
    handleSave() {},
    handleSaveApply() {},
    handleReset() {},
  });

  /* The loader */
  const classes = new Map([
    ['baseclass', Promise.resolve(Base)],
    ['view', Promise.resolve(View)],
    ['rpc', Promise.resolve(rpc)],
  ]);

  /** The pragmas at the head of a module, up to the first other string literal. */
  function pragmasOf(source) {
    const found = [];
    const literal = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g;
    for (const [text] of source.matchAll(literal)) {
      if (text.startsWith('/') || /^['"]use strict['"]$/.test(text)) continue;
      const pragma = PRAGMA.exec(text);
      if (pragma === null) break;
      const [, , name, alias] = pragma;
      found.push({ name, alias: alias ?? name.replace(/[^A-Za-z0-9]/g, '_') });
    }
    return found;
  }

  function load(name, path = []) {
    if (path.includes(name)) raise('DependencyError', `Circular dependency: ${[...path, name].join(' > ')}`);
    if (!classes.has(name)) classes.set(name, loadModule(name, [...path, name]));
    return classes.get(name);
  }

  async function loadModule(name, path) {
    const url = `${L.env.resource}/${name.replaceAll('.', '/')}.js`;
    const response = await fetch(url);
    if (!response.ok)
      raise('NetworkError', `HTTP error ${response.status} while loading class file "${url}"`);
    const source = await response.text();
    const pragmas = pragmasOf(source);
    const values = await Promise.all(pragmas.map((pragma) => load(pragma.name, path)));
    const names = ['window', 'document', 'L', ...pragmas.map((pragma) => pragma.alias)].join(', ');
    // LuCI evaluates the text in a strict scope, as this is; source and closing brace share a line.
    const factory = window.eval(`'use strict'; (function(${names}) { ${source} })\n//# sourceURL=${url}`);
    const made = factory.apply(factory, [window, document, L, ...values]);
    if (typeof made !== 'function' || !(made.prototype instanceof Base)) {
      raise('TypeError', `"${name}" factory yields invalid constructor`);
    }
    return new made();
  }

  window._ = (text) => window.TR?.[text] ?? text;
  window.N_ = (count, one, many) => window._(count === 1 ? one : many);
  L.resource = (path) => `${L.env.resource}/${path}`;
  L.hasViewPermission = () => !L.env.nodespec.readonly;
  L.require = (name) => load(name);
  L.instantiateView = (path) =>
    load(`view.${path.replaceAll('/', '.')}`).catch((error) => {
      document.getElementById('view').replaceChildren();
      notify(error.name, error.message);
    });
})(window, document);
