const KEY = 'gripstream-theme';

/** Follows the system until someone chooses. */
export function theme(button) {
  const root = document.documentElement;
  const chosen = localStorage.getItem(KEY);
  if (chosen) {
    root.dataset.theme = chosen;
  }
  button.addEventListener('click', () => {
    const dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
    root.dataset.theme = dark ? 'light' : 'dark';
    localStorage.setItem(KEY, root.dataset.theme);
  });
}
