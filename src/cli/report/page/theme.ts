import { drawAll, element } from './dom.ts';

const themes = ['auto', 'light', 'dark'] as const;
const key = 'walq-report-theme';

/** Paper is light. Answers what puts the theme back. */
export function lightForPaper(): () => void {
  const { dataset } = document.documentElement;
  const before = dataset.theme;
  dataset.theme = 'light';
  drawAll();
  return () => {
    if (before === undefined) delete dataset.theme;
    else dataset.theme = before;
    drawAll();
  };
}

/** As the system has it, unless somebody says otherwise. Kept where the browser lets a file keep something. */
export function themeButton(): HTMLElement {
  const button = element('button', { type: 'button', class: 'theme' });
  const show = (theme: string): void => {
    if (theme === 'auto') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    button.textContent = `theme: ${theme}`;
    button.setAttribute('aria-label', `theme: ${theme}; changes it`);
    drawAll();
  };
  let theme = themes.find((each) => each === stored()) ?? 'auto';
  button.addEventListener('click', () => {
    theme = themes[(themes.indexOf(theme) + 1) % themes.length] ?? 'auto';
    try {
      localStorage.setItem(key, theme);
    } catch {
      // Not for this file: it holds until the page is left.
    }
    show(theme);
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => drawAll());
  show(theme);
  return button;
}

function stored(): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}
