// The place where the theme and the language are chosen.
import { MoonIcon, SunnyIcon, TranslateIcon } from 'tdesign-icons-react';
import { useTranslation } from 'react-i18next';
import { chooseLanguage, type Language } from '../i18n';
import { MenuButton, useTheme, type ThemeChoice } from '../kit';

export function ThemeMenu() {
  const { t } = useTranslation();
  const theme = useTheme();
  const Icon = theme.name === 'dark' ? MoonIcon : SunnyIcon;
  const choices: [ThemeChoice, string][] = [
    ['auto', t('nav.themeAuto')],
    ['light', t('nav.themeLight')],
    ['dark', t('nav.themeDark')],
  ];
  return (
    <MenuButton
      label={t('nav.theme')}
      items={choices.map(([choice, text]) => ({
        text,
        current: theme.choice === choice,
        onClick: () => theme.choose(choice),
      }))}
    >
      <Icon />
    </MenuButton>
  );
}

const LANGUAGES: [Language, string][] = [
  ['zh', '简体中文'],
  ['en', 'English'],
];

export function LanguageMenu() {
  const { t, i18n } = useTranslation();
  return (
    <MenuButton
      label={t('nav.language')}
      items={LANGUAGES.map(([language, text]) => ({
        text,
        current: i18n.language === language,
        onClick: () => void chooseLanguage(language),
      }))}
    >
      <TranslateIcon />
    </MenuButton>
  );
}
