// The place where light and dark are: the choice, what the system prefers, what is on the page.
import { create } from 'zustand';

export type ThemeChoice = 'auto' | 'light' | 'dark';
export type ThemeName = 'light' | 'dark';

const KEY = 'thingd.theme';
const system = () => window.matchMedia('(prefers-color-scheme: dark)');

interface ThemeState {
  choice: ThemeChoice;
  name: ThemeName;
  choose: (choice: ThemeChoice) => void;
}

function nameOf(choice: ThemeChoice): ThemeName {
  if (choice !== 'auto') return choice;
  return system().matches ? 'dark' : 'light';
}

function stored(): ThemeChoice {
  const text = localStorage.getItem(KEY);
  return text === 'light' || text === 'dark' ? text : 'auto';
}

function show(name: ThemeName): void {
  document.documentElement.setAttribute('theme-mode', name);
  document.documentElement.style.colorScheme = name;
}

export const useTheme = create<ThemeState>((set) => ({
  choice: stored(),
  name: nameOf(stored()),
  choose: (choice) => {
    localStorage.setItem(KEY, choice);
    show(nameOf(choice));
    set({ choice, name: nameOf(choice) });
  },
}));

export const useThemeName = () => useTheme((state) => state.name);

/** Once, before the first paint. */
export function startTheme(): void {
  show(useTheme.getState().name);
  system().addEventListener('change', () => useTheme.getState().choose(useTheme.getState().choice));
}
