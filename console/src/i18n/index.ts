// The place where the language is chosen; only its words are loaded.
import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import type { zh } from './zh';

export type Language = 'zh' | 'en';
export type Words = typeof zh;

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'translation';
    resources: { translation: Words };
  }
}

const KEY = 'thingd.language';

export function storedLanguage(): Language {
  const stored = localStorage.getItem(KEY);
  if (stored === 'zh' || stored === 'en') return stored;
  return navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en';
}

/** The language's name for HTML and for the server's messages. */
export const tagOf = (language: Language) => (language === 'zh' ? 'zh-CN' : 'en-US');

async function words(language: Language): Promise<Words> {
  return language === 'zh' ? (await import('./zh')).zh : (await import('./en')).en;
}

export async function startLanguage(): Promise<void> {
  const language = storedLanguage();
  document.documentElement.lang = tagOf(language);
  await i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: false,
    resources: { [language]: { translation: await words(language) } },
    interpolation: { escapeValue: false },
  });
}

export async function chooseLanguage(language: Language): Promise<void> {
  localStorage.setItem(KEY, language);
  if (!i18next.hasResourceBundle(language, 'translation')) {
    i18next.addResourceBundle(language, 'translation', await words(language));
  }
  document.documentElement.lang = tagOf(language);
  await i18next.changeLanguage(language);
}
