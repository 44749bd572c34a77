import { byId, text } from './dom.js';

/**
 * Asks before something changes. Resolves to the reason given, or to null when it shall not be done. `reasoned`: whether the
 * diary takes a reason.
 */
export function confirm(title, explanation, yes, reasoned = true) {
  const dialog = byId('confirm');
  const reason = byId('confirm-reason');
  text(byId('confirm-title'), title);
  text(byId('confirm-text'), explanation);
  text(byId('confirm-yes'), yes);
  byId('confirm-no').onclick = () => dialog.close('no');
  reason.value = '';
  reason.closest('label').hidden = !reasoned;
  dialog.returnValue = 'no';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes' ? reason.value.trim() : null), { once: true });
  });
}
