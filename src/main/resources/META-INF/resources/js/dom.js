// The only way text comes into the page: as text. Nothing here takes markup.

/** Makes an element. `props`: class, text, dataset, on…, or attributes. */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  apply(node, props);
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** The same for SVG. */
export function svg(tag, props = {}, ...children) {
  const node = document.createElementNS('http://www.w3.org/2000/svg', tag);
  apply(node, props);
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

function apply(node, props) {
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) {
      continue;
    }
    if (name === 'text') {
      node.textContent = value;
    } else if (name === 'dataset') {
      Object.assign(node.dataset, value);
    } else if (name.startsWith('on')) {
      node.addEventListener(name.slice(2), value);
    } else {
      node.setAttribute(name, value === true ? '' : value);
    }
  }
}

export const byId = (id) => document.getElementById(id);

/** Sets text only when it is another one, so that nothing is laid out, or read out, for nothing. */
export function text(node, value) {
  const next = String(value);
  if (node.textContent !== next) {
    node.textContent = next;
  }
}
